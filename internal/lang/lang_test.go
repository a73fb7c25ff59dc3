package lang

import (
	"slices"
	"testing"

	"dongthuan/internal/fault"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestParseFigure(t *testing.T) {
	for _, test := range []struct {
		text string
		want int64 // thousandths
		key  string
	}{
		{"1.234,5", 1234500, ""},
		{"1234.5", 1234500, ""},
		{"1,234.5", 1234500, ""},
		{"1 234,5", 1234500, ""},
		{"14.820", 14820000, ""},
		{"1,5", 1500, ""},
		{"0", 0, ""},
		{"0.125", 125, ""},
		{"0,5", 500, ""},
		{"1.234.567", 1234567000, ""},
		{"-3", -3000, ""},
		{"−3", -3000, ""},
		{"12,50", 12500, ""},
		{"1234.567", 1234567, ""},
		{" 7 ", 7000, ""},
		{"", 0, "lang.number.empty"},
		{"ba", 0, "lang.number.bad"},
		{"1.23.4", 0, "lang.number.bad"},
		{"1,2,3", 0, "lang.number.bad"},
		{"1..2", 0, "lang.number.bad"},
		{"1.", 0, "lang.number.bad"},
		{"NaN", 0, "lang.number.bad"},
		{"1e309", 0, "lang.number.bad"},
		{"0,12345", 0, "lang.number.fine"},
		{"99999999999999", 0, "lang.number.huge"},
		{"9999999999999", 0, "lang.number.huge"},
	} {
		got, err := ParseFigure(test.text)
		key := ""
		if l := fault.All(err); l != nil {
			key = l[0].Text
		}
		if got != test.want || key != test.key {
			t.Errorf("ParseFigure(%q) = %d, %q; want %d, %q", test.text, got, key, test.want, test.key)
		}
	}
}

func TestFigureRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-MaxFigure, MaxFigure).Draw(t, "n")
		text := Figure("vi", n)
		got, err := ParseFigure(text)
		if err != nil || got != n {
			t.Fatalf("ParseFigure(%q) = %d, %v; want %d", text, got, err, n)
		}
	})
}

func TestFold(t *testing.T) {
	for _, test := range [][2]string{
		{"Đường Bờ Đầm", "duong bo dam"},
		{"Hoà", "hoa"}, {"Hòa", "hoa"},
		{norm.NFD.String("Nguyễn Trãi"), "nguyen trai"},
		{"  Văn Miếu - Quốc Tử Giám ", "van mieu quoc tu giam"},
		{"05-BC/ĐU", "05 bc du"},
	} {
		if got := Fold(test[0]); got != test[1] {
			t.Errorf("Fold(%q) = %q, want %q", test[0], got, test[1])
		}
	}
}

func TestClean(t *testing.T) {
	if got := Clean(" a\u202eb\u200b\x00\r\nc "); got != "ab\nc" {
		t.Errorf("Clean = %q", got)
	}
	if got := Clean("A\x00\u0300"); got != "À" {
		t.Errorf("what stood between a letter and its mark: %q", got)
	}
	if got := Line(norm.NFD.String("Yên  Hoà\n")); got != "Yên Hoà" || !norm.NFC.IsNormalString(got) {
		t.Errorf("Line = %q", got)
	}
}

func TestSortBy(t *testing.T) {
	names := []string{"Đống Đa", "Dịch Vọng", "Âu Cơ", "An Phúc", "Ăn", "Tổ 10", "Tổ 9"}
	SortBy(names, func(s string) string { return s })
	want := []string{"An Phúc", "Ăn", "Âu Cơ", "Dịch Vọng", "Đống Đa", "Tổ 9", "Tổ 10"}
	if !slices.Equal(names, want) {
		t.Errorf("SortBy = %q, want %q", names, want)
	}
}

func TestPercent(t *testing.T) {
	for _, test := range []struct {
		num, den int64
		want     string
	}{{3170, 3297, "96,1 %"}, {291, 127550, "0,2 %"}, {1, 0, "–"}, {1, 1, "100,0 %"}, {-1, 8, "−12,5 %"}} {
		if got := Percent("vi", test.num, test.den); got != test.want {
			t.Errorf("Percent(%d, %d) = %q, want %q", test.num, test.den, got, test.want)
		}
	}
}

func TestLoadRefusesHalfTranslations(t *testing.T) {
	if _, err := Load([]byte(`{"a":{"vi":"x"}}`)); err == nil {
		t.Error("a key without English was accepted")
	}
	if _, err := Load([]byte(`{"a":{"vi":"x","en":"y"}}`), []byte(`{"a":{"vi":"x","en":"y"}}`)); err == nil {
		t.Error("a key given twice was accepted")
	}
}

func FuzzParseFigure(f *testing.F) {
	f.Add("1.234,5")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseFigure(s)
		if err == nil && (n > MaxFigure || n < -MaxFigure) {
			t.Errorf("ParseFigure(%q) = %d is out of range", s, n)
		}
	})
}
