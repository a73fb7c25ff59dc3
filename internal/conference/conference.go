// Package conference runs the conferences of a cluster: programme, delegates and their
// letters, papers, check-in, the hall with its speakers and votes, minutes, conclusions
// that become tasks, and the archive.
//
// programme.go, delegate.go, hall.go and minutes.go hold the rules; store*.go the SQL;
// service*.go the acts that write, one file for each part; forms.go, cards.go and
// archive.go the papers and files; web*.go the pages.
package conference

import (
	"crypto/rand"
	"embed"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"dongthuan/internal/fault"
	"dongthuan/internal/lang"
)

//go:embed text.json
var Text []byte

//go:embed pages/*.html
var Pages embed.FS

//go:embed archive.html
var archivePage string

// RoomName is what files of this room are kept under: photographs by their conference,
// papers by their own. ListRoom are the lists that delegates have signed: they show names,
// and only those who run the conference see them.
const (
	RoomName = "conference"
	ListRoom = "conference-list"
)

// State of a conference.
type State string

const (
	Preparing State = "preparing"
	Live      State = "live"
	Closed    State = "closed"
)

// Conference is one meeting.
type Conference struct {
	ID, Code, ClusterID string
	Draft
	State              State
	Items              []Item // of the draft programme
	Version            int64
	SpeechMinutes      int64  // that a speaker has
	Taking             bool   // requests to speak
	Current            string // item under way, "" for none
	CurrentSince       time.Time
	Minutes            MinutesState
	MinutesVersion     int64 // of the last signed
	NewsID             string
	ClonedFrom         string
	Office             string
	CreatedAt          time.Time
	OpenedAt, ClosedAt time.Time
	Published          int64 // version of the programme that was published last, 0 for none
	// When and where it is as everybody knows: as published last, or as drafted before.
	KnownStarts time.Time
	KnownPlace  string
}

// Draft is what a person says of a conference.
type Draft struct {
	PeriodID string // "" where it reviews no period
	Kind     string // "review", "seminar", "meeting"
	Title    string
	Theme    string // of the seminar within it, "" for none
	Place    string
	Starts   time.Time
	Public   bool   // minutes and archive may be read by everybody once closed
	Number   string // of the notice of conclusions: "01-TB/CTĐ"
	Letter   string // what the invitation says beside when and where
}

// Kinds of conferences.
var Kinds = []string{"review", "seminar", "meeting"}

const (
	maxLine  = 500
	maxText  = 4000
	maxBody  = 60_000 // characters of an item's minutes or of a paper
	maxItems = 60
)

// clean is the draft as it is kept, and what is wrong with it.
func (d Draft) clean() (Draft, error) {
	d.Title, d.Theme, d.Place, d.Number, d.Letter = lang.Line(d.Title), lang.Line(d.Theme), lang.Line(d.Place), lang.Line(d.Number), lang.Clean(d.Letter)
	var problems fault.List
	if d.Title == "" {
		problems.Add("title", "conference.title.missing")
	}
	if d.Place == "" {
		problems.Add("place", "conference.place.missing")
	}
	if d.Starts.IsZero() {
		problems.Add("starts", "conference.starts.missing")
	}
	if !slices.Contains(Kinds, d.Kind) {
		d.Kind = Kinds[0]
	}
	for field, text := range map[string]string{"title": d.Title, "theme": d.Theme, "place": d.Place, "number": d.Number} {
		if utf8.RuneCountInString(text) > maxLine {
			problems.Add(field, "conference.long", maxLine)
		}
	}
	if utf8.RuneCountInString(d.Letter) > maxText {
		problems.Add("letter", "conference.long", maxText)
	}
	return d, problems.Or()
}

// FullTitle is the title with the seminar's theme.
func (c Conference) FullTitle() string {
	if c.Theme == "" {
		return c.Title
	}
	return c.Title + "; tọa đàm “" + c.Theme + "”"
}

// Shown reports whether everybody may know of a conference: once its programme was
// published.
func (c Conference) Shown() bool { return c.Published > 0 }

// PublicMinutes reports whether everybody may read minutes, papers, photographs and
// archive: once the minutes were signed. While they are open again, the version signed
// last is what everybody reads.
func (c Conference) PublicMinutes() bool {
	return c.Public && c.State == Closed && c.MinutesVersion > 0
}

// Address is the public one.
func (c Conference) Address() string { return "/hoi-nghi/" + c.Code }

// LetterPath is the address of a delegate's letter.
func (c Conference) LetterPath(letter string) string { return c.Address() + "/giay-moi/" + letter }

// Work is the address of those who prepare and run it.
func (c Conference) Work() string { return "/viec/hoi-nghi/" + c.ID }

// Item returns an item of the programme by its id.
func (c Conference) Item(id string) (Item, bool) {
	i := slices.IndexFunc(c.Items, func(it Item) bool { return it.ID == id })
	if i < 0 {
		return Item{}, false
	}
	return c.Items[i], true
}

// letters that cannot be taken for each other, read aloud or by a tired eye.
const letters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"

// word makes a random text of n such letters, of about five bits each.
func word(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

// tidy is a code as it is compared: people leave hyphens out and write small letters.
func tidy(code string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(letters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(lang.Line(code)))
}

func reasonOf(text, field string) (string, error) {
	text = lang.Clean(text)
	if text == "" {
		return "", fault.New(fault.Invalid, "conference.reason.missing").In(field)
	}
	if utf8.RuneCountInString(text) > maxText {
		return "", fault.New(fault.Invalid, "conference.long", maxText).In(field)
	}
	return text, nil
}
