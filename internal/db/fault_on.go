//go:build fault

package db

import "os"

// synchronous is lowered by FAULT_SYNCHRONOUS=NORMAL: the control of the drills,
// which must lose what it acknowledged.
func synchronous() string {
	if s := os.Getenv("FAULT_SYNCHRONOUS"); s != "" {
		return s
	}
	return "FULL"
}
