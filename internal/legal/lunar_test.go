package legal

import "testing"

// TestLunar holds the days on which Vietnam kept Tết and Giỗ Tổ, among them years
// in which China kept another day: 1985, 2007, 2030.
func TestLunar(t *testing.T) {
	for year, want := range map[int]string{
		1968: "1968-01-29", 1975: "1975-02-11", 1985: "1985-01-21", 2000: "2000-02-05", 2007: "2007-02-17", 2015: "2015-02-19", 2017: "2017-01-28",
		2018: "2018-02-16", 2019: "2019-02-05", 2020: "2020-01-25", 2021: "2021-02-12", 2022: "2022-02-01", 2023: "2023-01-22", 2024: "2024-02-10",
		2025: "2025-01-29", 2026: "2026-02-17", 2027: "2027-02-06", 2028: "2028-01-26", 2029: "2029-02-13", 2030: "2030-02-02", 2033: "2033-01-31", 2034: "2034-02-19",
	} {
		if got := Tet(year).Format("2006-01-02"); got != want {
			t.Errorf("Tết %d: %s, want %s", year, got, want)
		}
	}
	for year, want := range map[int]string{
		2019: "2019-04-14", 2020: "2020-04-02", 2021: "2021-04-21", 2022: "2022-04-10", 2023: "2023-04-29", 2024: "2024-04-18", 2025: "2025-04-07", 2026: "2026-04-26", 2027: "2027-04-16",
	} {
		if got := HungKings(year).Format("2006-01-02"); got != want {
			t.Errorf("Giỗ Tổ %d: %s, want %s", year, got, want)
		}
	}
}
