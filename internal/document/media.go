package document

// Media types of the files written here.
const (
	XLSXType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	DOCXType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	PDFType  = "application/pdf"
)
