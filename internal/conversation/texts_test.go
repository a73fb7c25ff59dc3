package conversation

import (
	"bytes"
	"strings"
	"testing"

	"dongthuan/internal/lang"
	"dongthuan/internal/similar"
)

func TestTexts(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"ids", "id,text\nx1,Đèn hỏng\nx2,\"Rác, bụi\"\n", "x1=Đèn hỏng x2=Rác, bụi"},
		{"semicolons, a comma in a header, letters and marks apart", "\ufeff\"Ma\u0303\";\"No\u0323\u0302i dung\";\"Kênh, giờ\"\n7;\"Rác, bụi\";web\n", "7=Rác, bụi"},
		{"a file of statements: ý kiến is the id", "Ý kiến,Nội dung,moderated\n5,Đèn hỏng,1\n6,Rác,0\n", "5=Đèn hỏng 6=Rác"},
		{"in another order", "nội dung,kênh,ý kiến\nĐèn hỏng,web,5\n", "5=Đèn hỏng"},
		{"ids of their own", "mã,ý kiến,text\n1,x,Đèn hỏng\n", "1=Đèn hỏng"},
		{"ý kiến alone", "mã,ý kiến\n1,Đèn hỏng\n", "1=Đèn hỏng"},
		{"lines for ids, semicolons", "\ufeffNội dung;Kênh\nĐèn hỏng;web\n", "2=Đèn hỏng"},
	} {
		all, _, err := Texts(strings.NewReader(c.file))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var got []string
		for _, x := range all {
			got = append(got, x.ID+"="+x.Body)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	links, err := Links(strings.NewReader("a,b,link\n1,2,gộp\n2,3,apart\n"))
	if err != nil || len(links) != 2 || links[0] != (similar.Link{A: "1", B: "2"}) || links[1] != (similar.Link{A: "2", B: "3", Apart: true}) {
		t.Errorf("%+v, %v", links, err)
	}
	for _, c := range []struct{ file, want string }{{"", "empty"}, {"id,kênh\n1,x\n", "texts.columns"}, {"id,text\n1\n", "columns.count"}, {"id,text\n1,\"mở\n2,b\n", "quote"}, {"id,text\n1,a\"b\n", "quote"}} {
		if _, _, err := Texts(strings.NewReader(c.file)); key(err) != c.want {
			t.Errorf("%q: %v, want %s", c.file, err, c.want)
		}
	}
	for _, c := range []struct{ file, want string }{{"", "empty"}, {"a,b\n1,2\n", "links.columns"}, {"a,b,link\n1,2,maybe\n", "link"}} {
		if _, err := Links(strings.NewReader(c.file)); key(err) != c.want {
			t.Errorf("%q: %v, want %s", c.file, err, c.want)
		}
	}
}

func TestTextsReport(t *testing.T) {
	texts := []similar.Text{{ID: "1", Body: "Đèn đường <b>ngõ 5</b> tắt cả tháng"}, {ID: "2", Body: "den duong ngo 5 tat ca thang"}, {ID: "3", Body: "=Rác chưa thu gom"}}
	g, err := similar.Find(texts, nil, similar.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lang.Languages {
		var b, c bytes.Buffer
		if err := WriteTextsReport(&b, words(t), l, len(texts), g.Groups); err != nil {
			t.Fatal(err)
		}
		if page := b.String(); strings.Contains(page, "%!") || strings.Contains(page, "conversation.") || strings.Contains(page, "<b>ngõ") || !strings.Contains(page, "</html>") {
			t.Errorf("%s: %s", l, page)
		}
		if err := WriteTextGroups(&c, texts, g.Groups); err != nil || strings.Count(c.String(), "\n") != 4 || !strings.HasPrefix(c.String(), byteOrderMark) || !strings.Contains(c.String(), "'=Rác") {
			t.Errorf("%v: %s", err, c.String())
		}
	}
}

func FuzzTexts(f *testing.F) {
	f.Add("id,text\n1,a\n")
	f.Add("a,b,link\n1,2,gộp\n")
	f.Fuzz(func(t *testing.T, file string) {
		Texts(strings.NewReader(file))
		Links(strings.NewReader(file))
	})
}
