package metainfo

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// unsafe marks what a part of a path may not have.
const unsafe = "/\\\x00"

// SafeName makes any text a name that Validate accepts, by as little as can be: what is unsafe becomes an underline, and what is too
// long is cut.
func SafeName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(unsafe, r) {
			return '_'
		}
		return r // of what is not UTF-8: U+FFFD
	}, s)
	switch s {
	case "", ".", "..":
		return "_" + s
	}
	for len(s) > maxName {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// SafePath makes any text, with slashes between its parts, a path that Validate accepts. Folders deeper than that are left out.
func SafePath(s string) []string {
	path := strings.Split(s, "/")
	if deep := len(path) - maxDepth; deep > 0 {
		path = append(path[:maxDepth-1:maxDepth-1], path[len(path)-1])
	}
	for n, part := range path {
		path[n] = SafeName(part)
	}
	return path
}

// Distinguish gives a number to each file whose path an earlier file, or a folder, has already.
func Distinguish(files []File) {
	taken := map[string]bool{}
	for _, f := range files {
		for n := 1; n < len(f.Path); n++ {
			taken[strings.Join(f.Path[:n], "/")] = true
		}
	}
	again := map[string]int{}
	for _, f := range files {
		path, last := strings.Join(f.Path, "/"), len(f.Path)-1
		name := f.Path[last]
		for taken[strings.Join(f.Path, "/")] {
			again[path]++
			f.Path[last] = numbered(name, again[path]+1)
		}
		taken[strings.Join(f.Path, "/")] = true
	}
}

// numbered puts a number before the ending of a name.
func numbered(name string, n int) string {
	end := strings.LastIndexByte(name, '.')
	if end <= 0 {
		end = len(name)
	}
	mark := " (" + strconv.Itoa(n) + ")"
	stem, ending := name[:end], name[end:]
	if excess := len(name) + len(mark) - maxName; excess > 0 {
		if excess >= len(stem) {
			stem, ending = name, ""
		}
		stem = strings.ToValidUTF8(stem[:len(stem)-excess], "")
	}
	return stem + mark + ending
}
