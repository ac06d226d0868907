package store

import (
	"fmt"
	"slices"
	"testing"

	"fanseed/wasm/metainfo"
)

// torrentOf makes an Info of files of the given lengths, of which the negative ones are padding.
func torrentOf(pieceLength int64, lengths ...int64) *metainfo.Info {
	info := &metainfo.Info{PieceLength: pieceLength}
	for _, length := range lengths {
		info.Files = append(info.Files, metainfo.File{Length: max(length, -length), Padding: length < 0})
		info.Length += max(length, -length)
	}
	info.Pieces = make([]byte, (info.Length+pieceLength-1)/pieceLength*metainfo.HashSize)
	return info
}

func TestLayout(t *testing.T) {
	for _, test := range []struct {
		files          []int64
		least          int64
		offset, length int64
		want           []string // data file@begin+length
	}{
		{[]int64{10, 20}, 1, 0, 30, []string{"0@0+10", "1@0+20"}},
		{[]int64{10, 20}, 1, 5, 10, []string{"0@5+5", "1@0+5"}},
		{[]int64{10, 20}, 11, 5, 10, []string{"0@5+5", "0@10+5"}},
		{[]int64{0, 10, 0, 20, 0}, 1, 9, 2, []string{"1@9+1", "3@0+1"}},
		{[]int64{10, -6, 20}, 1, 8, 12, []string{"0@8+2", "padding+6", "2@0+4"}},
		{[]int64{10, -6, 20}, 99, 8, 12, []string{"0@8+2", "padding+6", "0@10+4"}},
		{[]int64{10, -6}, 1, 12, 4, []string{"padding+4"}},
		{[]int64{-6, 10}, 1, 2, 5, []string{"padding+4", "1@0+1"}},
		{[]int64{10}, 1, 10, 0, nil},
		{[]int64{3, 3, 3, 3}, 5, 0, 12, []string{"0@0+3", "0@3+3", "2@0+3", "2@3+3"}},
		{[]int64{5 << 30, 7}, 1, 5<<30 - 1, 3, []string{fmt.Sprintf("0@%d+1", 5<<30-1), "1@0+2"}},
	} {
		l := newLayout(torrentOf(1<<20, test.files...), test.least)
		var got []string
		_ = l.each(test.offset, test.length, func(file int, at, n int64) error {
			if file == padding {
				got = append(got, fmt.Sprintf("padding+%d", n))
			} else {
				got = append(got, fmt.Sprintf("%s@%d+%d", l.names[file], at, n))
			}
			return nil
		})
		if !slices.Equal(got, test.want) {
			t.Errorf("%d+%d of %v with at least %d: got %q, want %q", test.offset, test.length, test.files, test.least, got, test.want)
		}
	}
}

// Ten thousand small files need few data files.
func TestLayoutOfManyFiles(t *testing.T) {
	l := newLayout(torrentOf(16<<10, slices.Repeat([]int64{3000, -13384}, 10_000)...), least)
	if len(l.names) != 8 || l.stored(0, 10_000*16<<10) != 30_000_000 {
		t.Errorf("%d data files with %d bytes, want 8 with 30000000", len(l.names), l.stored(0, 10_000*16<<10))
	}
}
