package wire

import (
	"bytes"
	"math/bits"
)

// Bitfield holds one bit per piece, the first piece in the highest bit of the first byte, as the bitfield message does (BEP 3).
type Bitfield []byte

// NewBitfield returns a Bitfield for n pieces, none of them set.
func NewBitfield(n int) Bitfield { return make(Bitfield, bitfieldSize(n)) }

func bitfieldSize(n int) int { return (n + 7) / 8 }

func mask(i int) byte { return 0x80 >> (i & 7) }

// Has tells whether bit i is set. A bit outside of the field is not.
func (b Bitfield) Has(i int) bool {
	return i >= 0 && i>>3 < len(b) && b[i>>3]&mask(i) != 0
}

// Set sets bit i. It panics when i lies outside of the field.
func (b Bitfield) Set(i int) { b[i>>3] |= mask(i) }

// Clear clears bit i. It panics when i lies outside of the field.
func (b Bitfield) Clear(i int) { b[i>>3] &^= mask(i) }

// Count returns the number of bits that are set.
func (b Bitfield) Count() int {
	n := 0
	for _, x := range b {
		n += bits.OnesCount8(x)
	}
	return n
}

// Full tells whether b is the field of n pieces with every one of them set.
func (b Bitfield) Full(n int) bool { return b.Valid(n) && b.Count() == n }

// Valid tells whether b has the right length for n pieces and all spare bits at its end are zero, as BEP 3 demands.
func (b Bitfield) Valid(n int) bool {
	if n < 0 || len(b) != bitfieldSize(n) {
		return false
	}
	return n&7 == 0 || b[len(b)-1]&(0xff>>(n&7)) == 0
}

// Clone returns a copy that shares nothing with b.
func (b Bitfield) Clone() Bitfield { return bytes.Clone(b) }
