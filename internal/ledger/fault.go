//go:build !fault

package ledger

// failpoint is where a drill kills the process. This build has none.
func failpoint(string) {}
