package swarm

import (
	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// hashes is what is known of the hash trees of a torrent of version 2 or a hybrid (https://www.bittorrent.org/beps/bep_0052.html).
type hashes struct {
	trees   map[merkle.Hash]*tree // by pieces root; nil in version 1 alone
	height  int                   // of the piece layers
	lacking fifo[*hashQuery]      // parts of piece layers that nobody is asked for
	unknown int                   // parts of piece layers that are not here
	audits  []*hashQuery          // leaves of bad pieces that nobody is asked for
	trials  []*piece              // bad pieces that are audited
	waiting []*piece              // whole, with their leaves hashed, for the hash that they must have
	stirred bool                  // hashes may be asked for that could not be before
	served  leafCache
}

// tree is one file's tree.
type tree struct {
	root   merkle.Hash
	first  int          // piece
	pieces int          // of the file
	leaves int          // of the file
	layer  []byte       // hashes of its pieces, zero where they are not known; nil when there is one piece, whose hash is the root
	lacks  int          // parts of layer that are not known
	grown  *merkle.Tree // over layer; nil until it is needed
}

// plant makes the trees of the torrent. Layers that are not given are to be fetched.
func (s *Swarm) plant(layers metainfo.Layers) {
	if !s.info.HasV2() {
		return
	}
	s.trees, s.hashes.height = make(map[merkle.Hash]*tree), s.info.LayerHeight()
	for _, f := range s.info.Files {
		if f.Padding || f.Length == 0 || s.trees[f.Root] != nil {
			continue
		}
		p := s.info.Place(int(f.Offset / s.info.PieceLength))
		t := &tree{root: f.Root, first: int(f.Offset / s.info.PieceLength), pieces: p.Pieces, leaves: merkle.Leaves(f.Length)}
		s.trees[f.Root] = t
		if t.pieces > 1 {
			s.takeLayer(t, layers[f.Root])
		}
	}
	s.hashes.stirred = true
}

// takeLayer begins with the layer that is known, which is lent for ever, or lists the parts that must be fetched.
func (s *Swarm) takeLayer(t *tree, layer []byte) {
	size := t.pieces * merkle.HashSize
	if len(layer) == size {
		t.layer = layer
		return
	}
	t.layer = make([]byte, size)
	width := min(wire.MaxHashes, 1<<merkle.Height(t.pieces))
	for at := 0; at < t.pieces; at += width {
		s.lacking.push(&hashQuery{tree: t, base: s.hashes.height, index: at, length: width})
		t.lacks++
	}
	s.unknown += t.lacks
}

// span returns the height of a piece of the tree.
func (s *Swarm) span(t *tree) int {
	if t.pieces == 1 {
		return merkle.Height(t.leaves)
	}
	return s.hashes.height
}

// treeHeight returns the height of the root.
func (s *Swarm) treeHeight(t *tree) int {
	if t.pieces == 1 {
		return merkle.Height(t.leaves)
	}
	return s.hashes.height + merkle.Height(t.pieces)
}

// treeOf returns the tree that a piece belongs to, and its number there. It is nil in version 1 alone, and for files that share their
// root with one of another length, which no content can have.
func (s *Swarm) treeOf(index int) (*tree, int) {
	if s.trees == nil {
		return nil, 0
	}
	p := s.info.Place(index)
	t := s.trees[p.Root]
	if t == nil || t.pieces != p.Pieces {
		return nil, 0
	}
	return t, p.Index
}

// hash returns the hash of one of the tree's pieces; false when it is not known.
func (t *tree) hash(i int) (merkle.Hash, bool) {
	if t.pieces == 1 {
		return t.root, true
	}
	h := merkle.Hash(t.layer[i*merkle.HashSize:])
	return h, h != merkle.Hash{}
}

// wantedHash returns the hash of version 2 that a piece must have; false when it is not known, or there is none.
func (s *Swarm) wantedHash(index int) (merkle.Hash, bool) {
	t, i := s.treeOf(index)
	if t == nil {
		return merkle.Hash{}, false
	}
	return t.hash(i)
}

// Layers returns the piece layers as far as they are whole. They are the swarm's own, and never change.
func (s *Swarm) Layers() metainfo.Layers {
	layers := metainfo.Layers{}
	if s.info == nil {
		return layers
	}
	for root := range s.info.Layered() {
		if t := s.trees[root]; t != nil && t.layer != nil && t.lacks == 0 {
			layers[root] = t.layer
		}
	}
	return layers
}
