package conference

import (
	"strings"
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
	FirstAt                  time.Time // handed in first, zero if never
	HandedAt, DecidedAt      time.Time // handed in last
	Office                   string
}

// Late reports whether a paper is owed past its time.
func (p Paper) Late(now time.Time) bool {
	return (p.State == Asked || p.State == Returned) && now.After(p.Due)
}

// CameLate reports whether a paper was handed in after its time.
func (p Paper) CameLate() bool { return p.FirstAt.After(p.Due) }

// Reading is how the papers that are read in the hall fit into the programme.
type Reading struct {
	At         map[string]time.Time // when each begins, by its id
	Need, Have int64                // minutes, of the papers and of the items for them
}

// Over is how many minutes the papers are longer than the programme has for them.
func (r Reading) Over() int64 { return r.Need - r.Have }

// readingOf gives papers their hours, in their order: one after the other in the first item
// for papers, and in the next where one no longer fits. Without such an item there are none.
func readingOf(slots []Slot, papers []Paper) Reading {
	r := Reading{At: map[string]time.Time{}}
	var items []Slot
	for _, s := range slots {
		if s.Kind == "papers" {
			items = append(items, s)
			r.Have += s.Minutes
		}
	}
	i, used := 0, int64(0)
	for _, p := range papers {
		if !p.Reading {
			continue
		}
		r.Need += p.Minutes
		if len(items) == 0 {
			continue
		}
		if used > 0 && used+p.Minutes > items[i].Minutes && i+1 < len(items) {
			i, used = i+1, 0
		}
		r.At[p.ID] = items[i].Starts.Add(time.Duration(used) * time.Minute)
		used += p.Minutes
	}
	return r
}

// Reading is how the papers fit into the programme as it is drafted.
func (v View) Reading() Reading { return readingOf(v.Slots, v.Papers) }

// MissingPapers names the units that have handed in nothing after their time.
func (v View) MissingPapers(now time.Time) string {
	var all []string
	for _, p := range v.Papers {
		if p.Missing() && p.Late(now) {
			all = append(all, v.Name(p.UnitID))
		}
	}
	return strings.Join(all, ", ")
}

// PaperAt is when a paper is to be read by the programme that delegates know, zero where it
// has no hour.
func (v View) PaperAt(id string) time.Time { return readingOf(v.Shows(), v.Papers).At[id] }

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
