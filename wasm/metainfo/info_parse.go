package metainfo

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"fanseed/wasm/bencode"
)

// MaxSize is the largest .torrent and the largest info dictionary, in bytes, that are read.
const MaxSize = 10 << 20

// limits admit keys out of order, which old .torrent files have: the infohash is that of the exact bytes in any case.
var limits = bencode.Limits{Unsorted: true}

// ParseInfo reads an info dictionary. It does not hash it.
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

var errNoPieces = errors.New("no pieces: only torrents of version 1 and hybrid ones can be read")

func (i *Info) read(v bencode.Value) (err error) {
	if v.Kind() != bencode.Dictionary {
		return errors.New("not a dictionary")
	}
	if i.Name, err = name(v); err != nil {
		return err
	}
	pieces, ok := v.Get("pieces").Bytes()
	if !ok {
		return errNoPieces
	}
	i.Pieces = append([]byte(nil), pieces...)
	if i.PieceLength, ok = v.Get("piece length").Int(); !ok {
		return errors.New("no piece length")
	}
	private, _ := v.Get("private").Int()
	i.Private = private != 0
	return i.readFiles(v)
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
		i.Length = addLength(i.Length, f.Length)
	}
	return nil
}

func parseFile(v bencode.Value) (f File, err error) {
	var ok bool
	if f.Length, ok = v.Get("length").Int(); !ok {
		return f, errors.New("no length")
	}
	attr, _ := v.Get("attr").Text()
	f.Padding = strings.Contains(attr, "p")
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
