package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// contentHash is the part of an asset's name that changes with its content: eight hexadecimal digits.
func contentHash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:4])
}

// hashFiles is a hash over the names and contents of files, in the order given. A missing file counts as such.
func hashFiles(names ...string) (string, error) {
	h := sha256.New()
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		fmt.Fprintf(h, "%q %d %t\n", name, len(content), err == nil)
		h.Write(content)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// filesUnder lists the files below dir that end in one of the extensions, in lexical order, without those of other people's packages
// and of earlier builds.
func filesUnder(dir string, extensions ...string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() && (base == "node_modules" || base == "dist" || strings.HasPrefix(base, ".")) && name != dir {
			return filepath.SkipDir
		}
		for _, extension := range extensions {
			if !entry.IsDir() && strings.HasSuffix(base, extension) {
				names = append(names, name)
			}
		}
		return nil
	})
	return names, err
}

// A stamp remembers for which inputs a step was last done.
type stamp struct {
	file string
	hash string
}

// stampOf is the stamp kept in file for these inputs.
func stampOf(file string, inputs ...string) (stamp, error) {
	hash, err := hashFiles(inputs...)
	return stamp{file, hash}, err
}

func (s stamp) fresh() bool {
	kept, err := os.ReadFile(s.file)
	return err == nil && string(kept) == s.hash
}

func (s stamp) keep() error { return writeFile(s.file, []byte(s.hash)) }
