// Package debian installs the programs that tests and measurements need beside Go and Node.js, where it may: as root on Debian and its
// relatives. It starts no service that comes with them, and installs for one process at a time.
package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// ErrMissing says that something is missing and may not be installed from here. Its message says what to type.
var ErrMissing = errors.New("missing")

// Install installs packages unless installed says that they are there.
func Install(ctx context.Context, installed func() bool, packages ...string) error {
	if installed() {
		return nil
	}
	list := strings.Join(packages, " ")
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("%s: %w; on Debian type:  sudo apt-get update && sudo apt-get install -y --no-install-recommends %s", list, ErrMissing, list)
	}
	words := "apt-get update && apt-get install -y --no-install-recommends " + list
	cmd := exec.CommandContext(ctx, "flock", os.TempDir()+"/fanseed-install.lock", "sh", "-c", words)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1") // in that one no service starts
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", words, err, out)
	}
	if !installed() {
		return fmt.Errorf("%s: installed, and cannot be found", list)
	}
	return nil
}
