// Package merkle has the hash trees of BitTorrent v2 (BEP 52): binary, of SHA-256, over leaves of 16 KiB.
//
// A layer is a row of a tree as BEP 52 writes it: the hashes one after the other, without those that lie wholly beyond the end of the
// file. Its height counts the layers below it: leaves have height 0. What is beyond the end counts as leaves of zero bits, so that every
// tree is as wide as a power of two.
//
// The package is pure. It promises that Verify accepts nothing but the hashes from which the root was made, and it never keeps nor
// changes what it is given.
package merkle

import (
	"crypto/sha256"
	"math/bits"
)

const (
	LeafSize = 16 << 10    // bytes of a file under one leaf; the last leaf of a file has what is left
	HashSize = sha256.Size // bytes of a hash

	// MaxHeight is the height of the highest tree that the package makes: of 2^40 leaves.
	MaxHeight = 40
)

// Hash is one node of a tree.
type Hash = [HashSize]byte

// Leaves returns the number of leaves of so many bytes.
func Leaves(length int64) int { return int((length + LeafSize - 1) / LeafSize) }

// Height returns the height of the smallest tree that is at least so many hashes wide, above the layer of those hashes.
func Height(hashes int) int { return bits.Len(uint(max(hashes, 1) - 1)) }

// AppendLeaves appends the hashes of the leaves of data: of every LeafSize bytes, and of what is left.
func AppendLeaves(dst, data []byte) []byte {
	for len(data) > 0 {
		n := min(LeafSize, len(data))
		sum := sha256.Sum256(data[:n])
		dst = append(dst, sum[:]...)
		data = data[n:]
	}
	return dst
}

// Zero returns the root of a tree of the given height that lies beyond the end of the file.
func Zero(height int) Hash { return zeros[height] }

var zeros = func() (z [MaxHeight + 1]Hash) {
	for h := range MaxHeight {
		z[h+1] = parent(z[h][:], z[h][:])
	}
	return z
}()

func parent(left, right []byte) Hash {
	var both [2 * HashSize]byte
	copy(both[:], left)
	copy(both[HashSize:], right)
	return sha256.Sum256(both[:])
}

// Root returns the root of the smallest tree over a layer of the given height. The root of nothing is Zero(height).
func Root(layer []byte, height int) Hash {
	return Ancestor(layer, height, Height(len(layer)/HashSize))
}

// Ancestor returns the node that is so many layers above the beginning of a layer of the given height. No more than that node covers may
// be in the layer.
func Ancestor(layer []byte, height, layers int) Hash {
	if len(layer) == 0 {
		return Zero(height + layers)
	}
	for range layers {
		layer = parents(layer, height)
		height++
	}
	return Hash(layer)
}

// parents returns the layer above.
func parents(layer []byte, height int) []byte {
	above := make([]byte, 0, (len(layer)/HashSize+1)/2*HashSize)
	for ; len(layer) >= 2*HashSize; layer = layer[2*HashSize:] {
		sum := sha256.Sum256(layer[:2*HashSize])
		above = append(above, sum[:]...)
	}
	if len(layer) > 0 {
		sum := parent(layer, zeros[height][:])
		above = append(above, sum[:]...)
	}
	return above
}
