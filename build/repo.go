package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
)

// A repo is the working copy that is being built.
type repo struct {
	dir string // absolute; holds go.mod
}

// openRepo finds the repository that holds the working directory.
func openRepo() (repo, error) {
	dir, err := os.Getwd()
	if err != nil {
		return repo{}, err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(mod, []byte("module fanseed\n")) {
			return repo{dir}, nil
		}
		if filepath.Dir(dir) == dir {
			return repo{}, errors.New("not inside the fanseed repository: no go.mod that says `module fanseed`")
		}
		dir = filepath.Dir(dir)
	}
}

// path is the absolute path of a file of the repository, named with slashes.
func (r repo) path(name string) string { return filepath.Join(r.dir, filepath.FromSlash(name)) }

// cache is the absolute path of something that the build may forget.
func (r repo) cache(name string) string { return r.path(".cache/" + name) }

// writeFile writes a file whole or not at all, with the directories above it. A file that holds these bytes already is left alone, so
// that what is built from it stays up to date.
func writeFile(name string, content []byte) error {
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	part := name + ".part"
	if err := os.WriteFile(part, content, 0o644); err != nil {
		return err
	}
	return os.Rename(part, name)
}
