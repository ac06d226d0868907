// Package metainfo reads and writes .torrent files and magnet links (BEP 3, 9, 12, 19; version 1).
//
// It promises that an Info that it has parsed is consistent and safe: sizes add up and fit, there is a hash for every piece, and no
// path leaves its folder or meets another. It keeps the exact bytes of the info dictionary, whose SHA-1 is the infohash. It never
// touches files, and never follows a URL.
package metainfo

import (
	"crypto/sha1"

	"fanseed/wasm/bencode"
)

// HashSize is the length in bytes of a piece's hash and of an infohash: SHA-1.
const HashSize = sha1.Size

// File is one file of a torrent. Files lie one after the other, without gaps, in the bytes that the pieces cut.
type File struct {
	Path    []string // below the torrent's folder; of a single file: its name alone
	Length  int64    // bytes
	Padding bool     // filler between real files, not to be shown or saved (BEP 47)
}

// Info describes the content of a torrent: the info dictionary of BEP 3.
type Info struct {
	Name        string // of the only file, or of the folder
	PieceLength int64  // bytes of every piece but the last
	Length      int64  // bytes of all files
	Files       []File // never empty
	Single      bool   // the form without a folder: exactly one file, whose path is Name
	Pieces      []byte // HashSize bytes for each piece
	Private     bool   // peers may come from the torrent's own trackers only (BEP 27)
}

// NumPieces returns the number of pieces.
func (i *Info) NumPieces() int { return len(i.Pieces) / HashSize }

// PieceSize returns the number of bytes in a piece: PieceLength, or what is left for the last one. It is 0 for a piece that does not
// exist.
func (i *Info) PieceSize(index int) int64 {
	if index < 0 || index >= i.NumPieces() {
		return 0
	}
	return min(i.PieceLength, i.Length-int64(index)*i.PieceLength)
}

// Hash returns the SHA-1 that a piece must have. It panics for a piece that does not exist.
func (i *Info) Hash(index int) [HashSize]byte {
	return [HashSize]byte(i.Pieces[index*HashSize:])
}

// Bytes returns the canonical info dictionary. Keys that Info does not hold are not in it: the dictionary of a torrent that somebody
// else made is Torrent.InfoBytes.
func (i *Info) Bytes() []byte {
	d := bencode.Dict{
		"name":         i.Name,
		"piece length": i.PieceLength,
		"pieces":       i.Pieces,
	}
	if i.Private {
		d["private"] = 1
	}
	if i.Single {
		d["length"] = i.Length
	} else {
		d["files"] = filesValue(i.Files)
	}
	return bencode.Append(nil, d)
}

func filesValue(files []File) []any {
	values := make([]any, 0, len(files))
	for _, f := range files {
		d := bencode.Dict{"length": f.Length, "path": f.Path}
		if f.Padding {
			d["attr"] = "p"
		}
		values = append(values, d)
	}
	return values
}
