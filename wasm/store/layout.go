package store

import (
	"sort"
	"strconv"

	"fanseed/wasm/metainfo"
)

// layout says where the bytes of a torrent are kept: its files one after the other in data files, without the padding between them
// (BEP 47), which is zeros and never kept.
//
// A data file has a file of the torrent, or several where they are small: to open one costs a browser up to 50 ms, which a torrent of
// 10,000 small files must not pay for each.
type layout struct {
	names    []string // of the data files: the number of the first of the torrent's files in it
	sizes    []int64  // of the data files, in bytes
	segments []segment
}

// segment is a file of the torrent in a data file.
type segment struct {
	begin, length int64 // in the torrent's bytes
	file          int
	at            int64 // in the data file
}

// least is how small a data file may be before the next file of the torrent gets one of its own, in bytes.
const least = 4 << 20

// padding stands for a data file where there is none: the bytes are zeros.
const padding = -1

// newLayout gives data files of at least so many bytes each, except for the last one.
func newLayout(info *metainfo.Info, least int64) layout {
	var l layout
	var offset int64
	for i, f := range info.Files {
		if f.Length > 0 && !f.Padding {
			l.add(i, offset, f.Length, least)
		}
		offset += f.Length
	}
	return l
}

func (l *layout) add(number int, offset, length, least int64) {
	last := len(l.sizes) - 1
	if last < 0 || l.sizes[last] >= least {
		l.names, l.sizes = append(l.names, strconv.Itoa(number)), append(l.sizes, 0)
		last++
	}
	l.segments = append(l.segments, segment{offset, length, last, l.sizes[last]})
	l.sizes[last] += length
}

// each calls f for every part of a range of the torrent's bytes, in order: n bytes of a data file, or of padding.
func (l *layout) each(offset, length int64, f func(file int, at, n int64) error) error {
	i := sort.Search(len(l.segments), func(i int) bool { return l.segments[i].begin+l.segments[i].length > offset })
	for length > 0 {
		file, at, n := padding, int64(0), length
		if i < len(l.segments) {
			s := l.segments[i]
			if inside := offset - s.begin; inside < 0 {
				n = min(n, -inside)
			} else {
				file, at, n = s.file, s.at+inside, min(n, s.length-inside)
				i++ // or this is the last part
			}
		}
		if err := f(file, at, n); err != nil {
			return err
		}
		offset, length = offset+n, length-n
	}
	return nil
}

// stored is how many bytes of a range are kept: all but the padding.
func (l *layout) stored(offset, length int64) (bytes int64) {
	_ = l.each(offset, length, func(file int, _, n int64) error {
		if file != padding {
			bytes += n
		}
		return nil
	})
	return bytes
}
