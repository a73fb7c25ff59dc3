package app

import "syscall"

// freeBytes is the room left on the disk of a folder, 0 where it cannot be told.
func freeBytes(folder string) int64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0
	}
	return int64(s.Bavail) * int64(s.Bsize)
}
