package seedbox_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// However a file is damaged while it is being served, no party reads a wrong byte; all hear of it, and the piece can be put again.
func TestDamageIsNotRead(t *testing.T) {
	for _, v := range versions {
		for what, spoil := range map[string]func(t *testing.T, name string){
			"a bit":   func(t *testing.T, name string) { damage(t, name, 70_000) },
			"cut off": func(t *testing.T, name string) { must(t, os.Truncate(name, 70_000)) },
			"removed": func(t *testing.T, name string) { must(t, os.Remove(name)) },
			"replaced": func(t *testing.T, name string) {
				must(t, os.WriteFile(name+"2", make([]byte, 300_000), 0o600), os.Rename(name+"2", name))
			},
		} {
			t.Run(string(v)+" "+what, func(t *testing.T) {
				folder, a := t.TempDir(), song(t, v, 300_000)
				c := openCopy(t, openShelf(t, folder), a)
				one, two := view(t, c, "one"), view(t, c, "two")
				one.fill(a)
				two.heard()
				if ok, err := two.read(a, 1); !ok {
					t.Fatal(err)
				}
				spoil(t, dataFile(folder, a, "0"))
				if _, err := one.read(a, 1); !errors.Is(err, store.ErrMissing) {
					t.Errorf("read a damaged piece: %v", err)
				}
				if two.Have().Has(1) {
					t.Error("a damaged piece is there")
				}
				for _, p := range []*party{one, two} {
					if got, want := p.heard(), []int{-2}; !slices.Equal(got, want) {
						t.Errorf("heard %v, want %v", got, want)
					}
				}
				one.put(a, 1)
				if ok, err := two.read(a, 1); !ok {
					t.Error(err)
				}
				if got, want := two.heard(), []int{1}; !slices.Equal(got, want) {
					t.Errorf("heard %v, want %v", got, want)
				}
				if ok, err := two.read(a, 0); !ok && what == "a bit" {
					t.Errorf("a piece that is right beside it: %v", err)
				}
			})
		}
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// A file is damaged again and again while many read and one mends: nobody reads a wrong byte.
func TestDamageWhileManyRead(t *testing.T) {
	folder, a := t.TempDir(), song(t, hybrid, 1<<20)
	c := openCopy(t, openShelf(t, folder), a)
	mender := view(t, c, "mender")
	mender.fill(a)
	var readers sync.WaitGroup
	done := make(chan struct{})
	for n := range 4 {
		p := view(t, c, "reader")
		readers.Go(func() {
			for i := n; ; i++ {
				select {
				case <-done:
					return
				default:
					_, _ = p.read(a, i%a.Info.NumPieces()) // an error gives out no bytes
				}
			}
		})
	}
	lost := 0
	for i := range int64(40) {
		damage(t, dataFile(folder, a, "0"), i*12_345%(1<<20))
		time.Sleep(time.Duration(i%8) * 20 * time.Millisecond)
		for index := range a.Info.NumPieces() {
			if !mender.Have().Has(index) {
				mender.put(a, index)
				lost++
			}
		}
	}
	close(done)
	readers.Wait()
	if lost < 10 {
		t.Errorf("of 40 damages %d were found", lost)
	}
}

// A file is damaged while a piece that was verified is being read: the reader gets none of it.
func TestDamageDuringARead(t *testing.T) {
	const length = 16 << 20
	folder, a := t.TempDir(), newAlbum(t, v1, "long", length, metainfo.File{Path: []string{"long"}, Length: length})
	c := openCopy(t, openShelf(t, folder), a)
	p, mender := view(t, c, "reader"), view(t, c, "mender")
	mender.put(a, 0)
	for range 8 {
		var damaged sync.WaitGroup
		damaged.Go(func() {
			time.Sleep(time.Duration(rand.IntN(4000)) * time.Microsecond)
			damage(t, dataFile(folder, a, "0"), length-1)
		})
		for there := true; there; {
			there, _ = p.read(a, 0)
		}
		damaged.Wait()
		mender.put(a, 0)
	}
}

// What was settled by one party is at once the others'.
func TestDoubtIsSettledForAll(t *testing.T) {
	folder, a := t.TempDir(), song(t, v1, 300_000)
	shelf := openShelf(t, folder)
	view(t, openCopy(t, shelf, a), "test").fill(a)
	shelf.Close()
	must(t, os.Remove(dataFile(folder, a, "journal")))
	damage(t, dataFile(folder, a, "0"), 70_000)
	c := openCopy(t, openShelf(t, folder), a)
	one, two := view(t, c, "one"), view(t, c, "two")
	if got, want := one.Doubtful().Count(), a.Info.NumPieces(); got != want || one.Have().Count() > 0 {
		t.Fatalf("%d pieces are doubtful, want %d", got, want)
	}
	for i := range a.Info.NumPieces() {
		if err := one.Settle(t.Context(), i, i != 1); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := two.heard(), []int{0, 2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("heard %v, want %v", got, want)
	}
	if ok, err := two.read(a, 4); !ok {
		t.Error(err)
	}
}
