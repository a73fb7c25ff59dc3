package document

import (
	"bytes"
	"net/http"
)

// Send answers with a document as a Word file, or as PDF where LibreOffice is
// installed: kind is "docx" or "pdf". ?layout= chooses the layout. name is the file's,
// without its end.
func Send(w http.ResponseWriter, r *http.Request, kind, name string, d Document) error {
	layout, err := ParseLayout(r.URL.Query().Get("layout"))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := d.WriteDOCX(&b, layout); err != nil {
		return err
	}
	body, media := b.Bytes(), DOCXType
	if kind == "pdf" {
		if body, err = ToPDF(r.Context(), body); err != nil {
			return err
		}
		media = PDFType
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+"."+kind+`"`)
	_, err = w.Write(body)
	return err
}
