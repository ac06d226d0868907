package metainfo_test

import (
	"crypto/sha1"
	"math/rand/v2"
	"slices"
	"strings"

	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
)

var formats = []string{"v1", "hybrid", "v2"}

// publish makes a torrent of files of random bytes, by path, and gives its bytes, padding included. A single path "" is a torrent
// without a folder.
func publish(name, format string, pieceLength int64, sizes map[string]int) (*metainfo.Torrent, []byte) {
	info := &metainfo.Info{Name: name, PieceLength: pieceLength}
	for path, size := range sizes {
		info.Single = path == ""
		info.Files = append(info.Files, metainfo.File{Path: strings.Split(path, "/"), Length: int64(size)})
	}
	if info.Single {
		info.Files[0].Path = []string{name}
	}
	slices.SortFunc(info.Files, func(a, b metainfo.File) int { return slices.Compare(a.Path, b.Path) })
	if format != "v1" {
		info.Files, _ = metainfo.Arrange(info.Files, pieceLength)
	}
	info.Length = metainfo.Lay(info.Files)
	content := make([]byte, info.Length)
	for _, f := range info.Content() {
		_, _ = rand.NewChaCha8([32]byte{byte(f.Length), byte(f.Offset >> 14)}).Read(content[f.Offset : f.Offset+f.Length])
	}
	return hash(info, format, content), content
}

// hash puts the hashes of the format into an info.
func hash(info *metainfo.Info, format string, content []byte) *metainfo.Torrent {
	var pieces, roots []byte
	for piece := range slices.Chunk(content, int(info.PieceLength)) {
		sum := sha1.Sum(piece)
		pieces = append(pieces, sum[:]...)
		if format != "v1" {
			index := len(pieces)/metainfo.HashSize - 1
			root := info.PieceRoot(index, merkle.AppendLeaves(nil, piece[:info.Place(index).Length]))
			roots = append(roots, root[:]...)
		}
	}
	if format != "v2" {
		info.Pieces = pieces
	}
	var layers metainfo.Layers
	if format != "v1" {
		layers = info.SetRoots(roots)
	}
	t := metainfo.New(info)
	t.Layers = layers
	return t
}
