package conference

import (
	"time"
	"unicode/utf8"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// PaperState is where a unit's paper stands.
type PaperState string

const (
	Asked    PaperState = "asked"
	Handed   PaperState = "handed"
	Returned PaperState = "returned" // with remarks
	Accepted PaperState = "accepted" // frozen
)

// Paper (tham luận) is what a unit presents, or gives to the proceedings.
type Paper struct {
	ID, ConferenceID, UnitID string
	Order                    int64
	Title, Presenter         string
	Reading                  bool  // read in the hall; else in the proceedings only
	Minutes                  int64 // that it has
	Due                      time.Time
	State                    PaperState
	Body                     string
	FileID                   string // evidence, "" where the text was typed
	Remark                   string
	Version                  int64
	HandedAt, DecidedAt      time.Time
	Office                   string
}

// Late reports whether a paper is owed past its time.
func (p Paper) Late(now time.Time) bool {
	return (p.State == Asked || p.State == Returned) && now.After(p.Due)
}

// Missing reports whether there is nothing to read.
func (p Paper) Missing() bool { return p.State == Asked }

// wordsAMinute is the pace of somebody who reads a paper aloud in Vietnamese, in
// syllables.
const wordsAMinute = 180

// ReadingTime is how long the text takes to read aloud, in minutes.
func (p Paper) ReadingTime() int64 {
	n, in := int64(0), false
	for _, r := range p.Body {
		space := r == ' ' || r == '\n' || r == '\t'
		if !space && !in {
			n++
		}
		in = !space
	}
	return (n + wordsAMinute - 1) / wordsAMinute
}

func (p Paper) check() (Paper, error) {
	p.Title, p.Presenter, p.Body = lang.Line(p.Title), lang.Line(p.Presenter), lang.Clean(p.Body)
	var problems fault.List
	if p.Title == "" {
		problems.Add("title", "conference.paper.title")
	}
	if p.Presenter == "" {
		problems.Add("presenter", "conference.paper.presenter")
	}
	if utf8.RuneCountInString(p.Title) > maxLine {
		problems.Add("title", "conference.long", maxLine)
	}
	if utf8.RuneCountInString(p.Presenter) > 200 {
		problems.Add("presenter", "conference.long", 200)
	}
	if utf8.RuneCountInString(p.Body) > maxBody {
		problems.Add("body", "conference.long", maxBody)
	}
	return p, problems.Or()
}
