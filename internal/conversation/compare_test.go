package conversation

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"dongthuan/internal/fault"
	"dongthuan/internal/opinion"
)

// documentOf has groups of people, those between, and lists by name; in a list -3 is
// statement 3 that people disagree with.
func documentOf(groups []string, between string, lists map[string][]int) *Document {
	ids := func(s string) (all []ID) {
		for _, f := range strings.Fields(s) {
			all = append(all, ID(f))
		}
		return all
	}
	entries := func(name string) (all []EntryOf) {
		for _, n := range lists[name] {
			e := EntryOf{ID: ID(fmt.Sprint(max(n, -n)))}
			if e.Side = "agree"; n < 0 {
				e.Side = "disagree"
			}
			all = append(all, e)
		}
		return all
	}
	d := &Document{Schema: Schema, K: len(groups), Between: ids(between), People: len(ids(between)),
		Lists: Lists{Agree: entries("agree"), Disagree: entries("disagree"), Divides: entries("divides"), Uncertain: entries("uncertain")}}
	for i, g := range groups {
		d.Groups = append(d.Groups, GroupOf{ID: i, Size: len(ids(g)), People: ids(g)})
		d.Lists.Apart = append(d.Lists.Apart, entries(fmt.Sprint("apart", i)))
		d.People += len(ids(g))
	}
	return d
}

func TestCompare(t *testing.T) {
	groups := []string{"1 2 3 4", "5 6 7", "8 9"}
	all := map[string][]int{"agree": {1, 2, 3}, "disagree": {-4}, "divides": {5, 6}, "uncertain": {7}, "apart0": {8}, "apart1": {9}, "apart2": {10}}
	with := func(name string, ids ...int) map[string][]int {
		m := map[string][]int{}
		for k, v := range all {
			m[k] = v
		}
		m[name] = ids
		return m
	}
	was := documentOf(groups, "10 11", all)
	none, same := []ID{}, [][2]int{{0, 0}, {1, 1}, {2, 2}}
	for name, c := range map[string]struct {
		here    *Document
		matched [][2]int
		moved   []Move
		only    [2]int
		lists   []ListDifference
	}{
		"the same":        {documentOf(groups, "11 10", all), same, nil, [2]int{}, nil},
		"one moved":       {documentOf([]string{"1 2 3", "4 5 6 7", "8 9"}, "10 11", all), same, []Move{{"4", [2]int{1, 0}}}, [2]int{}, nil},
		"between":         {documentOf([]string{"1 2 3 4 10", "5 6 7", "8"}, "9 11", all), same, []Move{{"9", [2]int{-1, 2}}, {"10", [2]int{0, -1}}}, [2]int{}, nil},
		"no match":        {documentOf([]string{"1 2 3 4", "5 6 7", "10 11"}, "8 9", all), [][2]int{{0, 0}, {1, 1}}, []Move{{"8", [2]int{-1, 2}}, {"9", [2]int{-1, 2}}, {"10", [2]int{2, -1}}, {"11", [2]int{2, -1}}}, [2]int{}, []ListDifference{{"apart", &[2]int{2, -1}, []ID{"10"}, none, none, false}, {"apart", &[2]int{-1, 2}, none, []ID{"10"}, none, false}}},
		"come and gone":   {documentOf([]string{"1 2 3 4", "5 6 7", "8 12 13 14"}, "10 11", all), same, nil, [2]int{3, 1}, nil},
		"other numbers":   {documentOf([]string{"8 9", "1 2 3 4", "5 6 7"}, "10 11", map[string][]int{"agree": {1, 2, 3}, "disagree": {-4}, "divides": {5, 6}, "uncertain": {7}, "apart0": {10}, "apart1": {8}, "apart2": {9}}), [][2]int{{0, 2}, {1, 0}, {2, 1}}, nil, [2]int{}, nil},
		"order alone":     {documentOf(groups, "10 11", with("agree", 1, 3, 2)), same, nil, [2]int{}, []ListDifference{{"agree", nil, none, none, none, true}}},
		"come, gone":      {documentOf(groups, "10 11", with("divides", 12, 6)), same, nil, [2]int{}, []ListDifference{{"divides", nil, []ID{"12"}, []ID{"5"}, none, false}}},
		"unsure":          {documentOf(groups, "10 11", with("uncertain")), same, nil, [2]int{}, []ListDifference{{"uncertain", nil, none, []ID{"7"}, none, false}}},
		"on another side": {documentOf(groups, "10 11", with("apart1", -9, 13)), same, nil, [2]int{}, []ListDifference{{"apart", &[2]int{1, 1}, []ID{"13"}, none, []ID{"9"}, false}}},
		"two groups": {documentOf([]string{"1 2 3 4", "5 6 7 8 9"}, "10 11", map[string][]int{"agree": {1, 2, 3}, "disagree": {-4}, "divides": {5, 6}, "uncertain": {7}, "apart0": {8}, "apart1": {9}}), [][2]int{{0, 0}, {1, 1}},
			[]Move{{"8", [2]int{1, 2}}, {"9", [2]int{1, 2}}}, [2]int{}, []ListDifference{{"apart", &[2]int{-1, 2}, none, []ID{"10"}, none, false}}},
	} {
		d := Compare(c.here, was)
		var matched [][2]int
		for _, m := range d.Matched {
			matched = append(matched, m.Groups)
		}
		if !slices.Equal(matched, c.matched) || !slices.Equal(d.Moved, c.moved) || d.Only != c.only || len(d.Lists) != len(c.lists) || len(c.lists) > 0 && !reflect.DeepEqual(d.Lists, c.lists) {
			t.Errorf("%s: %+v", name, d)
		}
		if d.Identical != (name == "the same") || (d.Alike == 1) != (name != "one moved" && name != "two groups") {
			t.Errorf("%s: identical is %v, alike %g", name, d.Identical, d.Alike)
		}
	}
	// The most people stay: not the greatest overlap first, which would leave 18 here.
	if to := match([][]int{{10, 9}, {9, 0}}); !slices.Equal(to, []int{1, 0}) {
		t.Errorf("matched %v", to)
	}
}

func TestReadDocument(t *testing.T) {
	for _, file := range []string{
		"", "{", `{"schema": "another/1"}`, `{"schema": "dongthuan-opinion/1", "k": 2}`, `{"schema": "dongthuan-opinion/1", "k": 1, "groups": [{"id": 3}]}`,
		`{"schema": "dongthuan-opinion/1", "k": 1, "groups": [{"id": 0, "people": [1]}], "between": [1]}`, `{"schema": "dongthuan-opinion/1", "k": 6, "groups": [{"id":0},{"id":1},{"id":2},{"id":3},{"id":4},{"id":5}]}`,
	} {
		if _, err := ReadDocument(strings.NewReader(file)); !strings.HasPrefix(key(err), "other") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// FuzzCompare: any file is refused in words, or can be compared, both ways and with itself.
func FuzzCompare(f *testing.F) {
	for _, d := range []*Document{documentOf([]string{"1 2", "x y z"}, "5", map[string][]int{"agree": {1, -2}, "apart1": {3, 4}}), documentOf(nil, "", nil)} {
		b, err := json.Marshal(d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"schema": "dongthuan-opinion/1", "between": [1]}`)) // of ours 1 is in a group that matches none
	f.Add([]byte(`{"schema": "dongthuan-opinion/1", "k": 1, "groups": [{"people": [1, "a"]}], "lists": {"apart": null, "agree": [{"id": 1}, {"id": 1}]}}`))
	ours := documentOf([]string{"1 2 3", "4 5"}, "x", map[string][]int{"agree": {1, 2}})
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := ReadDocument(bytes.NewReader(file))
		if err != nil {
			var e *fault.Error
			if !errors.As(err, &e) {
				t.Fatalf("unmarked: %v", err)
			}
			return
		}
		a, b := Compare(ours, d), Compare(d, ours)
		if a.Common != b.Common || len(a.Moved) != len(b.Moved) || a.Identical != b.Identical {
			t.Fatalf("%+v, and the other way %+v", a, b)
		}
		if x := Compare(d, d); len(x.Moved) > 0 || x.Only != [2]int{} {
			t.Fatalf("with itself: %+v", x)
		}
		if _, err := json.Marshal(a); err != nil {
			t.Fatal(err)
		}
	})
}

// TestParityFigures: what Polis' pipeline does not compute is not there, and what is counted is
// of the statements that take part.
func TestParityFigures(t *testing.T) {
	read, err := Votes(strings.NewReader(votesOf(2, 120, 30, 20)+"only,3,1,1700000000000\n"), true, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := opinion.Moderation{"3": true, "7": true}
	d := Parity(opinion.Polis(read.Ballots, out, nil), read.Rows, nil, out)
	votes := 0
	read.Table.Each(func(b opinion.Ballot) {
		if !out[b.Statement] {
			votes++
		}
	})
	if d.Statements != 28 || len(d.Items) != 28 || d.Votes != votes || d.People != 121 || d.Rows != read.Rows {
		t.Errorf("%d statements, %d votes of %d, %d people, %d rows", d.Statements, d.Votes, votes, d.People, d.Rows)
	}
	b, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{`"disagreement"`, `"min"`, `"ex"`, `"ey"`, `"sure"`, `"lost"`, `"score":0,`, `"separation"`, `"factors"`, `"chance"`, `"limit"`} {
		if bytes.Contains(b, []byte(bad)) {
			t.Errorf("%s is written", bad)
		}
	}
	var statements, people bytes.Buffer
	if err := errors.Join(WriteStatements(&statements, d), WritePeople(&people, d)); err != nil {
		t.Fatal(err)
	}
	for file, c := range map[*bytes.Buffer]struct{ empty, filled []string }{
		&statements: {[]string{"agreement_low", "disagreement", "disagreement_low"}, []string{"agreement", "agree", "group_0_agree"}},
		&people:     {[]string{"x_sd", "y_sd", "sure"}, []string{"x", "y", "votes", "group"}},
	} {
		all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.String(), byteOrderMark))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range all[1:] {
			for _, name := range c.empty {
				if v := row[slices.Index(all[0], name)]; v != "" {
					t.Fatalf("%s is %q", name, v)
				}
			}
			for _, name := range c.filled {
				if row[slices.Index(all[0], name)] == "" {
					t.Fatalf("%s is empty", name)
				}
			}
		}
	}
}
