// Package metainfo reads and writes .torrent files and magnet links (BEP 3, 9, 12, 19, 27, 47, 52, 53), of version 1, version 2, and both.
//
// It promises that an Info that it has parsed is consistent and safe: sizes add up and fit, there is a hash for every piece, both
// versions describe the same files, and no path leaves its folder or meets another. It keeps the exact bytes of the info dictionary,
// whose hash is the infohash. It never touches files, and never follows a URL.
package metainfo

import (
	"crypto/sha1"

	"fanseed/wasm/bencode"
)

// HashSize is the length in bytes of a piece's hash of version 1 and of an infohash: SHA-1.
const HashSize = sha1.Size

// metaVersion is the value of "meta version" (BEP 52).
const metaVersion = 2

// Info describes the content of a torrent: the info dictionary of BEP 3, of BEP 52, or of both in one, which is a hybrid.
//
// There is one address space for all versions: piece i begins at byte i × PieceLength. In hybrids and in version 2 every file that has
// bytes begins with a piece; files of padding fill the gaps. In hybrids these are part of the torrent (BEP 47), in version 2 alone they
// only stand in Files and are never sent.
type Info struct {
	Name        string // of the only file, or of the folder
	PieceLength int64  // bytes from one piece's beginning to the next
	Length      int64  // bytes of all files and of the padding between them
	Files       []File // never empty
	Single      bool   // the form without a folder: exactly one file, whose path is Name
	Pieces      []byte // HashSize bytes for each piece; empty in version 2 alone
	MetaVersion int    // 2 where there is a file tree (BEP 52), else 0
	Private     bool   // peers may come from the torrent's own trackers only (BEP 27)
}

// HasV1 tells whether the torrent is of version 1, or a hybrid.
func (i *Info) HasV1() bool { return len(i.Pieces) > 0 }

// HasV2 tells whether the torrent is of version 2, or a hybrid.
func (i *Info) HasV2() bool { return i.MetaVersion == metaVersion }

// NumPieces returns the number of pieces.
func (i *Info) NumPieces() int {
	if i.HasV1() {
		return len(i.Pieces) / HashSize
	}
	if i.Length <= 0 {
		return 0
	}
	return int((i.Length-1)/i.PieceLength) + 1
}

// PieceSize returns the number of bytes that peers send of a piece. In version 1 and in hybrids that is PieceLength, or what is left for
// the last one; in version 2 alone a piece ends with its file. It is 0 for a piece that does not exist.
func (i *Info) PieceSize(index int) int64 {
	switch {
	case index < 0 || index >= i.NumPieces():
		return 0
	case !i.HasV1():
		return i.Place(index).Length
	}
	return min(i.PieceLength, i.Length-int64(index)*i.PieceLength)
}

// Hash returns the SHA-1 that a piece must have. It panics for a piece that does not exist, and where there is no version 1.
func (i *Info) Hash(index int) [HashSize]byte {
	return [HashSize]byte(i.Pieces[index*HashSize:])
}

// Bytes returns the canonical info dictionary. Keys that Info does not hold are not in it: the dictionary of a torrent that somebody
// else made is Torrent.InfoBytes.
func (i *Info) Bytes() []byte {
	d := bencode.Dict{"name": i.Name, "piece length": i.PieceLength}
	if i.Private {
		d["private"] = 1
	}
	if i.HasV1() {
		i.putV1(d)
	}
	if i.HasV2() {
		d["meta version"] = metaVersion
		d["file tree"] = i.tree()
	}
	return bencode.Append(nil, d)
}

func (i *Info) putV1(d bencode.Dict) {
	d["pieces"] = i.Pieces
	if i.Single {
		d["length"] = i.Length
		putAttr(d, i.Files[0])
		return
	}
	values := make([]any, 0, len(i.Files))
	for _, f := range i.Files {
		v := bencode.Dict{"length": f.Length, "path": f.Path}
		putAttr(v, f)
		values = append(values, v)
	}
	d["files"] = values
}

// tree returns the file tree of BEP 52.
func (i *Info) tree() bencode.Dict {
	root := bencode.Dict{}
	for _, f := range i.Content() {
		properties := bencode.Dict{"length": f.Length}
		if f.Length > 0 {
			properties["pieces root"] = f.Root[:]
		}
		putAttr(properties, f)
		branch := root
		for _, part := range f.Path {
			next, ok := branch[part].(bencode.Dict)
			if !ok {
				next = bencode.Dict{}
				branch[part] = next
			}
			branch = next
		}
		branch[""] = properties
	}
	return root
}

// putAttr writes what BEP 47 has a letter for.
func putAttr(d bencode.Dict, f File) {
	attr := ""
	if f.Executable {
		attr += "x"
	}
	if f.Hidden {
		attr += "h"
	}
	if f.Padding {
		attr += "p"
	}
	if attr != "" {
		d["attr"] = attr
	}
}
