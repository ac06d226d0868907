// Package seed is the command that seeds from a terminal: it makes a torrent of a person's files, or takes one that exists, publishes it,
// and gives it to browsers and to stock clients alike.
//
// It owns what a person gives on the command line, and what is shown. It promises that files are only read, that what is fetched goes
// into its own folder, and that a torrent is made as the page makes it. It never speaks a peer protocol itself.
package seed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fanseed/wasm/metainfo"
)

// chosen is a person's file, and its place in the torrent.
type chosen struct {
	file   string   // on the disk
	path   []string // in the torrent
	length int64
}

// choose finds the files of what a person named: one file, one folder with all in it, or several of both. Links and what is neither file
// nor folder are left out of folders.
func choose(names []string) (all []chosen, name string, err error) {
	for _, given := range names {
		under := ""
		if len(names) > 1 {
			under = filepath.Base(given)
		}
		found, err := below(given, under)
		if err != nil {
			return nil, "", err
		}
		all = append(all, found...)
	}
	name = nameOf(names[0])
	if len(all) == 0 {
		return nil, "", fmt.Errorf("there is no file in %s", strings.Join(names, ", "))
	}
	return all, name, nil
}

// nameOf is what a work is called: the file, the folder, or the folder of the first of several.
func nameOf(given string) string {
	if whole, err := filepath.Abs(given); err == nil {
		given = whole
	}
	return metainfo.SafeName(filepath.Base(given))
}

// below finds the files of one file or folder, whose paths in the torrent begin with under.
func below(given, under string) (all []chosen, err error) {
	root, err := os.Stat(given)
	if err != nil {
		return nil, err
	}
	if !root.IsDir() {
		if !root.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is no file", given)
		}
		return []chosen{{given, metainfo.SafePath(filepath.Base(given)), root.Size()}}, nil
	}
	err = filepath.WalkDir(given, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		c, err := inside(given, under, file, entry)
		all = append(all, c)
		return err
	})
	return all, err
}

func inside(root, under, file string, entry fs.DirEntry) (chosen, error) {
	about, err := entry.Info()
	if err != nil {
		return chosen{}, err
	}
	relative, err := filepath.Rel(root, file)
	if err != nil {
		return chosen{}, err
	}
	return chosen{file, metainfo.SafePath(filepath.ToSlash(filepath.Join(under, relative))), about.Size()}, nil
}

var errTooMany = errors.New("a torrent cannot have so many files")

// plan puts the files in order, with their padding, as info says without its hashes. In files stands for each of info.Files where it lies
// on the disk, "" for padding.
func plan(all []chosen, name string, o Options) (info *metainfo.Info, files []string, err error) {
	if len(all) > metainfo.MaxFiles/2 {
		return nil, nil, errTooMany
	}
	info = &metainfo.Info{Name: name, Private: o.Private, Single: len(all) == 1 && len(all[0].path) == 1}
	total := int64(0)
	for _, c := range all {
		info.Files = append(info.Files, metainfo.File{Path: c.path, Length: c.length})
		total += c.length
	}
	metainfo.Distinguish(info.Files)
	if info.Single {
		info.Files[0].Path[0] = info.Name
	}
	info.PieceLength = metainfo.PieceLength(total)
	order := make([]int, len(all))
	for n := range order {
		order[n] = n
	}
	if o.Format != V1 {
		info.Files, order = metainfo.Arrange(info.Files, info.PieceLength)
	}
	info.Length = metainfo.Lay(info.Files)
	return info, placed(info, all, order), nil
}

func placed(info *metainfo.Info, all []chosen, order []int) (files []string) {
	next := 0
	for _, f := range info.Files {
		file := ""
		if !f.Padding {
			file = all[order[next]].file
			next++
		}
		files = append(files, file)
	}
	return files
}
