package node

import (
	"slices"
	"sort"
	"strings"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// File is one file of a work. Filler between files (BEP 47) is none.
type File struct {
	Path   string
	Length int64
}

// files knows how much of each file is there. A file's number is its place among
// those that are no filler.
type files struct {
	info    *metainfo.Info
	list    []File  // never changes: snapshots share it
	offsets []int64 // of each file in the torrent's bytes
	got     []int64 // verified bytes of each; replaced when it changes: snapshots share it
	lent    bool    // got is in a snapshot
	length  int64   // bytes of all
	chosen  choice  // which are to be fetched; replaced when it changes
	due     int64   // bytes of those
	have    int64   // verified bytes of those
}

func newFiles(info *metainfo.Info) *files {
	f := &files{info: info}
	for _, file := range info.Content() {
		f.list = append(f.list, File{strings.Join(file.Path, "/"), file.Length})
		f.offsets = append(f.offsets, file.Offset)
		f.length += file.Length
	}
	f.got, f.due = make([]int64, len(f.list)), f.length
	return f
}

// place is where a file lies in the torrent's bytes.
func (f *files) place(file int) (offset, length int64, ok bool) {
	if f == nil || file < 0 || file >= len(f.list) {
		return 0, 0, false
	}
	return f.offsets[file], f.list[file].Length, true
}

// count begins with the pieces that are there.
func (f *files) count(have wire.Bitfield) {
	f.got, f.due, f.have, f.lent = make([]int64, len(f.list)), 0, 0, false
	for i, file := range f.list {
		if f.chosen.has(i) {
			f.due += file.Length
		}
	}
	for i := range f.info.NumPieces() {
		if have.Has(i) {
			f.add(i)
		}
	}
}

// add counts one more piece.
func (f *files) add(index int) {
	begin := int64(index) * f.info.PieceLength
	end := begin + f.info.PieceSize(index)
	if f.lent {
		f.got, f.lent = slices.Clone(f.got), false
	}
	for i := f.first(begin); i < len(f.list) && f.offsets[i] < end; i++ {
		n := min(end, f.offsets[i]+f.list[i].Length) - max(begin, f.offsets[i])
		if n > 0 { // a file of no bytes lies in no piece
			f.got[i] += n
			if f.chosen.has(i) {
				f.have += n
			}
		}
	}
}

// first is the first file that ends after an offset.
func (f *files) first(offset int64) int {
	return sort.Search(len(f.list), func(i int) bool { return f.offsets[i]+f.list[i].Length > offset })
}

// lend hands out the bytes of each file, which never change afterwards.
func (f *files) lend() []int64 {
	f.lent = true
	return f.got
}
