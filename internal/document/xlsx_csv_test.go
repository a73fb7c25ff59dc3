package document

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"dongthuan/internal/fault"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestWriteCSV(t *testing.T) {
	var b bytes.Buffer
	err := WriteCSV(&b, slices.Values([][]string{
		{"Mã", "Tên, địa chỉ", `"A"`},
		{"=1+1", "+84 9", "-1,5", "-x", "@a", "\t=1", "＝1", "\x00=2", " =3"},
		{"'=1", "2026-11-20", "-", ""},
	}))
	want := "\uFEFFMã,\"Tên, địa chỉ\",\"\"\"A\"\"\"\r\n" +
		"'=1+1,'+84 9,\"-1,5\",'-x,'@a,'=1,'＝1,'=2,'=3\r\n" +
		"''=1,2026-11-20,'-,\r\n"
	if err != nil || b.String() != want {
		t.Errorf("WriteCSV = %q, %v\nwant %q", b.String(), err, want)
	}
}

func TestReadCSV(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       [][]string
	}{
		{"comma", "a,b\r\n1,2\r\n", [][]string{{"a", "b"}, {"1", "2"}}},
		{"semicolon and decimal commas", "\uFEFFMã;Điểm;Tỷ lệ\n1;1,5;2,5\n", [][]string{{"Mã", "Điểm", "Tỷ lệ"}, {"1", "1,5", "2,5"}}},
		{"tab", "a\tb;c\n1\t2\n", [][]string{{"a", "b;c"}, {"1", "2"}}},
		{"told", "sep=;\na,b;c\n", [][]string{{"a,b", "c"}}},
		{"told tab", "sep=\t\r\na,b\tc\n", [][]string{{"a,b", "c"}}},
		{"one column", "a\nb", [][]string{{"a"}, {"b"}}},
		{"quoted breaks and marks", "\"a;\nb\",\"c\"\"d\"\n", [][]string{{"a;\nb", `c"d`}}},
		{"uneven rows, blank lines", "a,b,c\n\n , \n1,2\n", [][]string{{"a", "b", "c"}, {"1", "2"}}},
		{"NFD and invisible signs", norm.NFD.String("Điều") + ",\u00a0x\u200b\n", [][]string{{"Điều", "x"}}},
		{"guard taken away", "'=1,'x,'-2\n", [][]string{{"=1", "'x", "-2"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ReadCSV(strings.NewReader(test.text), Limits{})
			if err != nil || !slices.EqualFunc(got, test.want, slices.Equal) {
				t.Errorf("ReadCSV = %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestReadCSVRefuses(t *testing.T) {
	words := readWords(t)
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "document.csv.empty"},
		{"blank", "\uFEFF\n , \n", "document.csv.empty"},
		{"other letters", "M\xe3;T\xean\n", "document.csv.utf8"},
		{"UTF-16", "\xff\xfea\x00", "document.csv.utf8"},
		{"a spreadsheet", "PK\x03\x04\x00", "document.csv.utf8"},
		{"open quote", "a,\"b\nc\n", "document.csv.quote"},
		{"quote inside", "a,b\"c\n", "document.csv.quote"},
		{"rows", strings.Repeat("a\n", 11), "document.csv.rows"},
		{"columns", "a\nb,,,,,\n", "document.csv.columns"},
		{"cells", strings.Repeat("a,b,c\n", 10), "document.xlsx.cells"},
		{"long", strings.Repeat("ư", maxText+1), "document.xlsx.text"},
		{"size", strings.Repeat("a\n", 1<<20), "document.xlsx.size"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadCSV(strings.NewReader(test.text), Limits{Rows: 10, Columns: 5, Cells: 20, Bytes: 1 << 20})
			if key(err) != test.want {
				t.Fatalf("ReadCSV = %v, want %q", err, test.want)
			}
			l := fault.All(err)[0]
			if vi := words.Text("vi", l.Text, l.Args...); strings.Contains(vi, "%!") || strings.Contains(vi, "⟦") {
				t.Errorf("words: %s", vi)
			}
		})
	}
	_, peak := watch(func() {
		if _, err := ReadCSV(strings.NewReader(strings.Repeat(",", 9<<20)), Limits{}); key(err) != "document.csv.columns" {
			t.Errorf("nine million commas: %v", err)
		}
	})
	if peak > 100<<20 {
		t.Errorf("nine million commas took %d MB", peak>>20)
	}
}

func TestCSVRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(texts, 2, 5), 1, 5).Draw(t, "rows")
		for i := range rows {
			rows[i][0] = "x" + rows[i][0] // no line is blank, none says sep=
		}
		rows = append([][]string{{"a", "b", "c", "d", "e", "f"}}, rows...)
		var b bytes.Buffer
		if err := WriteCSV(&b, slices.Values(rows)); err != nil {
			t.Fatal(err)
		}
		got, err := ReadCSV(&b, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for k, s := range row {
				if len(got) != len(rows) || got[i][k] != tidy(s) {
					t.Fatalf("%q came back as %q", rows, got)
				}
			}
		}
	})
}

func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\uFEFFMã;Tên\n\"x\"\"\n\";'=1\n", "sep=;\na\tb", "\"", ",,,,", "\xff"} {
		f.Add(s)
	}
	words := readWords(f)
	lim := Limits{Rows: 100, Columns: 30, Cells: 1000}
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := ReadCSV(strings.NewReader(text), lim)
		if err != nil {
			if !words.Has(key(err)) {
				t.Errorf("refused without words: %v", err)
			}
			return
		}
		for _, row := range rows {
			if len(row) > lim.Columns {
				t.Errorf("%d columns", len(row))
			}
			for _, s := range row {
				if s != tidy(s) {
					t.Errorf("%q is not tidy", s)
				}
			}
		}
	})
}
