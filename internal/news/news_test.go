package news

import (
	"strings"
	"testing"

	"dongthuan/internal/fault"
)

// keys lists the refusals of err, "field:key".
func keys(err error) string {
	var all []string
	for _, e := range fault.All(err) {
		all = append(all, e.Field+":"+e.Text)
	}
	if err != nil && all == nil {
		return err.Error()
	}
	return strings.Join(all, " ")
}

func whole() Draft {
	return Draft{"Công tác Đảng", "Sơ kết phong trào thi đua 6 tháng", "Sáng 09/07, cụm thi đua số 3 sơ kết.", "Đoạn một.\n\nĐoạn hai.", "Ban Biên tập phường Cầu Mây"}
}

func TestChangeCheck(t *testing.T) {
	long := whole()
	long.Title = strings.Repeat("ệ", maxLine+1)
	empty := Draft{Title: "x"}
	for _, test := range []struct {
		name   string
		change Change
		state  State
		photo  bool
		want   string
	}{
		{"a draft needs a title only", Change{Draft: empty}, Drafted, false, ""},
		{"no title", Change{}, Drafted, false, "title:news.title.missing"},
		{"too long", Change{Draft: long}, Drafted, false, "title:news.long"},
		{"publishing needs all", Change{Draft: empty, Publish: true}, Drafted, false,
			"category:news.category.missing lead:news.lead.missing body:news.body.missing byline:news.byline.missing"},
		{"whole", Change{Draft: whole(), Publish: true}, Drafted, false, ""},
		{"a photograph needs a description", Change{Draft: whole(), Caption: "x"}, Drafted, true, "alt:news.alt.missing"},
		{"a description without a photograph is no harm", Change{Draft: whole(), Alt: "x"}, Drafted, false, ""},
		{"a kept photograph needs one too", Change{Draft: whole(), Photos: []PhotoChange{{ID: "P"}}}, Drafted, false, "altP:news.alt.missing"},
		{"a dropped one does not", Change{Draft: whole(), Photos: []PhotoChange{{ID: "P", Drop: true}}}, Drafted, false, ""},
		{"a correction says what it corrects", Change{Draft: whole()}, Published, false, "correction:news.correction.missing"},
		{"corrected", Change{Draft: whole(), Correction: "Sửa ngày."}, Published, false, ""},
		{"taken down", Change{Draft: whole()}, Retracted, false, ":news.retracted.fixed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := keys(test.change.Check(Item{State: test.state}, test.photo)); got != test.want {
				t.Errorf("Check = %s, want %s", got, test.want)
			}
		})
	}
}

func TestEnded(t *testing.T) {
	for in, want := range map[string]string{
		"Một.\n\nHai.":    "Một.\n\nHai./.",
		"Hai":             "Hai./.",
		"Hai./.":          "Hai./.",
		"Hai.\n \n":       "Hai./.",
		"Vân vân...":      "Vân vân./.",
		"Hai **ba**":      "Hai **ba** ./.",
		"Hai?":            "Hai? ./.",
		"Trích “hai.”":    "Trích “hai.”./.",
		"- một\n- hai":    "- một\n- hai",
		"1. một":          "1. một",
		"2026 là năm.":    "2026 là năm./.",
		"**Đậm** là đậm.": "**Đậm** là đậm./.",
		"| a | b |":       "| a | b |",
		"> trích":         "> trích",
		"## Đầu":          "## Đầu",
		"```\nx\n```":     "```\nx\n```",
		"    mã":          "    mã",
		"":                "",
	} {
		if got := ended(in); got != want {
			t.Errorf("ended(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLayOut(t *testing.T) {
	photos := func(n int) []Photo { return []Photo{{ID: "1"}, {ID: "2"}, {ID: "3"}}[:n] }
	shape := func(a article) string {
		var b strings.Builder
		if a.First != nil {
			b.WriteString("[" + a.First.ID + "]")
		}
		for _, p := range a.Pieces {
			text := strings.NewReplacer("<p>", "", "</p>", ".", "\n", "").Replace(string(p.Text))
			b.WriteString(text)
			if p.Photo != nil {
				b.WriteString("[" + p.Photo.ID + "]")
			}
		}
		return b.String()
	}
	for _, test := range []struct {
		body   string
		photos int
		want   string
	}{
		{"a\n\nb./.", 0, "a.b./.."},
		{"a\n\nb./.", 1, "[1]a.b./.."},
		{"a\n\nb./.", 2, "[1]a.[2]b./.."},
		{"a\n\nb\n\nc\n\nd\n\ne\n\nf./.", 3, "[1]a.b.[2]c.d.[3]e.f./.."},
		{"a./.", 3, "[1]a./..[2][3]"},
		{"- a\n\n  b\n\n- c", 2, "[1]<ul><li>a.b.</li><li>c.</li></ul>[2]"},
		{"> a\n\nb\n\nc\n\nd./.", 2, "[1]<blockquote>a.</blockquote>b.[2]c.d./.."},
		{"a\n\nb:\n\n- c\n\nd", 2, "[1]a.b:.<ul><li>c</li></ul>[2]d./.."},
		{"a\n\n## b\n\nc\n\nd./.", 2, "[1]a.<h2>b</h2>c.[2]d./.."},
		{"", 2, "[1][2]"},
	} {
		if got := shape(layOut(Draft{Body: test.body}, photos(test.photos))); got != test.want {
			t.Errorf("layOut(%q, %d) = %s, want %s", test.body, test.photos, got, test.want)
		}
	}
}

func FuzzLayOut(f *testing.F) {
	f.Add("a\n\n> b\n\n- c\n\n<p>x</p>\n\n1 < 2 > 3")
	f.Fuzz(func(t *testing.T, body string) {
		a := layOut(Draft{Body: body}, []Photo{{ID: "1"}, {ID: "2"}, {ID: "3"}})
		for i, p := range a.Pieces {
			// Each piece closes what it opens, so that a figure stands between.
			text := string(p.Text)
			for _, tag := range []string{"p", "ul", "ol", "li", "blockquote", "table"} {
				opened := strings.Count(text, "<"+tag+">") + strings.Count(text, "<"+tag+" ")
				if closed := strings.Count(text, "</"+tag+">"); opened != closed {
					t.Fatalf("piece %d of %q opens %s %d times and closes it %d times: %s", i, body, tag, opened, closed, text)
				}
			}
		}
	})
}
