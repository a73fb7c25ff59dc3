//go:build !fault

package db

// synchronous is the level at which a commit is on the disk when it returns. The
// build with the tag "fault" can lower it, to show that the drills see the loss.
func synchronous() string { return "FULL" }
