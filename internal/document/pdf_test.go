package document

import (
	"bytes"
	"context"
	"testing"
)

// TestKeptPDF: a document that was converted is given again without waiting for LibreOffice;
// another waits, and gives up with its request.
func TestKeptPDF(t *testing.T) {
	if _, ok := Converter(); !ok {
		t.Skip("LibreOffice is not installed")
	}
	docx := func(text string) []byte {
		var b bytes.Buffer
		if err := (Document{Issuer: "Cụm", TypeName: "Thông báo", Body: []Block{Plain(text)}}).WriteDOCX(&b, ND30); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	one, err := ToPDF(t.Context(), docx("một"))
	if err != nil || !bytes.HasPrefix(one, []byte("%PDF")) {
		t.Fatalf("%d bytes, %v", len(one), err)
	}
	converting <- struct{}{} // somebody else's conversion goes on
	defer func() { <-converting }()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if again, err := ToPDF(gone, docx("một")); err != nil || !bytes.Equal(again, one) {
		t.Errorf("the same again: %d bytes, %v", len(again), err)
	}
	if _, err := ToPDF(gone, docx("hai")); err == nil {
		t.Error("another was converted without its turn")
	}
}
