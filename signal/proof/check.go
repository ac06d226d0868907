package proof

import (
	"crypto/sha1"
	"crypto/sha256"
	"hash"

	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
)

// Check judges one answer, block by block. It keeps no block.
type Check struct {
	torrent *metainfo.Torrent // with its layers
	parts   *Parts
	asked   []int
	next    int // which of them may come next
	begin   int // of version 1: how much of it has come …
	piece   hash.Hash
	blocks  int // that may still come
	passed  int
}

// NewCheck returns a check of the answer to a challenge. parts are those of t, which must have its layers.
func NewCheck(t *metainfo.Torrent, parts *Parts, c Challenge) *Check {
	k := &Check{torrent: t, parts: parts, asked: c.Asked(parts.Len())}
	for _, n := range k.asked {
		k.blocks += k.blocksOf(n)
	}
	return k
}

// blocksOf returns in how many blocks a part comes.
func (k *Check) blocksOf(n int) int {
	if k.torrent.Info.HasV2() {
		return 1
	}
	return (k.parts.Part(n).Length + BlockSize - 1) / BlockSize
}

// Asked returns how many parts were asked for.
func (k *Check) Asked() int { return len(k.asked) }

// Passed returns how many have passed so far. One that is wrong or missing has not.
func (k *Check) Passed() int { return k.passed }

// Left returns how many blocks may still come; with none the answer is complete.
func (k *Check) Left() int { return k.blocks }

// Take takes a block: of the index-th part that was asked for, from a byte of its piece on (0 for a leaf). Blocks come in order; those
// that are left out have not passed. False: it was not asked for, or not any more.
func (k *Check) Take(index, begin int, path, block []byte) bool {
	if index < k.next || index >= len(k.asked) {
		return false
	}
	if k.torrent.Info.HasV2() {
		return k.takeLeaf(index, begin, path, block)
	}
	return k.takePiece(index, begin, path, block)
}

func (k *Check) takeLeaf(index, begin int, path, block []byte) bool {
	if begin != 0 {
		return false
	}
	k.skip(index)
	if k.isLeaf(k.parts.Part(k.asked[index]), path, block) {
		k.passed++
	}
	k.skip(index + 1)
	return true
}

func (k *Check) isLeaf(p Part, path, block []byte) bool {
	if len(block) != p.Length {
		return false
	}
	info := k.torrent.Info
	place := info.Place(p.Piece)
	want, known := k.torrent.Layers.Hash(place)
	leaf := sha256.Sum256(block)
	at := merkle.Range{Index: p.Begin / merkle.LeafSize, Length: 1}
	return known && merkle.Verify(want, pieceHeight(info, place), at, leaf[:], path)
}

func (k *Check) takePiece(index, begin int, path, block []byte) bool {
	p := k.parts.Part(k.asked[index])
	have := 0
	if index == k.next {
		have = k.begin
	}
	if begin != have || len(block) != min(BlockSize, p.Length-begin) || len(path) > 0 {
		return false
	}
	k.skip(index)
	if begin == 0 {
		k.piece = sha1.New()
	}
	k.piece.Write(block)
	k.begin += len(block)
	k.blocks--
	if k.begin == p.Length {
		if [sha1.Size]byte(k.piece.Sum(nil)) == k.torrent.Info.Hash(p.Piece) {
			k.passed++
		}
		k.next, k.begin = index+1, 0
	}
	return true
}

// skip gives up what was asked for before an index.
func (k *Check) skip(index int) {
	for ; k.next < index; k.next++ {
		k.blocks -= k.blocksOf(k.asked[k.next]) - (k.begin+BlockSize-1)/BlockSize
		k.begin = 0
	}
}
