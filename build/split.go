package main

import (
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// partsConstant is the name under which a bundle with parts learns the files of each of them, by the part's name.
const partsConstant = "__PARTS__"

// A splitBundle is what esbuild made of an entry point and of the parts that it imports dynamically.
type splitBundle struct {
	bundle
	files map[string]splitFile // by path
	first string               // path of the one file that the page begins with
}

type splitFile struct {
	EntryPoint string              `json:"entryPoint"`
	Inputs     map[string]struct{} `json:"inputs"`
	Imports    []struct {
		Path string `json:"path"`
		Kind string `json:"kind"`
	} `json:"imports"`
}

// split builds an entry point with its parts and adds their files to the site.
func (b *bundler) split(entry bundle, options api.BuildOptions, site *site) error {
	options.Splitting, options.Metafile, options.ChunkNames = true, true, "[name]-[hash]"
	result := api.Build(options)
	if err := messages(result.Errors); err != nil {
		return err
	}
	s, err := newSplitBundle(entry, result.Metafile)
	if err != nil {
		return err
	}
	renamed := strings.NewReplacer(s.renames()...)
	filled := strings.NewReplacer(append(s.renames(), partsConstant, renamed.Replace(s.parts()))...)
	for _, file := range result.OutputFiles {
		name, err := filepath.Rel(options.AbsWorkingDir, file.Path)
		if err != nil {
			return err
		}
		if plain := s.plain(filepath.ToSlash(name)); plain != "" {
			site.add(plain, renamed.Replace(filepath.Base(name)), []byte(filled.Replace(string(file.Contents))))
		}
	}
	return nil
}

func newSplitBundle(entry bundle, metafile string) (*splitBundle, error) {
	var meta struct {
		Outputs map[string]splitFile `json:"outputs"`
	}
	if err := json.Unmarshal([]byte(metafile), &meta); err != nil {
		return nil, fmt.Errorf("read what esbuild says of %s: %w", entry.entry, err)
	}
	s := &splitBundle{bundle: entry, files: meta.Outputs}
	for name, file := range s.files {
		if file.EntryPoint != entry.entry {
			continue
		}
		first := slices.DeleteFunc(s.needed(name), s.isShell)
		if len(first) != 1 {
			return nil, fmt.Errorf("%s begins with %s, not with one file: each part has to import it", entry.entry, strings.Join(first, " and "))
		}
		s.first = first[0]
	}
	return s, nil
}

// isShell reports whether a file is the entry with nothing of its own: where parts import the entry point, esbuild puts all of it into a
// file that they can share. Nobody needs the shell.
func (s *splitBundle) isShell(name string) bool {
	return s.files[name].EntryPoint == s.entry && len(s.files[name].Inputs) == 0
}

// needed is a file and everything that it imports before it can run.
func (s *splitBundle) needed(name string) []string {
	all := []string{name}
	for i := 0; i < len(all); i++ {
		for _, imported := range s.files[all[i]].Imports {
			_, ours := s.files[imported.Path]
			if ours && imported.Kind == "import-statement" && !slices.Contains(all, imported.Path) {
				all = append(all, imported.Path)
			}
		}
	}
	return all
}

// plain is a file's name in dist without a hash: "page.js" for the first, "page-sharing.js" for a part, "page-shared.js" for what parts
// alone share, and none for the shell.
func (s *splitBundle) plain(name string) string {
	switch part := s.files[name].EntryPoint; {
	case s.isShell(name):
		return ""
	case name == s.first:
		return s.name + ".js"
	case part == "":
		return s.name + "-shared.js"
	default:
		return s.name + "-" + partName(part) + ".js"
	}
}

func partName(entry string) string { return strings.TrimSuffix(path.Base(entry), path.Ext(entry)) }

// renames are esbuild's names of the files and ours, in turn. The hash in esbuild's name covers the file and all that it imports, and ours
// says the same in the eight hexadecimal digits that the server looks for.
func (s *splitBundle) renames() []string {
	var pairs []string
	for name := range s.files {
		if plain := s.plain(name); plain != "" {
			pairs = append(pairs, path.Base(name), hashedName(plain, contentHash([]byte(path.Base(name)))))
		}
	}
	return pairs
}

// parts is a JavaScript object: the addresses of the files that each part needs beside the first one, by the part's name.
func (s *splitBundle) parts() string {
	parts := map[string][]string{}
	for name, file := range s.files {
		if file.EntryPoint == "" || file.EntryPoint == s.entry {
			continue
		}
		for _, needed := range s.needed(name) {
			if needed != s.first {
				parts[partName(file.EntryPoint)] = append(parts[partName(file.EntryPoint)], "/"+path.Base(needed))
			}
		}
	}
	text, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings always become JSON
	}
	return string(text)
}
