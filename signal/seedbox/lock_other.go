//go:build !unix

package seedbox

import "os"

// lockFile opens a file, which these systems do not let others remove meanwhile.
func lockFile(name string) (*os.File, error) { return os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) }
