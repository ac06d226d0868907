package metainfo

import (
	"errors"
	"fmt"
	"slices"

	"fanseed/wasm/bencode"
	"fanseed/wasm/merkle"
)

// readTree reads the file tree of BEP 52. In a hybrid it must describe the files of version 1, in the same order.
func (i *Info) readTree(v bencode.Value) error {
	if v.Kind() != bencode.Dictionary {
		return errors.New("no file tree")
	}
	files, err := appendTree(nil, nil, v)
	if err != nil {
		return err
	}
	if i.HasV1() {
		return i.unite(files)
	}
	if err := CheckPieceLength(i.PieceLength); err != nil {
		return err
	}
	if Lay(files) < 0 {
		return errFit
	}
	i.Files = align(files, i.PieceLength)
	if i.Length = Lay(i.Files); i.Length < 0 {
		return errFit
	}
	i.Single = i.isSingle()
	return nil
}

// appendTree appends the files of one folder of the tree.
func appendTree(files []File, path []string, folder bencode.Value) ([]File, error) {
	if len(path) == maxDepth {
		return nil, errors.New("file tree: too deep")
	}
	for key, value := range folder.Entries() {
		if len(key) == 0 || value.Kind() != bencode.Dictionary {
			return nil, errors.New("file tree: an entry that is neither a file nor a folder")
		}
		below := append(slices.Clip(path), string(key))
		var err error
		if properties, ok := leaf(value); ok {
			files, err = appendLeaf(files, below, properties)
		} else {
			files, err = appendTree(files, below, value)
		}
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// leaf returns the properties of an entry that is a file: it has nothing but them, under an empty key.
func leaf(entry bencode.Value) (properties bencode.Value, ok bool) {
	n := 0
	for key, value := range entry.Entries() {
		if n++; n > 1 || len(key) > 0 {
			return properties, false
		}
		properties = value
	}
	return properties, n == 1
}

func appendLeaf(files []File, path []string, properties bencode.Value) ([]File, error) {
	f := File{Path: path}
	if err := f.readProperties(properties); err != nil {
		return nil, fmt.Errorf("file tree: file %d: %w", len(files), err)
	}
	if f.Padding {
		return nil, fmt.Errorf("file tree: file %d is padding", len(files))
	}
	if f.Length > 0 {
		root, _ := properties.Get("pieces root").Bytes()
		if len(root) != merkle.HashSize {
			return nil, fmt.Errorf("file tree: file %d: no pieces root", len(files))
		}
		f.Root = merkle.Hash(root)
	}
	return append(files, f), nil
}

var errDiffer = errors.New("the files of version 1 and of version 2 differ")

// unite gives the files of version 1 the roots of version 2.
func (i *Info) unite(tree []File) error {
	n := 0
	for m := range i.Files {
		f := &i.Files[m]
		if f.Padding {
			continue
		}
		if n == len(tree) || tree[n].Length != f.Length || !slices.Equal(tree[n].Path, f.Path) {
			return errDiffer
		}
		f.Root = tree[n].Root
		n++
	}
	if n < len(tree) {
		return errDiffer
	}
	return nil
}

// isSingle tells whether a file tree is that of a torrent without a folder.
func (i *Info) isSingle() bool {
	return len(i.Files) == 1 && slices.Equal(i.Files[0].Path, []string{i.Name})
}
