package lang

import _ "embed"

// Text is the words of this package's own errors.
//
//go:embed text.json
var Text []byte
