package merkle

// Tree is a tree with every layer from a base up, to serve hashes with their proofs. It takes twice the room of its base.
type Tree struct {
	base   int      // height of the lowest layer
	layers [][]byte // from the base to the root, without what is beyond the end
}

// NewTree grows the smallest tree over a layer of the given height, which must hold at least one hash.
func NewTree(layer []byte, height int) *Tree {
	t := &Tree{base: height, layers: [][]byte{layer}}
	for len(layer) > HashSize {
		layer = parents(layer, height)
		height++
		t.layers = append(t.layers, layer)
	}
	return t
}

// Root returns the node at the top.
func (t *Tree) Root() Hash { return Hash(t.layers[len(t.layers)-1]) }

// Height returns the height of the root.
func (t *Tree) Height() int { return t.base + len(t.layers) - 1 }

// node returns a node of a layer, also one that lies beyond the end.
func (t *Tree) node(height, index int) Hash {
	layer := t.layers[height-t.base]
	if begin := index * HashSize; begin < len(layer) {
		return Hash(layer[begin:])
	}
	return Zero(height)
}

// Range is a part of a layer, as a hash request names it (BEP 52).
type Range struct {
	Base   int // height of the layer
	Index  int // of the first hash; a multiple of Length
	Length int // hashes; a power of two
}

// Inside tells whether r is well formed and begins before the end of a tree of the given height, and is no wider than that tree.
func (r Range) Inside(height int) bool {
	if r.Base < 0 || height > MaxHeight || r.Base > height || r.Length < 1 || r.Index < 0 || r.Length&(r.Length-1) != 0 {
		return false
	}
	width := 1 << (height - r.Base)
	return r.Length <= width && r.Index < width && r.Index%r.Length == 0
}

// Hashes returns the hashes of a range with, where it passes the end of the file, those beyond it. False: the range is not inside the
// tree, or lies below its base.
func (t *Tree) Hashes(r Range) ([]byte, bool) {
	if r.Base < t.base || !r.Inside(t.Height()) {
		return nil, false
	}
	hashes := make([]byte, 0, r.Length*HashSize)
	for n := range r.Length {
		h := t.node(r.Base, r.Index+n)
		hashes = append(hashes, h[:]...)
	}
	return hashes, true
}

// Uncles returns what is needed to climb from a range to the root: the sibling of the node above the whole range, then those of its
// ancestors, from the bottom up; at most so many. The range must be inside the tree and not below its base.
func (t *Tree) Uncles(r Range, most int) []byte {
	height, index := r.Base+Height(r.Length), r.Index/r.Length
	var uncles []byte
	for ; height < t.Height() && most > 0; most-- {
		h := t.node(height, index^1)
		uncles = append(uncles, h[:]...)
		height, index = height+1, index/2
	}
	return uncles
}

// Verify tells whether a range of a tree of the given height holds these hashes, by the uncles up to the root. Hashes beyond the end of
// the file may be left out.
func Verify(root Hash, height int, r Range, hashes, uncles []byte) bool {
	if !r.Inside(height) || len(hashes) == 0 || len(hashes)%HashSize != 0 || len(hashes) > r.Length*HashSize {
		return false
	}
	at, index := r.Base+Height(r.Length), r.Index/r.Length
	if len(uncles) != (height-at)*HashSize {
		return false
	}
	node := Ancestor(hashes, r.Base, Height(r.Length))
	for ; len(uncles) > 0; uncles = uncles[HashSize:] {
		if index%2 == 0 {
			node = parent(node[:], uncles[:HashSize])
		} else {
			node = parent(uncles[:HashSize], node[:])
		}
		index /= 2
	}
	return node == root
}
