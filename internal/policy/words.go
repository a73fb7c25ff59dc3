package policy

import _ "embed"

// Text is the words of refusals and the names of roles.
//
//go:embed text.json
var Text []byte
