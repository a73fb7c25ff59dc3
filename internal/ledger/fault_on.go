//go:build fault

package ledger

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

var passed atomic.Int64

// failpoint kills the process, as SIGKILL does, the n-th time it passes the point
// that FAULT=point:n names.
func failpoint(name string) {
	point, count, _ := strings.Cut(os.Getenv("FAULT"), ":")
	if point != name {
		return
	}
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil || passed.Add(1) >= n {
		syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {}
	}
}
