package merkle_test

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"testing"

	"fanseed/wasm/merkle"
)

// naive is the root as BEP 52 words it: every leaf up to a power of two, those beyond the end zero.
func naive(leaves []merkle.Hash) merkle.Hash {
	for len(leaves)&(len(leaves)-1) != 0 || len(leaves) == 0 {
		leaves = append(leaves, merkle.Hash{})
	}
	if len(leaves) == 1 {
		return leaves[0]
	}
	left, right := naive(leaves[:len(leaves)/2]), naive(leaves[len(leaves)/2:])
	return sha256.Sum256(append(left[:], right[:]...))
}

// layer returns so many random hashes, in a row and one by one.
func layer(n int) ([]byte, []merkle.Hash) {
	random := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)})
	row := make([]byte, n*merkle.HashSize)
	_, _ = random.Read(row)
	single := make([]merkle.Hash, n)
	for i := range single {
		single[i] = merkle.Hash(row[i*merkle.HashSize:])
	}
	return row, single
}

func TestRoot(t *testing.T) {
	for n := range 70 {
		row, single := layer(n)
		if got, want := merkle.Root(row, 0), naive(single); got != want {
			t.Errorf("%d leaves: root %x, want %x", n, got, want)
		}
	}
}

func TestZero(t *testing.T) {
	for height := range 8 {
		if got, want := merkle.Zero(height), naive(make([]merkle.Hash, 1<<height)); got != want {
			t.Errorf("height %d: %x, want %x", height, got, want)
		}
	}
}

// The root over a piece layer is the root over the leaves.
func TestRootOfLayer(t *testing.T) {
	for height := range 4 {
		for n := 1<<height + 1; n < 40; n++ {
			row, single := layer(n)
			var pieces []byte
			for rest := row; len(rest) > 0; {
				piece := rest[:min(len(rest), merkle.HashSize<<height)]
				h := merkle.Ancestor(piece, 0, height)
				pieces = append(pieces, h[:]...)
				rest = rest[len(piece):]
			}
			if got, want := merkle.Root(pieces, height), naive(single); got != want {
				t.Errorf("%d leaves in pieces of %d: root %x, want %x", n, 1<<height, got, want)
			}
		}
	}
}

func TestAppendLeaves(t *testing.T) {
	data := bytes.Repeat([]byte("fanseed!"), (2*merkle.LeafSize+8)/8)
	want := []byte("before")
	for _, part := range [][]byte{data[:merkle.LeafSize], data[merkle.LeafSize : 2*merkle.LeafSize], data[2*merkle.LeafSize:]} {
		sum := sha256.Sum256(part)
		want = append(want, sum[:]...)
	}
	if got := merkle.AppendLeaves([]byte("before"), data); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
	if got := merkle.AppendLeaves(nil, nil); len(got) != 0 {
		t.Errorf("leaves of nothing: %x", got)
	}
}

func TestSizes(t *testing.T) {
	for length, want := range map[int64]int{0: 0, 1: 1, merkle.LeafSize: 1, merkle.LeafSize + 1: 2, 1 << 40: 1 << 26} {
		if got := merkle.Leaves(length); got != want {
			t.Errorf("Leaves(%d) = %d, want %d", length, got, want)
		}
	}
	for hashes, want := range map[int]int{0: 0, 1: 0, 2: 1, 3: 2, 4: 2, 5: 3, 1 << 20: 20, 1<<20 + 1: 21} {
		if got := merkle.Height(hashes); got != want {
			t.Errorf("Height(%d) = %d, want %d", hashes, got, want)
		}
	}
}
