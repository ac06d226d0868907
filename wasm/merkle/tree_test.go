package merkle_test

import (
	"bytes"
	"testing"

	"fanseed/wasm/merkle"
)

// ranges returns every range that lies in a tree.
func ranges(tree *merkle.Tree, base int) (all []merkle.Range) {
	for height := base; height <= tree.Height(); height++ {
		width := 1 << (tree.Height() - height)
		for length := 1; length <= width; length *= 2 {
			for index := 0; index < width; index += length {
				all = append(all, merkle.Range{Base: height, Index: index, Length: length})
			}
		}
	}
	return all
}

func TestTreeProves(t *testing.T) {
	for _, base := range []int{0, 3} {
		for n := 1; n < 18; n++ {
			row, _ := layer(n)
			tree := merkle.NewTree(row, base)
			root := tree.Root()
			if want := merkle.Root(row, base); root != want {
				t.Fatalf("%d hashes: root %x, want %x", n, root, want)
			}
			for _, r := range ranges(tree, base) {
				hashes, ok := tree.Hashes(r)
				uncles := tree.Uncles(r, merkle.MaxHeight)
				if !ok || !merkle.Verify(root, tree.Height(), r, hashes, uncles) {
					t.Errorf("%d hashes: %+v is not proved", n, r)
				}
				checkRefused(t, tree, r, hashes, uncles)
			}
		}
	}
}

// checkRefused holds that a proof is good for nothing else: every bit and every place counts.
func checkRefused(t *testing.T, tree *merkle.Tree, r merkle.Range, hashes, uncles []byte) {
	t.Helper()
	refuse := func(what string, r merkle.Range, height int, hashes, uncles []byte) {
		if merkle.Verify(tree.Root(), height, r, hashes, uncles) {
			t.Errorf("%+v with %s is proved", r, what)
		}
	}
	flip := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at] ^= 1
		return b
	}
	refuse("a wrong first hash", r, tree.Height(), flip(hashes, 0), uncles)
	refuse("a wrong last hash", r, tree.Height(), flip(hashes, len(hashes)-1), uncles)
	refuse("half a hash more", r, tree.Height(), append(bytes.Clone(hashes), make([]byte, 16)...), uncles)
	refuse("no hashes", r, tree.Height(), nil, uncles)
	refuse("one uncle more", r, tree.Height(), hashes, append(bytes.Clone(uncles), make([]byte, merkle.HashSize)...))
	refuse("a higher tree", r, tree.Height()+1, hashes, uncles)
	if len(uncles) > 0 {
		refuse("a wrong uncle", r, tree.Height(), hashes, flip(uncles, len(uncles)-1))
		refuse("no uncles", r, tree.Height(), hashes, nil)
		other := r
		other.Index ^= r.Length
		if sibling, _ := tree.Hashes(other); !bytes.Equal(sibling, hashes) {
			refuse("another index", other, tree.Height(), hashes, uncles)
		}
	}
}

// What is beyond the end need not be sent.
func TestVerifyTruncated(t *testing.T) {
	row, _ := layer(5)
	tree := merkle.NewTree(row, 2)
	r := merkle.Range{Base: 2, Index: 4, Length: 4}
	if !merkle.Verify(tree.Root(), 5, r, row[4*merkle.HashSize:], tree.Uncles(r, 9)) {
		t.Error("the hashes up to the end are not proved")
	}
	if got, _ := tree.Hashes(r); len(got) != 4*merkle.HashSize || merkle.Hash(got[merkle.HashSize:]) != merkle.Zero(2) {
		t.Errorf("hashes %x", got)
	}
}

func TestUnclesAtMost(t *testing.T) {
	row, _ := layer(8)
	tree, r := merkle.NewTree(row, 0), merkle.Range{Length: 1}
	all := tree.Uncles(r, 3)
	for most := range 4 {
		if got := tree.Uncles(r, most); !bytes.Equal(got, all[:most*merkle.HashSize]) {
			t.Errorf("%d uncles: %x", most, got)
		}
	}
}

func TestRangeInside(t *testing.T) {
	for _, r := range []merkle.Range{
		{Base: -1, Length: 1}, {Base: 4, Length: 1}, {Length: 0}, {Length: 3}, {Length: -2}, {Length: 16}, {Index: -2, Length: 2},
		{Index: 1, Length: 2}, {Index: 8, Length: 1}, {Base: 3, Index: 1, Length: 1}, {Index: 1 << 62, Length: 1}, {Length: -1 << 63},
	} {
		if r.Inside(3) {
			t.Errorf("%+v is inside a tree of height 3", r)
		}
	}
	row, _ := layer(8)
	if _, ok := merkle.NewTree(row, 1).Hashes(merkle.Range{Length: 1}); ok {
		t.Error("hashes below the base")
	}
	if (merkle.Range{Length: 1}).Inside(merkle.MaxHeight + 1) {
		t.Error("inside a tree that is too high")
	}
}
