//go:build !js

package store

import "os"

// Stamp is what a system tells of a file that changes whenever somebody writes to it, or puts another in its place. Systems that tell
// less have zeros.
type Stamp struct {
	Size     int64  // bytes
	Modified int64  // nanoseconds since 1970
	Changed  int64  // the same, of what is said of the file; nobody can set it back
	Inode    uint64 // which file it is
}

// StampOf returns the stamp of an open file.
func StampOf(f *os.File) (Stamp, error) {
	info, err := f.Stat()
	if err != nil {
		return Stamp{}, err
	}
	return stampOf(info), nil
}
