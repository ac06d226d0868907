package metainfo

import (
	"iter"
	"slices"
	"sort"
	"strconv"
	"strings"

	"fanseed/wasm/merkle"
)

// File is one file of a torrent. Files lie one after the other, without gaps, in the bytes that the pieces cut.
type File struct {
	Path       []string    // below the torrent's folder; of a single file: its name alone
	Offset     int64       // of its first byte: the bytes of all files before it
	Length     int64       // bytes
	Padding    bool        // zeros between real files, not to be shown or saved (BEP 47)
	Hidden     bool        // as its maker's system had it (BEP 47)
	Executable bool        // the same
	Root       merkle.Hash // pieces root (BEP 52); zero where there are no bytes, in padding, and in version 1 alone
}

// pieces returns the number of pieces of a file that begins with one.
func (f *File) pieces(pieceLength int64) int { return int((f.Length + pieceLength - 1) / pieceLength) }

// Content goes through the files that people see, those that are no padding, numbered from 0.
func (i *Info) Content() iter.Seq2[int, File] {
	return func(yield func(int, File) bool) {
		n := 0
		for _, f := range i.Files {
			if f.Padding {
				continue
			}
			if !yield(n, f) {
				return
			}
			n++
		}
	}
}

// ContentFile returns one of the files of Content by its number; false when there is none.
func (i *Info) ContentFile(n int) (File, bool) {
	for m, f := range i.Content() {
		if m == n {
			return f, true
		}
	}
	return File{}, false
}

// Size returns the bytes that people see: of all files without padding.
func (i *Info) Size() int64 {
	size := int64(0)
	for _, f := range i.Content() {
		size += f.Length
	}
	return size
}

// FileAt returns the number in Files of the file that has a byte of the torrent.
func (i *Info) FileAt(offset int64) int {
	return sort.Search(len(i.Files), func(n int) bool { return i.Files[n].Offset > offset }) - 1
}

// Padded tells whether all of the bytes from offset on are padding.
func (i *Info) Padded(offset, length int64) bool {
	for n := i.FileAt(offset); n < len(i.Files) && i.Files[n].Offset < offset+length; n++ {
		if f := &i.Files[n]; !f.Padding && f.Length > 0 {
			return false
		}
	}
	return true
}

// Lay lays files one after the other: it sets their offsets and returns their length, -1 when it does not fit.
func Lay(files []File) (length int64) {
	for n := range files {
		files[n].Offset = length
		if length = addLength(length, files[n].Length); length < 0 {
			return -1
		}
	}
	return length
}

// Arrange returns files, whose paths must differ, as version 2 and hybrids have them: in the order of the file tree, with padding
// wherever a file with bytes would not begin with a piece. In order stand the numbers that the files had, without padding.
func Arrange(files []File, pieceLength int64) (arranged []File, order []int) {
	numbers := make(map[string]int, len(files))
	paths := make([][]string, len(files))
	for n, f := range files {
		numbers[strings.Join(f.Path, "/")], paths[n] = n, f.Path
	}
	slices.SortFunc(paths, slices.Compare)
	sorted := make([]File, len(files))
	for n, path := range paths {
		from := numbers[strings.Join(path, "/")]
		sorted[n], order = files[from], append(order, from)
	}
	return align(sorted, pieceLength), order
}

// align puts padding right behind the files that do not end with a piece, but for the last one with bytes, and sets all offsets.
func align(files []File, pieceLength int64) []File {
	last := len(files) - 1
	for last > 0 && files[last].Length == 0 {
		last--
	}
	aligned := make([]File, 0, 2*len(files))
	for n, f := range files {
		aligned = append(aligned, f)
		if past := f.Length % pieceLength; past > 0 && n < last {
			aligned = append(aligned, padding(pieceLength-past))
		}
	}
	Lay(aligned)
	return aligned
}

// padding returns a file of zeros, named as in BEP 47.
func padding(length int64) File {
	return File{Path: []string{".pad", strconv.FormatInt(length, 10)}, Length: length, Padding: true}
}
