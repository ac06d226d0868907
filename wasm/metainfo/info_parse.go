package metainfo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"fanseed/wasm/bencode"
)

// MaxSize is the largest .torrent and the largest info dictionary, in bytes, that are read.
const MaxSize = 10 << 20

// limits admit keys out of order, which old .torrent files have: the infohash is that of the exact bytes in any case.
var limits = bencode.Limits{Unsorted: true}

// ParseInfo reads an info dictionary, of which the result holds parts. It does not hash it.
func ParseInfo(infoBytes []byte) (*Info, error) {
	v, err := decode(infoBytes)
	if err != nil {
		return nil, fmt.Errorf("info dictionary: %w", err)
	}
	return parseInfo(v)
}

func decode(b []byte) (bencode.Value, error) {
	if len(b) > MaxSize {
		return bencode.Value{}, fmt.Errorf("%d bytes, at most %d are allowed", len(b), MaxSize)
	}
	return bencode.Decode(b, limits)
}

func parseInfo(v bencode.Value) (*Info, error) {
	i := new(Info)
	if err := i.read(v); err != nil {
		return nil, fmt.Errorf("info dictionary: %w", err)
	}
	if err := i.Validate(); err != nil {
		return nil, fmt.Errorf("info dictionary: %w", err)
	}
	return i, nil
}

func (i *Info) read(v bencode.Value) (err error) {
	if v.Kind() != bencode.Dictionary {
		return errors.New("not a dictionary")
	}
	if err := i.readVersion(v); err != nil {
		return err
	}
	if i.Name, err = name(v); err != nil {
		return err
	}
	var ok bool
	if i.PieceLength, ok = v.Get("piece length").Int(); !ok {
		return errors.New("no piece length")
	}
	private, _ := v.Get("private").Int()
	i.Private = private != 0
	return i.readContent(v)
}

// readVersion comes first: of a later version nothing else may be understood (BEP 52).
func (i *Info) readVersion(v bencode.Value) error {
	version := v.Get("meta version")
	if version.Kind() == bencode.None {
		return nil
	}
	if n, ok := version.Int(); !ok || n != metaVersion {
		return errors.New("a meta version that is not known")
	}
	i.MetaVersion = metaVersion
	return nil
}

// readContent reads the files of version 1, of version 2, or of both.
func (i *Info) readContent(v bencode.Value) error {
	pieces := v.Get("pieces")
	if pieces.Kind() != bencode.None || !i.HasV2() {
		hashes, _ := pieces.Bytes()
		if len(hashes) == 0 {
			return errors.New("no pieces")
		}
		i.Pieces = slices.Clip(hashes)
		if err := i.readFiles(v); err != nil {
			return err
		}
	} else if v.Get("files").Kind() != bencode.None || v.Get("length").Kind() != bencode.None {
		return errors.New("files of version 1 without pieces")
	}
	if i.HasV2() {
		return i.readTree(v.Get("file tree"))
	}
	return nil
}

// name prefers the key that old programs added when they wrote the other in the encoding of their system.
func name(v bencode.Value) (string, error) {
	n := v.Get("name.utf-8")
	if n.Kind() == bencode.None {
		n = v.Get("name")
	}
	s, ok := n.Text()
	if !ok {
		return "", errors.New("no name")
	}
	return s, nil
}

func (i *Info) readFiles(v bencode.Value) error {
	files, length := v.Get("files"), v.Get("length")
	if (files.Kind() == bencode.None) == (length.Kind() == bencode.None) {
		return errors.New("either files or length must be there")
	}
	if n, ok := length.Int(); ok {
		i.Single, i.Length = true, n
		i.Files = []File{{Path: []string{i.Name}, Length: n}}
		i.Files[0].readAttr(v)
		return nil
	}
	if files.Kind() != bencode.List {
		return errors.New("files or length of a wrong type")
	}
	for item := range files.Items() {
		f, err := parseFile(item)
		if err != nil {
			return fmt.Errorf("file %d: %w", len(i.Files), err)
		}
		i.Files = append(i.Files, f)
	}
	i.Length = Lay(i.Files)
	return nil
}

func parseFile(v bencode.Value) (f File, err error) {
	if err := f.readProperties(v); err != nil {
		return f, err
	}
	path := v.Get("path.utf-8")
	if path.Kind() == bencode.None {
		path = v.Get("path")
	}
	for item := range path.Items() {
		part, ok := item.Text()
		if !ok {
			return f, errors.New("path of a wrong type")
		}
		f.Path = append(f.Path, part)
	}
	return f, nil
}

// readProperties reads what both versions say of a file.
func (f *File) readProperties(v bencode.Value) error {
	if f.readAttr(v) {
		return nil // a link to another place, which is never followed: an empty file
	}
	var ok bool
	if f.Length, ok = v.Get("length").Int(); !ok {
		return errors.New("no length")
	}
	return nil
}

// readAttr reads the letters of BEP 47.
func (f *File) readAttr(v bencode.Value) (link bool) {
	attr, _ := v.Get("attr").Text()
	f.Padding = strings.Contains(attr, "p")
	f.Hidden = strings.Contains(attr, "h")
	f.Executable = strings.Contains(attr, "x")
	return strings.Contains(attr, "l")
}

// addLength adds what may be hostile numbers: any overflow or negative length gives -1, which Validate refuses.
func addLength(a, b int64) int64 {
	if a < 0 || b < 0 || a > MaxLength-b {
		return -1
	}
	return a + b
}

func validText(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("not UTF-8")
	}
	return nil
}
