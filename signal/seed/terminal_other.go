//go:build !unix

package seed

import "os"

// columns is the width of a terminal; 0 where file is none, as is taken for granted on systems that do not tell.
func columns(*os.File) int { return 0 }
