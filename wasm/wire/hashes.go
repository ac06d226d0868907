package wire

import (
	"encoding/binary"
	"fmt"
)

// Sizes in bytes, and bounds, of the messages that carry hashes.
const (
	HashSize      = 32             // SHA-256
	HashRangeSize = HashSize + 4*4 // a HashRange on the wire
	MaxHashes     = 512            // of one message, without the proof: BEP 52 wants no more to be asked for
	MaxProof      = 48             // hashes of a proof: more layers than any file's tree has
	minHashes     = 2              // BEP 52: the sibling of a single hash would be missing from its proof
)

// HashRange names hashes of one layer of a file's tree (https://www.bittorrent.org/beps/bep_0052.html, hash request).
type HashRange struct {
	Root   [HashSize]byte // pieces root: which file
	Base   uint32         // layer of the hashes, counted from the leaves
	Index  uint32         // of the first hash in its layer
	Length uint32         // hashes
	Proof  uint32         // layers above Base whose hashes are wanted for the proof
}

// Append appends the 48 bytes of the range to dst.
func (r HashRange) Append(dst []byte) []byte {
	return appendUint32s(append(dst, r.Root[:]...), r.Base, r.Index, r.Length, r.Proof)
}

// Valid tells whether BEP 52 allows the range to be asked for: a power of two, at least two and at most MaxHashes hashes, which begin
// at a multiple of their number.
func (r HashRange) Valid() bool {
	n := r.Length
	return n >= minHashes && n <= MaxHashes && n&(n-1) == 0 && r.Index%n == 0 && r.Base <= MaxProof && r.Proof <= MaxProof
}

// ParseHashRange reads the payload of a hash request or hash reject, or the first HashRangeSize bytes of hashes. It does not judge it.
func ParseHashRange(b []byte) (r HashRange, err error) {
	if len(b) != HashRangeSize {
		return r, fmt.Errorf("hash range of %d bytes, not %d", len(b), HashRangeSize)
	}
	number := func(i int) uint32 { return binary.BigEndian.Uint32(b[HashSize+4*i:]) }
	r = HashRange{Base: number(0), Index: number(1), Length: number(2), Proof: number(3)}
	copy(r.Root[:], b)
	return r, nil
}
