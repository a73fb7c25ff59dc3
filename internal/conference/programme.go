package conference

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

// Item of a programme. Its time follows from the items before it, unless At pins it.
type Item struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	Title     string `json:"title"`
	Presenter string `json:"presenter"`
	Minutes   int64  `json:"minutes"`
	At        string `json:"at,omitempty"` // "09:45", "07:30 hôm sau", "" to follow
	Script    string `json:"script,omitempty"`
	HandsTo   string `json:"hands_to,omitempty"` // who goes on, in the running order
	Typed     string `json:"-"`                  // for Minutes, where it is no number
}

// ItemKinds are what an item can be. Papers are read in "papers", the floor is open in
// "floor", and "conclusion" is where conclusions are drawn.
var ItemKinds = []string{"reception", "opening", "welcome", "report", "results", "floor", "break", "keynote", "papers", "direction", "conclusion", "closing", "other"}

// Slot is an item with its planned times.
type Slot struct {
	Item
	N           int
	Starts, End time.Time
	Overlaps    bool // pinned before the one before it ends
	Gap         int64
	NewDay      bool
}

// Schedule gives each item its times. An item pinned to an hour of the next day, or to one
// more than twelve hours before the running time, is on the next day: a programme may
// cross midnight, and last several days.
func Schedule(starts time.Time, items []Item) []Slot {
	at := starts.In(lang.Vietnam)
	var all []Slot
	for i, it := range items {
		s := Slot{Item: it, N: i + 1, Starts: at}
		if h, m, next, ok := clockOf(it.At); ok {
			y, mo, d := at.Date()
			pinned := time.Date(y, mo, d, h, m, 0, 0, lang.Vietnam)
			if next && at.Equal(time.Date(y, mo, d, 0, 0, 0, 0, lang.Vietnam)) && i > 0 {
				next = false // the items before it have ended at midnight
			}
			if next || at.Sub(pinned) > 12*time.Hour {
				pinned = pinned.AddDate(0, 0, 1)
			}
			s.Overlaps = i > 0 && pinned.Before(at)
			if i > 0 && pinned.After(at) {
				s.Gap = int64(pinned.Sub(at) / time.Minute)
			}
			s.Starts = pinned
		}
		s.End = s.Starts.Add(time.Duration(it.Minutes) * time.Minute)
		s.NewDay = i > 0 && !sameDay(s.Starts, all[i-1].Starts)
		at = s.End
		all = append(all, s)
	}
	return all
}

func sameDay(a, b time.Time) bool { return lang.Date(a) == lang.Date(b) }

// nextDay marks an hour of the day after the items before it.
const nextDay = "hôm sau"

// clockOf reads an hour: 9:45, 09:45, 9h45, 9h, 7h30 hôm sau.
func clockOf(text string) (h, m int, next, ok bool) {
	text = strings.ToLower(lang.Line(text))
	for _, words := range []string{nextDay, "hom sau", "next day"} {
		if cut, found := strings.CutSuffix(text, words); found {
			text, next = strings.TrimSpace(cut), true
		}
	}
	a, b, _ := strings.Cut(strings.ReplaceAll(text, "h", ":"), ":")
	h, err := strconv.Atoi(a)
	if err != nil || h < 0 || h > 23 {
		return 0, 0, false, false
	}
	if b = strings.TrimSpace(b); b != "" {
		if m, err = strconv.Atoi(b); err != nil || m < 0 || m > 59 {
			return 0, 0, false, false
		}
	}
	return h, m, next, true
}

// empty reports whether a row of the form was left empty.
func (it Item) empty() bool {
	return it.Title == "" && it.Presenter == "" && it.Minutes == 0 && it.Script == ""
}

// checkItems cleans a programme and says what is wrong with it, by the row.
func checkItems(items []Item) ([]Item, error) {
	var problems fault.List
	var clean []Item
	for _, it := range items {
		it.Title, it.Presenter, it.Script, it.HandsTo, it.At = lang.Line(it.Title), lang.Line(it.Presenter), lang.Clean(it.Script), lang.Line(it.HandsTo), lang.Line(it.At)
		if it.empty() {
			continue
		}
		n := strconv.Itoa(len(clean))
		if it.Title == "" {
			problems.Add("title-"+n, "conference.item.title")
		}
		if utf8.RuneCountInString(it.Title) > maxLine || utf8.RuneCountInString(it.Presenter) > maxLine {
			problems.Add("title-"+n, "conference.long", maxLine)
		}
		if it.Minutes < 0 || it.Minutes > 600 {
			problems.Add("minutes-"+n, "conference.item.minutes")
		}
		if it.At != "" {
			h, m, next, ok := clockOf(it.At)
			switch {
			case !ok:
				problems.Add("at-"+n, "conference.item.at")
			case next:
				it.At = fmt.Sprintf("%02d:%02d %s", h, m, nextDay)
			default:
				it.At = fmt.Sprintf("%02d:%02d", h, m)
			}
		}
		if utf8.RuneCountInString(it.Script) > maxText {
			problems.Add("script-"+n, "conference.long", maxText)
		}
		if !slices.Contains(ItemKinds, it.Kind) {
			it.Kind = "other"
		}
		if it.ID == "" {
			it.ID = word(8)
		}
		clean = append(clean, it)
	}
	if len(clean) > maxItems {
		problems.Add("", "conference.items.many", maxItems)
	}
	return clean, problems.Or()
}

// Programme is a published version.
type Programme struct {
	Version int64
	Items   []Item
	Starts  time.Time
	Place   string
	Note    string
	Office  string
	At      time.Time
}

// Difference says what a version of a programme changed for an item: Kind is "added",
// "removed", "moved" (another time) or "changed" (another title, presenter or length).
type Difference struct {
	Kind     string
	Was, Is  Slot
	Presents bool // another presenter
}

// Change is what a version of a programme changed.
type Change struct {
	Starts, Place bool // of the whole conference
	Was, Is       Programme
	Items         []Difference
}

// For is what a change means for one unit, a line for each, without words of a language:
// another time or place of the whole, items that it presents by any of its names, and the
// hour that its paper had and has, zero for none. Nil where it changes nothing for the unit.
func (c Change) For(names []string, paper string, was, is time.Time) (lines []string) {
	if c.Starts {
		lines = append(lines, lang.Moment(c.Was.Starts)+" → "+lang.Moment(c.Is.Starts))
	}
	if c.Place {
		lines = append(lines, c.Was.Place+" → "+c.Is.Place)
	}
	mine := func(s Slot) bool {
		return slices.ContainsFunc(names, func(name string) bool { return mentions(s.Presenter, name) })
	}
	for _, d := range c.Items {
		switch {
		case !mine(d.Was) && !mine(d.Is):
		case d.Kind == "added":
			lines = append(lines, "+ "+clockWords(d.Is.Starts)+" "+d.Is.Title)
		case d.Kind == "removed":
			lines = append(lines, "− "+clockWords(d.Was.Starts)+" "+d.Was.Title)
		case d.Kind == "moved":
			lines = append(lines, clockWords(d.Was.Starts)+" → "+clockWords(d.Is.Starts)+" "+d.Is.Title)
		default:
			lines = append(lines, "✎ "+clockWords(d.Is.Starts)+" "+d.Is.Title)
		}
	}
	if !was.Equal(is) && !c.Starts && !was.IsZero() && !is.IsZero() {
		lines = append(lines, clockWords(was)+" → "+clockWords(is)+" “"+paper+"”")
	}
	return lines
}

// mentions reports whether a text names somebody in whole words: DV1 is not in DV10.
func mentions(text, name string) bool {
	return lang.Fold(name) != "" && strings.Contains(" "+lang.Fold(text)+" ", " "+lang.Fold(name)+" ")
}

// Any reports whether anything is different.
func (c Change) Any() bool { return c.Starts || c.Place || len(c.Items) > 0 }

// Diff compares two versions of a programme, item by item. Where the whole conference is
// at another time, an item has moved only if it moved within it.
func Diff(old, new Programme) Change {
	c := Change{Starts: !old.Starts.Equal(new.Starts), Place: old.Place != new.Place, Was: old, Is: new}
	was, is := Schedule(old.Starts, old.Items), Schedule(new.Starts, new.Items)
	find := func(all []Slot, id string) (Slot, bool) {
		i := slices.IndexFunc(all, func(s Slot) bool { return s.ID == id })
		if i < 0 {
			return Slot{}, false
		}
		return all[i], true
	}
	for _, s := range is {
		o, ok := find(was, s.ID)
		switch {
		case !ok:
			c.Items = append(c.Items, Difference{Kind: "added", Is: s})
		case o.Title != s.Title || o.Presenter != s.Presenter || o.Minutes != s.Minutes:
			c.Items = append(c.Items, Difference{Kind: "changed", Was: o, Is: s, Presents: o.Presenter != s.Presenter})
		case o.Starts.Sub(old.Starts) != s.Starts.Sub(new.Starts):
			c.Items = append(c.Items, Difference{Kind: "moved", Was: o, Is: s})
		}
	}
	for _, o := range was {
		if _, ok := find(is, o.ID); !ok {
			c.Items = append(c.Items, Difference{Kind: "removed", Was: o})
		}
	}
	return c
}

// Run is when an item was really under way.
type Run struct {
	Item       string
	Start, End time.Time // End zero while it is
}

// Late is how many minutes the hall is behind the programme: the item under way began
// late, or lasts longer than it has. Negative is ahead.
func Late(slots []Slot, item string, since, now time.Time) int64 {
	i := slices.IndexFunc(slots, func(s Slot) bool { return s.ID == item })
	if i < 0 {
		return 0
	}
	s := slots[i]
	expected := since.Add(s.End.Sub(s.Starts))
	if now.After(expected) {
		expected = now
	}
	return minutes(expected.Sub(s.End))
}

func minutes(d time.Duration) int64 { return int64(d.Round(time.Minute) / time.Minute) }
