package metainfo

import (
	"errors"
	"iter"
	"math/bits"

	"fanseed/wasm/merkle"
)

// Place says where a piece of version 2 or of a hybrid lies in its file.
type Place struct {
	File   int         // number in Files
	Root   merkle.Hash // pieces root of that file
	Index  int         // of the piece, among those of the file
	Pieces int         // of the file; with 1, Root is the root of the piece's own leaves
	Length int64       // bytes of the file in the piece: the piece without padding
}

// Place returns where a piece lies. It panics for a piece that does not exist; without version 2 it means nothing.
func (i *Info) Place(index int) Place {
	begin := int64(index) * i.PieceLength
	n := i.FileAt(begin)
	f := &i.Files[n]
	return Place{
		File: n, Root: f.Root, Index: int((begin - f.Offset) / i.PieceLength), Pieces: f.pieces(i.PieceLength),
		Length: min(i.PieceLength, f.Offset+f.Length-begin),
	}
}

// LayerHeight returns the height of the piece layers: how many layers lie below them.
func (i *Info) LayerHeight() int {
	return bits.TrailingZeros64(uint64(i.PieceLength / merkle.LeafSize))
}

// PieceRoot returns the node of the file's tree that covers a piece, by the hashes of the piece's leaves, one after the other: the hash
// that stands in the piece layer, or the pieces root itself where the file has one piece.
func (i *Info) PieceRoot(index int, leaves []byte) merkle.Hash {
	if i.Place(index).Pieces == 1 {
		return merkle.Root(leaves, 0)
	}
	return merkle.Ancestor(leaves, 0, i.LayerHeight())
}

// Layers are piece layers (BEP 52): by pieces root, the hashes of the pieces one after the other. A file of one piece has none.
type Layers map[merkle.Hash][]byte

// Hash returns the node that a piece must have, as PieceRoot gives it; false while the layer is not known.
func (l Layers) Hash(p Place) (merkle.Hash, bool) {
	if p.Pieces == 1 {
		return p.Root, true
	}
	layer := l[p.Root]
	if len(layer) == 0 {
		return merkle.Hash{}, false
	}
	return merkle.Hash(layer[p.Index*merkle.HashSize:]), true
}

// Layered goes through the pieces roots that have a piece layer, each with its number of pieces. A root that several files share comes
// several times.
func (i *Info) Layered() iter.Seq2[merkle.Hash, int] {
	return func(yield func(merkle.Hash, int) bool) {
		if !i.HasV2() {
			return
		}
		for _, f := range i.Content() {
			if f.Length > i.PieceLength && !yield(f.Root, f.pieces(i.PieceLength)) {
				return
			}
		}
	}
}

var errLayer = errors.New("a piece layer does not have the hashes of its root")

// CheckLayer tells what is wrong with a piece layer; nil if it is the one of a file with this root and so many pieces.
func (i *Info) CheckLayer(root merkle.Hash, pieces int, layer []byte) error {
	if len(layer) != pieces*merkle.HashSize || merkle.Root(layer, i.LayerHeight()) != root {
		return errLayer
	}
	return nil
}

// SetRoots makes an info one of version 2, or a hybrid if it has Pieces: it sets the roots of its files, which Arrange has put in order,
// and returns their layers. There is one hash for each piece in roots, as PieceRoot gives it.
func (i *Info) SetRoots(roots []byte) Layers {
	i.MetaVersion = metaVersion
	layers := Layers{}
	for n := range i.Files {
		f := &i.Files[n]
		if f.Padding || f.Length == 0 {
			continue
		}
		begin := int(f.Offset/i.PieceLength) * merkle.HashSize
		layer := roots[begin : begin+f.pieces(i.PieceLength)*merkle.HashSize]
		f.Root = merkle.Hash(layer)
		if len(layer) > merkle.HashSize {
			f.Root = merkle.Root(layer, i.LayerHeight())
			layers[f.Root] = append([]byte(nil), layer...)
		}
	}
	return layers
}
