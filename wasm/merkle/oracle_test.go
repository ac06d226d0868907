//go:build !js

package merkle_test

import (
	"crypto/sha256"
	"testing"

	oracle "github.com/anacrolix/torrent/merkle"

	"fanseed/wasm/merkle"
)

// FuzzOracleRoot holds roots and proofs of any content against the merkle package of anacrolix/torrent.
func FuzzOracleRoot(f *testing.F) {
	f.Add([]byte("x"), uint8(0))
	f.Add(make([]byte, 5*merkle.LeafSize+1), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, height uint8) {
		if len(data) == 0 {
			return
		}
		row := merkle.AppendLeaves(nil, data)
		h := oracle.NewHash()
		_, _ = h.Write(data)
		if got, want := merkle.Root(row, 0), [sha256.Size]byte(h.Sum(nil)); got != want {
			t.Fatalf("root %x, want %x", got, want)
		}
		tree := merkle.NewTree(row, 0)
		r := merkle.Range{Base: int(height), Length: 1}
		if hashes, ok := tree.Hashes(r); ok && !merkle.Verify(tree.Root(), tree.Height(), r, hashes, tree.Uncles(r, merkle.MaxHeight)) {
			t.Fatalf("%+v is not proved", r)
		}
	})
}
