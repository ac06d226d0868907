//go:build unix

package seed

import (
	"os"

	"golang.org/x/sys/unix"
)

// columns is the width of a terminal; 0 where file is none.
func columns(file *os.File) int {
	window, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(window.Col)
}
