package conference

import (
	"os"
	"testing"
)

func testFont(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("../../demo/be-vietnam-pro.ttf")
	if err != nil {
		t.Fatal(err)
	}
	return b
}
