package storetest

import (
	"math/rand/v2"
	"slices"

	"fanseed/wasm/metainfo"
)

// sample is a torrent with its content.
type sample struct {
	info    *metainfo.Info
	content []byte
}

// samples returns torrents whose files and pieces meet in every way: pieces inside files, files inside pieces, both ending together,
// empty files at the front, between others and at the end, a short last piece, a single byte and padding.
func samples() []sample {
	return []sample{
		newSample(16, 1),
		newSample(16, 16),
		newSample(1000, 10_500),
		newSample(16, 5, 11, 0, 40, 8, 1, 0),
		newSample(16, 0, 3, 3, 3, 100),
		newSample(16<<10, 40<<10, 24<<10, 5),
		newSample(16, 5, -11, 0, 40, -8, 16, 3),
		newSample(1<<10, 1, -(3<<10 - 1), 2<<10),
		newV2(newSample(16<<10, 5, -(16<<10 - 5), 20_000, -(32<<10 - 20_000), 16<<10, 0, 1)),
	}
}

// newV2 makes a torrent one of version 2 alone, whose pieces end with their file (BEP 52).
func newV2(s sample) sample {
	s.info.MetaVersion, s.info.Pieces = 2, nil
	for i := range s.info.Files {
		if f := &s.info.Files[i]; f.Length > 0 && !f.Padding {
			f.Root[0] = 1
		}
	}
	if err := s.info.Validate(); err != nil {
		panic(err)
	}
	return s
}

// newSample makes a torrent of files of the given lengths, of which the negative ones are padding.
func newSample(pieceLength int64, lengths ...int64) sample {
	info := &metainfo.Info{Name: "sample", PieceLength: pieceLength, Single: len(lengths) == 1}
	for i, length := range lengths {
		name := "sample"
		if !info.Single {
			name = string(rune('a' + i))
		}
		info.Files = append(info.Files, metainfo.File{Path: []string{name}, Length: max(length, -length), Padding: length < 0})
	}
	info.Length = metainfo.Lay(info.Files)
	info.Pieces = make([]byte, (info.Length+pieceLength-1)/pieceLength*metainfo.HashSize)
	if err := info.Validate(); err != nil {
		panic(err)
	}
	content := make([]byte, info.Length)
	random := rand.New(rand.NewPCG(uint64(pieceLength), uint64(info.Length)))
	rest := content
	for _, f := range info.Files {
		for i := range rest[:f.Length] {
			if !f.Padding {
				rest[i] = byte(random.Uint32())
			}
		}
		rest = rest[f.Length:]
	}
	return sample{info, content}
}

// padded tells that not all bytes must be kept.
func (s sample) padded() bool {
	return slices.ContainsFunc(s.info.Files, func(f metainfo.File) bool { return f.Padding })
}

// piece returns a copy of the bytes of a piece.
func (s sample) piece(index int) []byte {
	begin := int64(index) * s.info.PieceLength
	return append([]byte(nil), s.content[begin:begin+s.info.PieceSize(index)]...)
}
