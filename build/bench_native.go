package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"fanseed/build/debian"
)

// native measures what the server gives without a browser beside programs of Debian, which it installs as root where they are missing.
type native struct {
	repo
	binary string // fanseed
	fill   string // build/fill
	rounds int
	wanted *regexp.Regexp
}

func measureNative(ctx context.Context, r repo, binary string, rounds int, wanted *regexp.Regexp) ([]measurement, error) {
	n := native{r, binary, r.cache("fill"), rounds, wanted}
	if err := execute(ctx, r.dir, nil, "go", "build", "-o", n.fill, "./build/fill"); err != nil {
		return nil, err
	}
	var all []measurement
	for _, measure := range []func(context.Context) ([]*measurement, error){n.webseed, n.download, n.idle, n.settle} {
		lines, err := measure(ctx)
		if err != nil {
			return nil, err
		}
		for _, m := range lines {
			if !n.wanted.MatchString(m.line()) {
				continue
			}
			if err := m.check(); err != nil {
				return nil, err
			}
			all = append(all, *m)
		}
	}
	return all, nil
}

// wants tells whether any of these lines was asked for.
func (n native) wants(lines []*measurement) bool {
	for _, m := range lines {
		if n.wanted.MatchString(m.line()) {
			return true
		}
	}
	return false
}

// add takes one turn.
func (m *measurement) add(ours, theirs float64) {
	m.Ours, m.Theirs = append(m.Ours, ours), append(m.Theirs, theirs)
}

// inTurn measures ours and theirs, and theirs first in every other round.
func inTurn[T any](round int, ours, theirs func() (T, error)) (our, their T, err error) {
	if round%2 == 1 {
		their, our, err = inTurn(0, theirs, ours)
		return our, their, err
	}
	if our, err = ours(); err == nil {
		their, err = theirs()
	}
	return our, their, err
}

// need installs a Debian package if a program of it is missing.
func (n native) need(ctx context.Context, installed func() bool, pkg string) error {
	return step("install "+pkg, func() error { return debian.Install(ctx, installed, pkg) })
}

func onPath(name string) func() bool {
	return func() bool {
		_, err := exec.LookPath(name)
		return err == nil
	}
}

// filled makes a data folder for a server that has copies of so many works. See build/fill.
func (n native) filled(ctx context.Context, works int, size int64, args ...string) (folder string, err error) {
	folder, err = os.MkdirTemp("", "fanseed-bench-")
	if err != nil || works == 0 {
		return folder, err
	}
	args = append([]string{"-data", folder, "-works", strconv.Itoa(works), "-size", strconv.FormatInt(size, 10)}, args...)
	return folder, errors.Join(execute(ctx, n.dir, nil, n.fill, args...), os.Chmod(folder, 0o755))
}

// serve starts the server on a data folder, and gives its address.
func (n native) serve(ctx context.Context, data string, args ...string) (p *process, url string, err error) {
	p, err = startProcess(data, n.binary, append([]string{"serve", "-addr", "127.0.0.1:0", "-data", data, "-seedbox-disk", "1TiB"}, args...)...)
	if err != nil {
		return nil, "", err
	}
	if url, err = p.says(ctx, `(?m)^fanseed: (http://[^\s/]+)`); err != nil {
		p.end()
		return nil, "", err
	}
	return p, url, nil
}

// onlyCopy is the name of the one copy in a data folder.
func onlyCopy(data string) (infohash string, err error) {
	found, err := filepath.Glob(filepath.Join(data, "copies", strings.Repeat("[0-9a-f]", 40)))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("%d copies in %s: %w", len(found), data, err)
	}
	return filepath.Base(found[0]), nil
}
