package document

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"dongthuan/internal/fault"
)

// watch runs do and returns how long it took and the most heap that was in use
// meanwhile, beyond what was in use before.
func watch(do func()) (time.Duration, uint64) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	stop, most := make(chan bool), make(chan uint64)
	go func() {
		var peak uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
			select {
			case <-stop:
				most <- peak
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	start := time.Now()
	do()
	took := time.Since(start)
	close(stop)
	peak := <-most
	return took, peak - min(peak, before)
}

// TestRealFiles reads every file of the office collection as if it were sent as
// .xlsx: spreadsheets, documents, fuzzers' finds, broken and encrypted ones.
func TestRealFiles(t *testing.T) {
	const folder = "../../../shared/data/office"
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the collection of office files is not on this machine")
	}
	words := readWords(t)
	count := map[string]int{}
	var slowest, largest string
	var longest time.Duration
	var most uint64
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		took, peak := watch(func() {
			var b *Workbook
			b, err = ReadWorkbook(t.Context(), f, info.Size(), Limits{})
			if err == nil {
				checkWorkbook(t, path, b)
			}
		})
		outcome := "read"
		if err != nil {
			outcome = key(err)
			if fault.KindOf(err) == fault.Internal || words[outcome]["vi"] == "" {
				t.Errorf("%s: refused without words: %v", path, err)
			}
		}
		count[outcome]++
		t.Logf("%-28s %6.0f ms %5.1f MB %s %v", outcome, took.Seconds()*1e3, float64(peak)/1e6, filepath.Base(path), err)
		if took > 10*time.Second || peak > 200<<20 {
			t.Errorf("%s: %v, %d MB", path, took, peak>>20)
		}
		if took > longest {
			longest, slowest = took, path
		}
		if peak > most {
			most, largest = peak, path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v", count)
	t.Logf("slowest %v %s", longest, filepath.Base(slowest))
	t.Logf("largest %.1f MB %s", float64(most)/1e6, filepath.Base(largest))
}

// checkWorkbook looks for what holds of every workbook that was read.
func checkWorkbook(t *testing.T, name string, b *Workbook) {
	t.Helper()
	for i := range b.Sheets {
		s := &b.Sheets[i]
		for row, cells := range s.Rows {
			for column, c := range cells {
				switch {
				case c.Ref != CellRef(row, column):
					t.Fatalf("%s: cell at %d, %d is named %q", name, row, column, c.Ref)
				case (c.Kind == CellEmpty) != (c.Text == ""):
					t.Fatalf("%s: %s of kind %d has text %q", name, c.Ref, c.Kind, c.Text)
				case c.Text != tidy(c.Text):
					t.Fatalf("%s: %s is not tidy: %q", name, c.Ref, c.Text)
				case c.Kind == CellNumber && strings.Trim(c.Text, "-.0123456789") != "":
					t.Fatalf("%s: %s is no plain number: %q", name, c.Ref, c.Text)
				}
			}
		}
	}
}
