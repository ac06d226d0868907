package proof

import (
	"sort"

	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
)

// Parts numbers what can be asked for of a torrent. In version 2 and in hybrids these are the leaves of all files, in the order of the
// files; a file's last leaf has what is left, and padding has none. In version 1 alone they are the pieces.
type Parts struct {
	info  *metainfo.Info
	files []int // of version 2: the files that have leaves, by their numbers in Files …
	first []int // … and the number of each one's first leaf
	total int
}

// Part says where a part lies: in which piece, and which of its bytes.
type Part struct {
	Piece         int
	Begin, Length int // bytes
}

// NewParts numbers the parts of a torrent.
func NewParts(info *metainfo.Info) *Parts {
	p := &Parts{info: info}
	if !info.HasV2() {
		p.total = info.NumPieces()
		return p
	}
	for n, f := range info.Files {
		if f.Padding || f.Length == 0 {
			continue
		}
		p.files, p.first = append(p.files, n), append(p.first, p.total)
		p.total += merkle.Leaves(f.Length)
	}
	return p
}

// Len returns the number of parts.
func (p *Parts) Len() int { return p.total }

// Part returns where a part lies. It panics for one that does not exist.
func (p *Parts) Part(n int) Part {
	if !p.info.HasV2() {
		return Part{Piece: n, Length: int(p.info.PieceSize(n))}
	}
	at := sort.SearchInts(p.first, n+1) - 1
	f := &p.info.Files[p.files[at]]
	offset := int64(n-p.first[at]) * merkle.LeafSize
	in := f.Offset + offset
	return Part{
		Piece:  int(in / p.info.PieceLength),
		Begin:  int(in % p.info.PieceLength),
		Length: int(min(merkle.LeafSize, f.Length-offset)),
	}
}

// Path returns the hashes that lead from a leaf, by its first byte within a piece, to the node that the metainfo has for the piece: the
// sibling of the leaf first, then those of its ancestors. leaves are the hashes of all of the piece's leaves, one after the other.
func Path(info *metainfo.Info, piece, begin int, leaves []byte) []byte {
	tree := merkle.NewTree(leaves, 0)
	path := tree.Uncles(merkle.Range{Index: begin / merkle.LeafSize, Length: 1}, merkle.MaxHeight)
	for height := tree.Height(); height < pieceHeight(info, info.Place(piece)); height++ {
		beyond := merkle.Zero(height)
		path = append(path, beyond[:]...)
	}
	return path
}

// pieceHeight is the height of a piece's node: that of the piece layers, or the pieces root's where the file has one piece.
func pieceHeight(info *metainfo.Info, p metainfo.Place) int {
	if p.Pieces == 1 {
		return merkle.Height(merkle.Leaves(p.Length))
	}
	return info.LayerHeight()
}
