package seedbox_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"fanseed/signal/seedbox"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/store/storetest"
)

// A view keeps the contract of a store. What the suite puts has no right hashes, so it only reads what the same run has put.
func TestViewIsAStore(t *testing.T) {
	shelf, n := openShelf(t, t.TempDir()), byte(0)
	storetest.Run(t, storetest.Backend{Open: func(info *metainfo.Info) (store.Store, error) {
		n++
		c, err := shelf.Open(context.Background(), [20]byte{n}, info, nil)
		if err != nil {
			return nil, err
		}
		return c.View("test", nil, nil)
	}})
}

// What one party puts is at once the others'.
func TestPartiesShareWhatTheyHave(t *testing.T) {
	a := song(t, hybrid, 300_000)
	c := openCopy(t, openShelf(t, t.TempDir()), a)
	one, two, three := view(t, c, "one"), view(t, c, "two"), view(t, c, "three")
	one.put(a, 0, 2)
	two.put(a, 2, 4) // 2 is there already
	three.Close()
	one.put(a, 1)
	for _, test := range []struct {
		party *party
		want  []int
	}{{one, []int{4}}, {two, []int{0, 2, 1}}, {three, []int{0, 2, 4}}} {
		if got := test.party.heard(); !slices.Equal(got, test.want) {
			t.Errorf("heard %v, want %v", got, test.want)
		}
	}
	for _, p := range []*party{one, two} {
		for i, want := range []bool{true, true, true, false, true} {
			if got, err := p.read(a, i); got != want || !got && !errors.Is(err, store.ErrMissing) {
				t.Errorf("piece %d: %v, %v", i, got, err)
			}
		}
	}
	if err := three.Put(t.Context(), 3, a.piece(3)); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a closed view stores: %v", err)
	}
	if three.Have().Count() > 0 {
		t.Error("a closed view has pieces")
	}
}

// Deleting is for all parties.
func TestADeletedCopyIsEmptyForAll(t *testing.T) {
	a := song(t, v1, 300_000)
	c := openCopy(t, openShelf(t, t.TempDir()), a)
	one, two := view(t, c, "one"), view(t, c, "two")
	one.put(a, 0, 3)
	two.heard()
	if err := one.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := two.heard(), []int{-1, -4}; !slices.Equal(got, want) {
		t.Errorf("heard %v, want %v", got, want)
	}
	if got := one.heard(); len(got) > 0 {
		t.Errorf("who deleted heard %v", got)
	}
	two.put(a, 3)
	if ok, err := one.read(a, 3); !ok {
		t.Error(err)
	}
}

// After a restart everything is found again, with its torrent, and pieces are verified before they are given out.
func TestShelfAfterARestart(t *testing.T) {
	folder := t.TempDir()
	var albums []album
	for i, v := range versions {
		albums = append(albums, song(t, v, 300_000+int64(i)))
	}
	shelf := openShelf(t, folder)
	for _, a := range albums {
		view(t, openCopy(t, shelf, a), "test").fill(a)
	}
	used := shelf.Used()
	if err := shelf.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, dataFile(folder, albums[1], "0"), 200_000)
	shelf = openShelf(t, folder)
	if got := shelf.Used(); got < used || got > used+100<<10 {
		t.Errorf("%d bytes are used, want %d and a little", got, used)
	}
	if got := len(shelf.Copies()); got != len(albums) {
		t.Fatalf("%d copies, want %d", got, len(albums))
	}
	for i, a := range albums {
		c := shelf.Find(a.Infohash)
		kept, err := c.Torrent()
		if err != nil {
			t.Fatal(err)
		}
		if kept.InfohashV2 != a.InfohashV2 || len(kept.Layers) != len(a.Layers) {
			t.Error("the torrent is another one")
		}
		if have, pieces, err := c.Progress(); have != pieces || pieces != a.Info.NumPieces() || err != nil {
			t.Errorf("%d of %d pieces, %v", have, pieces, err)
		}
		p := view(t, c, "test")
		for index := range a.Info.NumPieces() {
			damaged := i == 1 && index == 3
			if ok, err := p.read(a, index); ok == damaged || damaged && !errors.Is(err, store.ErrMissing) {
				t.Errorf("%s: piece %d: %v", versions[i], index, err)
			}
		}
	}
}

// A work whose torrent comes later is verified once it is there, and kept from then on.
func TestCopyIsDescribedLater(t *testing.T) {
	folder, a := t.TempDir(), song(t, v2, 300_000)
	shelf := openShelf(t, folder)
	c, err := shelf.Open(t.Context(), a.Infohash, a.Info, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Torrent(); !errors.Is(err, store.ErrMissing) {
		t.Errorf("a torrent that nobody gave: %v", err)
	}
	view(t, c, "test").fill(a)
	shelf.Close()
	shelf = openShelf(t, folder)
	if _, err := shelf.Find(a.Infohash).View("test", nil, nil); !errors.Is(err, store.ErrMissing) {
		t.Errorf("a copy of which nothing is known: %v", err)
	}
	if c, err = shelf.Open(t.Context(), a.Infohash, a.Info, nil); err != nil {
		t.Fatal(err)
	}
	p := view(t, c, "test")
	if _, err := p.read(a, 1); !errors.Is(err, store.ErrMissing) {
		t.Errorf("a piece that cannot be verified was read: %v", err)
	}
	if err := c.Describe(a.Torrent); err != nil {
		t.Fatal(err)
	}
	if ok, err := p.read(a, 1); !ok {
		t.Error(err)
	}
	if got := p.heard(); len(got) > 0 {
		t.Errorf("heard %v", got)
	}
	if _, err := c.Torrent(); err != nil {
		t.Error(err)
	}
}

func TestShelfRemoves(t *testing.T) {
	folder, a, b := t.TempDir(), song(t, v1, 300_000), song(t, v1, 200_000)
	shelf := openShelf(t, folder)
	p, q := view(t, openCopy(t, shelf, a), "p"), view(t, openCopy(t, shelf, b), "q")
	p.put(a, 1, 2)
	q.put(b, 1)
	if err := errors.Join(shelf.Remove(a.Infohash), shelf.Remove(a.Infohash)); err != nil {
		t.Fatal(err)
	}
	if got, want := p.heard(), []int{-2, -3}; !slices.Equal(got, want) {
		t.Errorf("heard %v, want %v", got, want)
	}
	if _, err := p.read(a, 1); !errors.Is(err, store.ErrClosed) {
		t.Errorf("read what was removed: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(dataFile(folder, a, "0"))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is there: %v", err)
	}
	if got, want := shelf.Used(), int64(64<<10); got != want {
		t.Errorf("%d bytes are used, want %d", got, want)
	}
	again := view(t, openCopy(t, shelf, a), "again")
	again.put(a, 0)
	if ok, err := again.read(a, 0); !ok {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if ok, err := q.read(b, 1); !ok {
		t.Error(err)
	}
}

// Two processes must not write to the same files.
func TestShelfIsOpenOnce(t *testing.T) {
	folder := t.TempDir()
	shelf := openShelf(t, folder)
	if _, err := seedbox.OpenShelf(folder, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("it was opened twice")
	}
	if err := shelf.Close(); err != nil {
		t.Fatal(err)
	}
	openShelf(t, folder)
}

// Of many works only some stay open, and all of them can be used.
func TestManyCopiesAtRest(t *testing.T) {
	shelf, a := openShelf(t, t.TempDir()), song(t, v1, 100_000)
	var copies []*seedbox.Copy
	for i := range 200 {
		c, err := shelf.Open(t.Context(), [20]byte{1, byte(i)}, a.Info, nil)
		if err != nil {
			t.Fatal(err)
		}
		p := view(t, c, "test")
		p.put(a, 1)
		p.Close()
		copies = append(copies, c)
	}
	var users sync.WaitGroup
	for n := range 8 {
		users.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 0))
			for range 400 {
				i := random.IntN(len(copies))
				s, err := copies[i].View("test", nil, nil)
				if err == nil {
					err = errors.Join(s.ReadAt(t.Context(), 1, 0, make([]byte, 10)), s.Close())
				}
				if err != nil {
					t.Errorf("copy %d: %v", i, err)
				}
			}
		})
	}
	users.Wait()
	if got, want := shelf.Used(), 200*a.Info.PieceSize(1); got != want {
		t.Errorf("%d bytes are used, want %d", got, want)
	}
}
