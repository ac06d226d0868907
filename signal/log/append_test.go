package log_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"fanseed/signal/log"
)

// kept is a store whose tiles a test can spoil.
type kept map[string][]byte

func at(level int, n int64) string { return fmt.Sprint(level, "/", n) }

func (k kept) ReadTile(_ context.Context, level int, n int64) ([]byte, error) {
	return k[at(level, n)], nil
}

// grow appends records and saves what comes of it.
func (k kept) grow(t testing.TB, tree log.Tree, records [][]byte) log.Tree {
	t.Helper()
	a, err := log.Append(t.Context(), k, tree, records)
	if err != nil {
		t.Fatal(err)
	}
	for _, tile := range a.Tiles {
		k[at(tile.Level, tile.N)] = tile.Data
	}
	return a.Tree
}

func entries(from, n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = fmt.Appendf(nil, "record %d\n", from+i)
	}
	return list
}

// reference is the tree that the library makes of the same records, one by one.
type reference []tlog.Hash

func (r *reference) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, i := range indexes {
		list = append(list, (*r)[i])
	}
	return list, nil
}

func (r *reference) add(t testing.TB, n int64, record []byte) {
	t.Helper()
	hashes, err := tlog.StoredHashes(n, record, r)
	if err != nil {
		t.Fatal(err)
	}
	*r = append(*r, hashes...)
}

func TestTheTreeIsThatOfTheLibrary(t *testing.T) {
	store, tree, want := kept{}, log.Empty, &reference{}
	for batch := 0; tree.N < 70_000; batch++ {
		n := []int{1, 0, 254, 1, 2, 255, 256, 257, 3000, 65_000}[batch%10]
		records := entries(int(tree.N), n)
		for i, r := range records {
			want.add(t, tree.N+int64(i), r)
		}
		tree = store.grow(t, tree, records)
		root, err := tlog.TreeHash(tree.N, want)
		if err != nil || tree.Hash != root {
			t.Fatalf("%d records: got %v, want %v, %v", tree.N, tree.Hash, root, err)
		}
		for _, tile := range tlog.NewTiles(log.Height, 0, tree.N) {
			data, err := tlog.ReadTileData(tile, want)
			if err != nil || !slices.Equal(store[at(tile.L, tile.N)], data) {
				t.Fatalf("%d records: tile %s is another, %v", tree.N, tile.Path(), err)
			}
		}
	}
	for n := int64(0); n < tree.N; n += log.Width {
		width := int(min(log.Width, tree.N-n))
		records, err := log.ParseBundle(store[at(log.Entries, n/log.Width)], width)
		if err != nil || !slices.EqualFunc(records, entries(int(n), width), slices.Equal) {
			t.Fatalf("bundle %d: %v", n/log.Width, err)
		}
	}
}

func TestAnEmptyTreeHasTheHashOfNothing(t *testing.T) {
	want, err := tlog.TreeHash(0, nil)
	if err != nil || log.Empty.Hash != want {
		t.Errorf("got %v, want %v", log.Empty.Hash, want)
	}
	a, err := log.Append(t.Context(), kept{}, log.Empty, nil)
	if err != nil || a.Tree != log.Empty || len(a.Tiles) != 0 {
		t.Errorf("nothing appended to nothing: %+v, %v", a, err)
	}
}

func TestTheOldTilesStayAsTheyWere(t *testing.T) {
	store := kept{}
	tree := store.grow(t, log.Empty, entries(0, 300))
	before := map[string][]byte{}
	for name, data := range store {
		before[name] = slices.Clone(data)
	}
	if _, err := log.Append(t.Context(), store, tree, entries(300, 1000)); err != nil {
		t.Fatal(err)
	}
	for name, data := range store {
		if !slices.Equal(data, before[name]) {
			t.Errorf("tile %s was changed in its place", name)
		}
	}
}

func TestNothingGrowsOnTilesThatWereChanged(t *testing.T) {
	for name, spoil := range map[string]func(kept, *log.Tree){
		"a hash":                  func(k kept, _ *log.Tree) { k[at(0, 1)][0] ^= 1 },
		"a hash above":            func(k kept, _ *log.Tree) { k[at(1, 0)][0] ^= 1 },
		"a tile that is lost":     func(k kept, _ *log.Tree) { delete(k, at(1, 0)) },
		"a tile that is shorter":  func(k kept, _ *log.Tree) { k[at(0, 1)] = k[at(0, 1)][:32] },
		"a record":                func(k kept, _ *log.Tree) { k[at(log.Entries, 1)][3] ^= 1 },
		"a bundle that is lost":   func(k kept, _ *log.Tree) { delete(k, at(log.Entries, 1)) },
		"a bundle that is short":  func(k kept, _ *log.Tree) { k[at(log.Entries, 1)] = k[at(log.Entries, 1)][:40] },
		"another root":            func(_ kept, tree *log.Tree) { tree.Hash[0] ^= 1 },
		"another number":          func(_ kept, tree *log.Tree) { tree.N-- },
		"a number without a tile": func(_ kept, tree *log.Tree) { tree.N = 1 << 40 },
	} {
		store := kept{}
		tree := store.grow(t, log.Empty, entries(0, 300))
		spoil(store, &tree)
		if _, err := log.Append(t.Context(), store, tree, entries(300, 1)); !errors.Is(err, log.ErrCorrupt) {
			t.Errorf("%s: got %v, want that the log is corrupt", name, err)
		}
	}
}

// A transaction that was taken back may leave tiles that are wider than the tree.
func TestTilesMayBeWiderThanTheTree(t *testing.T) {
	store := kept{}
	tree := store.grow(t, log.Empty, entries(0, 300))
	store.grow(t, tree, entries(1000, 20))
	got := store.grow(t, tree, entries(300, 10))
	if want := (kept{}).grow(t, log.Empty, entries(0, 310)); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAppendRefusesWhatIsNoRecord(t *testing.T) {
	for _, size := range []int{0, log.MaxRecord + 1} {
		if _, err := log.Append(t.Context(), kept{}, log.Empty, [][]byte{make([]byte, size)}); !errors.Is(err, log.ErrRecord) {
			t.Errorf("%d bytes: got %v", size, err)
		}
	}
	if tree := (kept{}).grow(t, log.Empty, [][]byte{make([]byte, log.MaxRecord)}); tree.N != 1 {
		t.Errorf("the largest record: %v", tree)
	}
}

func FuzzParseBundle(f *testing.F) {
	store := kept{}
	store.grow(f, log.Empty, entries(0, 3))
	f.Add(store[at(log.Entries, 0)], 3)
	f.Add([]byte{0, 1}, 1)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		n = min(max(n, 0), log.Width)
		records, err := log.ParseBundle(b, n)
		if err != nil {
			return
		}
		var again []byte
		for _, r := range records {
			again = append(binary.BigEndian.AppendUint16(again, uint16(len(r))), r...)
		}
		if len(records) != n || !slices.Equal(again, b) {
			t.Errorf("written again: %x, was %x", again, b)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	for _, batch := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			records := make([][]byte, batch)
			for i := range records {
				records[i] = log.Receipt{Amount: uint64(i)}.Record().Append(nil)
			}
			store := kept{}
			tree := store.grow(b, log.Empty, entries(0, 100_000))
			for b.Loop() {
				tree = store.grow(b, tree, records)
			}
			b.ReportMetric(float64(batch)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
