package conversation

import (
	"encoding/json"
	"strconv"

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
	Schema string `json:"schema"`
	Mode   string `json:"mode"` // "own" or "parity"
	// People, Statements and Votes took part. In parity mode who voted only on what was left
	// out is among the people, as in the pipeline.
	People     int `json:"people"`
	Statements int `json:"statements"`
	Votes      int `json:"votes"`
	Rows       int `json:"rows"` // of the file; more than votes where people changed their minds
	K          int `json:"k"`
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
// the share of as many again, were they asked. Score and Lost are above 0 where the list has
// them.
type EntryOf struct {
	ID    ID         `json:"id"`
	Next  [2]float64 `json:"next"`
	Score float64    `json:"score,omitempty"`
	Lost  int        `json:"lost,omitempty"`
	opinion.Entry
}

// ItemOf is a statement in result.json.
type ItemOf struct {
	ID           ID               `json:"id"`
	Body         string           `json:"body,omitempty"`
	All          opinion.Counts   `json:"all"`
	Groups       []opinion.Counts `json:"groups,omitempty"`
	Agreement    JointOf          `json:"agreement"`
	Disagreement *JointOf         `json:"disagreement,omitempty"` // nil in parity mode
}

// JointOf is an opinion.Joint.
type JointOf struct {
	Mean float64 `json:"mean"`
	*Bounds
}

// Bounds of a JointOf, nil in parity mode: what was not computed is not written as 0.
type Bounds struct {
	Low float64 `json:"low"`
	Min float64 `json:"min"`
}

func jointOf(j opinion.Joint) JointOf { return JointOf{j.Mean, &Bounds{j.Low, j.Min}} }

// PersonOf is where somebody stands, in result.json.
type PersonOf struct {
	ID    ID      `json:"id"`
	Votes int     `json:"votes"`
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	*Doubt
	Group int `json:"group"` // -1 between groups, -2 too few votes
}

// Doubt is how sure somebody's place is, nil in parity mode.
type Doubt struct {
	EX   float64 `json:"ex"`
	EY   float64 `json:"ey"`
	Sure float64 `json:"sure"`
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
		d.Persons = append(d.Persons, PersonOf{ID(p.ID), p.Votes, p.X, p.Y, &Doubt{p.EX, p.EY, p.Sure}, p.Group})
	}
	for _, it := range r.Items {
		it = it.Exact()
		no := jointOf(it.Disagreement)
		d.Items = append(d.Items, ItemOf{ID(it.ID), body[it.ID], it.All, it.Groups, jointOf(it.Agreement), &no})
	}
	return d
}

// list is never null in JSON.
func list(all []opinion.Entry) []EntryOf {
	entries := make([]EntryOf, len(all))
	for i, e := range all {
		entries[i] = EntryOf{ID: ID(e.ID), Score: e.Score, Lost: e.Lost, Entry: e}
		entries[i].Next[0], entries[i].Next[1] = opinion.Forecast(e.Share.Hits, e.Share.Of, e.Share.Of)
	}
	return entries
}
