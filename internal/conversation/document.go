package conversation

import (
	"encoding/json"
	"io"
	"slices"
	"strconv"

	"dongthuan/internal/fault"
	"dongthuan/internal/opinion"
)

// Schema of result.json; doc/opinion.md describes it.
const Schema = "dongthuan-opinion/1"

// TextsSchema is that of groups.json.
const TextsSchema = "dongthuan-texts/1"

// ID is written as a number where it is a whole one, as exports have it.
type ID string

// MarshalJSON writes the id.
func (i ID) MarshalJSON() ([]byte, error) {
	if n, err := strconv.ParseInt(string(i), 10, 53); err == nil && strconv.FormatInt(n, 10) == string(i) {
		return []byte(i), nil
	}
	return json.Marshal(string(i))
}

// UnmarshalJSON reads a number or a string.
func (i *ID) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] != '"' {
		var n json.Number
		if err := json.Unmarshal(b, &n); err != nil {
			return err
		}
		*i = ID(n)
		return nil
	}
	return json.Unmarshal(b, (*string)(i))
}

func idsOf(all []string) []ID {
	ids := make([]ID, len(all))
	for i, s := range all {
		ids[i] = ID(s)
	}
	return ids
}

// Document is result.json.
type Document struct {
	Schema     string `json:"schema"`
	Mode       string `json:"mode"` // "own" or "parity"
	People     int    `json:"people"`
	Statements int    `json:"statements"`
	Votes      int    `json:"votes"`
	Rows       int    `json:"rows"` // of the file; more than votes where people changed their minds
	K          int    `json:"k"`
	// Groups have their members; in own mode those between groups are in Between, those
	// with too few votes in Unplaced.
	Groups    []GroupOf `json:"groups"`
	Between   []ID      `json:"between,omitempty"`
	Unplaced  []ID      `json:"unplaced,omitempty"`
	Consensus Consensus `json:"consensus"`
	// Lists say why each statement is listed.
	Lists   Lists `json:"lists"`
	Factors int   `json:"factors,omitempty"`
	// Separation is opinion.Result's: up to 0.05 few stand between the groups.
	Separation float64             `json:"separation,omitempty"`
	Stability  []opinion.Stability `json:"stability,omitempty"`
	Items      []ItemOf            `json:"items,omitempty"`
	Persons    []PersonOf          `json:"persons,omitempty"`
}

// Parity says whether the result is that of the published pipeline.
func (d *Document) Parity() bool { return d.Mode == "parity" }

// GroupOf is a group in result.json.
type GroupOf struct {
	ID     int     `json:"id"`
	Size   int     `json:"size"`
	People []ID    `json:"people"`
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	// Apart are the ids of the statements that set it apart, the clearest first.
	Apart []ID `json:"apart"`
}

// Consensus are the ids of the statements that most agree or disagree on, the surest first.
type Consensus struct {
	Agree    []ID `json:"agree"`
	Disagree []ID `json:"disagree"`
}

// Lists with all that put statements into them. In parity mode Divides and Uncertain are
// empty.
type Lists struct {
	Agree     []EntryOf   `json:"agree"`
	Disagree  []EntryOf   `json:"disagree"`
	Divides   []EntryOf   `json:"divides"`
	Uncertain []EntryOf   `json:"uncertain"`
	Apart     [][]EntryOf `json:"apart"` // by group
	More      More        `json:"more"`
}

// More are how many statements pass the rule of a list and are not on it.
type More struct {
	Agree     int   `json:"agree"`
	Disagree  int   `json:"disagree"`
	Divides   int   `json:"divides"`
	Uncertain int   `json:"uncertain"`
	Apart     []int `json:"apart"` // by group
}

// EntryOf is a statement in a list; its ID is the one written. Next holds, with about 90 %,
// the share of as many again, were they asked.
type EntryOf struct {
	ID   ID         `json:"id"`
	Next [2]float64 `json:"next"`
	opinion.Entry
}

// ItemOf is a statement in result.json; its ID is the one written.
type ItemOf struct {
	ID   ID     `json:"id"`
	Body string `json:"body,omitempty"`
	opinion.Item
}

// PersonOf is where somebody stands, in result.json.
type PersonOf struct {
	ID    ID      `json:"id"`
	Votes int     `json:"votes"`
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	EX    float64 `json:"ex"`
	EY    float64 `json:"ey"`
	Sure  float64 `json:"sure"`
	Group int     `json:"group"` // -1 between groups, -2 too few votes
}

func entryIDs(list []opinion.Entry) []ID {
	ids := make([]ID, len(list))
	for i, e := range list {
		ids[i] = ID(e.ID)
	}
	return ids
}

// Own is the document of a result.
func Own(r *opinion.Result, rows int, body map[string]string) *Document {
	d := &Document{Schema: Schema, Mode: "own", People: r.People, Statements: r.Statements, Votes: r.Votes, Rows: rows, K: r.K, Factors: r.R, Separation: r.Separation, Stability: r.Stability,
		Consensus: Consensus{entryIDs(r.Agree), entryIDs(r.Disagree)},
		Lists: Lists{Agree: list(r.Agree), Disagree: list(r.Disagree), Divides: list(r.Divides), Uncertain: list(r.Uncertain),
			More: More{r.More.Agree, r.More.Disagree, r.More.Divides, r.More.Uncertain, nil}}}
	for _, g := range r.Groups {
		d.Groups = append(d.Groups, GroupOf{g.ID, g.Size, idsOf(g.People), g.X, g.Y, entryIDs(g.Apart)})
		d.Lists.Apart, d.Lists.More.Apart = append(d.Lists.Apart, list(g.Apart)), append(d.Lists.More.Apart, g.More)
	}
	for _, p := range r.Persons {
		switch p.Group {
		case opinion.Between:
			d.Between = append(d.Between, ID(p.ID))
		case opinion.Unplaced:
			d.Unplaced = append(d.Unplaced, ID(p.ID))
		}
		d.Persons = append(d.Persons, PersonOf{ID(p.ID), p.Votes, p.X, p.Y, p.EX, p.EY, p.Sure, p.Group})
	}
	for _, it := range r.Items {
		d.Items = append(d.Items, ItemOf{ID: ID(it.ID), Body: body[it.ID], Item: it.Exact()})
	}
	return d
}

// list is never null in JSON.
func list(all []opinion.Entry) []EntryOf {
	entries := make([]EntryOf, len(all))
	for i, e := range all {
		entries[i] = EntryOf{ID: ID(e.ID), Entry: e}
		entries[i].Next[0], entries[i].Next[1] = opinion.Forecast(e.Share.Hits, e.Share.Of, e.Share.Of)
	}
	return entries
}

// Difference is what two documents do not agree on.
type Difference struct {
	K         [2]int
	People    [2]int
	Common    int     // people with a group in both
	Alike     float64 // adjusted Rand index of their groups, 1 where they are the same; of Common > 1
	Agree     [2][]ID // only in the one, only in the other
	Disagree  [2][]ID
	Identical bool
}

// ReadDocument reads a result.json, of this schema.
func ReadDocument(r io.Reader) (*Document, error) {
	var d Document
	if err := json.NewDecoder(r).Decode(&d); err != nil {
		return nil, fault.New(fault.Invalid, "conversation.other").Because(err)
	}
	if d.Schema != Schema {
		return nil, fault.New(fault.Invalid, "conversation.other.schema", d.Schema, Schema)
	}
	return &d, nil
}

// Compare says what differs between a and b.
func Compare(a, b *Document) Difference {
	d := Difference{K: [2]int{a.K, b.K}, People: [2]int{a.People, b.People}, Agree: only(a.Consensus.Agree, b.Consensus.Agree), Disagree: only(a.Consensus.Disagree, b.Consensus.Disagree)}
	in := map[ID]int{}
	for i, g := range a.Groups {
		for _, p := range g.People {
			in[p] = i
		}
	}
	var x, y []int
	for i, g := range b.Groups {
		for _, p := range g.People {
			if h, ok := in[p]; ok {
				x, y = append(x, h), append(y, i)
			}
		}
	}
	d.Common, d.Alike = len(x), opinion.AdjustedRand(x, y)
	grouped := 0
	for _, g := range b.Groups {
		grouped += len(g.People)
	}
	d.Identical = d.K[0] == d.K[1] && d.People[0] == d.People[1] && d.Alike == 1 && len(in) == d.Common && grouped == d.Common && slices.Equal(a.Consensus.Agree, b.Consensus.Agree) && slices.Equal(a.Consensus.Disagree, b.Consensus.Disagree)
	return d
}

func only(a, b []ID) (d [2][]ID) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			d[0] = append(d[0], x)
		}
	}
	for _, x := range b {
		if !slices.Contains(a, x) {
			d[1] = append(d[1], x)
		}
	}
	return d
}
