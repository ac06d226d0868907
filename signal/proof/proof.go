// Package proof says which parts of a torrent a challenge asks an account for, and judges what it answers.
//
// The one who asks needs the metainfo alone: in version 2 and in hybrids (BEP 52) it asks for leaves of 16 KiB, each with the hashes that
// lead to its piece's node, which stands in the metainfo; in version 1 for whole pieces. Which ones follows from a nonce and the
// account's key, so that an answer is good for one account and one challenge. It proves that the bytes were at hand, not that nobody
// else keeps the same copy.
//
// The package is pure. It promises that only the torrent's own bytes pass, and bounded work and memory for any answer.
package proof

import (
	"crypto/sha256"
	"encoding/binary"

	"fanseed/wasm/metainfo"
)

// What a challenge asks for at the most.
const (
	MaxLeaves = 32       // of version 2: half a MiB
	MaxPieces = 4        // of version 1 …
	maxPieces = 4 << 20  // … and bytes of them, unless a single one has more
	maxPiece  = 16 << 20 // bytes of a piece; larger ones of version 1 are never asked for

	BlockSize = 32 << 10 // bytes of a piece of version 1 in each block of an answer but the last; a leaf is one block
)

// Challenge is what decides which parts an account is asked for.
type Challenge struct {
	Nonce     [32]byte // random, and of this account and challenge alone
	PublicKey [32]byte // of the account
	Infohash  [20]byte // as it is announced
	Count     int      // parts
}

// Asked returns the numbers of the parts that are asked for, of so many: the i-th is the first 8 bytes of
//
//	HMAC-SHA-256(key: Nonce, message: PublicKey 32 | Infohash 20 | i u32)
//
// modulo parts (RFC 2104; integers are big-endian), for i from 0 to Count-1. The same part may be asked for twice, and is answered twice.
func (c Challenge) Asked(parts int) []int {
	if parts < 1 {
		return nil
	}
	asked := make([]int, c.Count)
	message := append(append(make([]byte, 0, 56), c.PublicKey[:]...), c.Infohash[:]...)
	for i := range asked {
		sum := mac(c.Nonce, binary.BigEndian.AppendUint32(message, uint32(i)))
		asked[i] = int(binary.BigEndian.Uint64(sum[:]) % uint64(parts))
	}
	return asked
}

// mac is HMAC-SHA-256 with a key of 32 bytes (RFC 2104). That of the standard library takes any hash and any key, and 3 KB more of the page.
func mac(key [32]byte, message []byte) [32]byte {
	var inner, outer [64]byte
	copy(inner[:], key[:])
	copy(outer[:], key[:])
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	sum := sha256.Sum256(append(inner[:], message...))
	return sha256.Sum256(append(outer[:], sum[:]...))
}

// Count returns how many parts a challenge may ask for of a torrent of which somebody wants to ask for so many leaves: no more than there
// are; in version 1 up to four pieces, fewer where they are larger than 1 MiB, and none where they are larger than 16 MiB.
func Count(info *metainfo.Info, leaves int) int {
	if info.HasV2() {
		return min(leaves, MaxLeaves, NewParts(info).Len())
	}
	if info.PieceLength > maxPiece {
		return 0
	}
	return min(MaxPieces, info.NumPieces(), int(max(1, maxPieces/info.PieceLength)))
}
