package storetest

import (
	"math/rand/v2"

	"fanseed/wasm/metainfo"
)

// sample is a torrent with its content.
type sample struct {
	info    *metainfo.Info
	content []byte
}

// samples returns torrents whose files and pieces meet in every way: pieces inside files, files inside pieces, both ending together,
// empty files at the front, between others and at the end, a short last piece and a single byte.
func samples() []sample {
	return []sample{
		newSample(16, 1),
		newSample(16, 16),
		newSample(1000, 10_500),
		newSample(16, 5, 11, 0, 40, 8, 1, 0),
		newSample(16, 0, 3, 3, 3, 100),
		newSample(16<<10, 40<<10, 24<<10, 5),
	}
}

func newSample(pieceLength int64, lengths ...int64) sample {
	info := &metainfo.Info{Name: "sample", PieceLength: pieceLength, Single: len(lengths) == 1}
	for i, length := range lengths {
		name := "sample"
		if !info.Single {
			name = string(rune('a' + i))
		}
		info.Files = append(info.Files, metainfo.File{Path: []string{name}, Length: length})
	}
	info.Length = metainfo.Lay(info.Files)
	info.Pieces = make([]byte, (info.Length+pieceLength-1)/pieceLength*metainfo.HashSize)
	if err := info.Validate(); err != nil {
		panic(err)
	}
	content := make([]byte, info.Length)
	random := rand.New(rand.NewPCG(uint64(pieceLength), uint64(info.Length)))
	for i := range content {
		content[i] = byte(random.Uint32())
	}
	return sample{info, content}
}

// piece returns a copy of the bytes of a piece.
func (s sample) piece(index int) []byte {
	begin := int64(index) * s.info.PieceLength
	return append([]byte(nil), s.content[begin:begin+s.info.PieceSize(index)]...)
}
