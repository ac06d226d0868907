package proof_test

import (
	"crypto/sha1"
	"math/rand/v2"
	"testing"

	"fanseed/signal/proof"
	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
)

// content is a torrent with its bytes, padding too.
type content struct {
	*metainfo.Torrent
	data []byte
}

// version says which infos a torrent has.
type version int

const (
	v1 version = iota
	v2
	hybrid
)

// build makes a torrent of files of random bytes.
func build(v version, pieceLength int64, lengths ...int64) content {
	info := &metainfo.Info{Name: "album", PieceLength: pieceLength}
	for n, length := range lengths {
		info.Files = append(info.Files, metainfo.File{Path: []string{string(rune('a' + n))}, Length: length})
	}
	if v == v1 {
		metainfo.Lay(info.Files)
	} else {
		info.Files, _ = metainfo.Arrange(info.Files, pieceLength)
		info.MetaVersion = 2
	}
	last := info.Files[len(info.Files)-1]
	info.Length = last.Offset + last.Length
	data := make([]byte, info.Length)
	for _, f := range info.Files {
		if !f.Padding {
			_, _ = rand.NewChaCha8([32]byte{byte(f.Offset), byte(f.Offset >> 8), byte(f.Offset >> 16)}).Read(data[f.Offset : f.Offset+f.Length])
		}
	}
	var roots []byte
	for begin := int64(0); begin < info.Length; begin += pieceLength {
		piece := data[begin:min(begin+pieceLength, info.Length)]
		if v != v2 {
			sum := sha1.Sum(piece)
			info.Pieces = append(info.Pieces, sum[:]...)
		}
		if v != v1 {
			i := int(begin / pieceLength)
			root := info.PieceRoot(i, merkle.AppendLeaves(nil, piece[:info.Place(i).Length]))
			roots = append(roots, root[:]...)
		}
	}
	var layers metainfo.Layers
	if v != v1 {
		layers = info.SetRoots(roots)
	}
	t := metainfo.New(info)
	t.Layers = layers
	return content{t, data}
}

// piece returns what a file has in a piece, which is what leaves are made of; of version 1 all of it.
func (c content) piece(index int) []byte {
	begin := int64(index) * c.Info.PieceLength
	if c.Info.HasV2() {
		return c.data[begin : begin+c.Info.Place(index).Length]
	}
	return c.data[begin : begin+c.Info.PieceSize(index)]
}

// block is one message of an answer.
type block struct {
	index, begin int
	path, bytes  []byte
}

// answer is what somebody answers who has all.
func (c content) answer(ch proof.Challenge) (blocks []block) {
	parts := proof.NewParts(c.Info)
	for i, n := range ch.Asked(parts.Len()) {
		p := parts.Part(n)
		piece := c.piece(p.Piece)
		part := piece[p.Begin : p.Begin+p.Length]
		if c.Info.HasV2() {
			blocks = append(blocks, block{i, 0, proof.Path(c.Info, p.Piece, p.Begin, merkle.AppendLeaves(nil, piece)), part})
			continue
		}
		for begin := 0; begin < len(part); begin += proof.BlockSize {
			blocks = append(blocks, block{i, begin, nil, part[begin:min(begin+proof.BlockSize, len(part))]})
		}
	}
	return blocks
}

func (c content) check(ch proof.Challenge) *proof.Check {
	return proof.NewCheck(c.Torrent, proof.NewParts(c.Info), ch)
}

func (c content) challenge(count int, nonce byte) proof.Challenge {
	return proof.Challenge{Nonce: [32]byte{nonce}, PublicKey: [32]byte{'k'}, Infohash: c.Infohash, Count: proof.Count(c.Info, count)}
}

// shapes are torrents in which something is at an edge.
func shapes() map[string]content {
	const leaf = merkle.LeafSize
	all := map[string]content{}
	for name, v := range map[string]version{"v1": v1, "v2": v2, "hybrid": hybrid} {
		all[name+" of a byte"] = build(v, leaf, 1)
		all[name+" of a leaf"] = build(v, 4*leaf, leaf)
		all[name+" of a piece"] = build(v, 4*leaf, 4*leaf)
		all[name+" of less than a piece"] = build(v, 8*leaf, 5*leaf+1)
		all[name+" of pieces of a leaf"] = build(v, leaf, 7*leaf-5)
		all[name+" of files"] = build(v, 4*leaf, 0, 9*leaf+1, 3, 0, 4*leaf, 6*leaf)
		all[name+" with a short last piece"] = build(v, 8*leaf, 17*leaf)
	}
	return all
}

func each(t *testing.T, test func(t *testing.T, c content)) {
	for name, c := range shapes() {
		t.Run(name, func(t *testing.T) { test(t, c) })
	}
}
