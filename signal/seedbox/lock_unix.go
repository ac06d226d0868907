//go:build unix

package seedbox

import (
	"fmt"
	"os"
	"syscall"
)

// lockFile keeps every other process from a lock of the same name, for as long as this one lives.
func lockFile(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another process uses it: %w", err)
	}
	return f, nil
}
