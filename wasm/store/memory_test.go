package store_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/store/storetest"
)

func TestMemory(t *testing.T) {
	bounded := func(info *metainfo.Info, bytes int64) (store.Store, error) {
		return store.NewMemory(info, store.NewBudget(bytes)), nil
	}
	storetest.Run(t, storetest.Backend{
		Open:        func(info *metainfo.Info) (store.Store, error) { return bounded(info, info.Length) },
		OpenBounded: bounded,
	})
}

// song is a torrent of one piece with so many bytes.
func song(length int64) *metainfo.Info {
	return &metainfo.Info{
		Name: "song", PieceLength: length, Length: length, Single: true,
		Files:  []metainfo.File{{Path: []string{"song"}, Length: length}},
		Pieces: make([]byte, metainfo.HashSize),
	}
}

// Stores that share a budget have no more than it together, and give back what they had.
func TestBudgetIsShared(t *testing.T) {
	ctx := context.Background()
	budget := store.NewBudget(15)
	a, b := store.NewMemory(song(10), budget), store.NewMemory(song(10), budget)
	if err := a.Put(ctx, 0, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := b.Put(ctx, 0, make([]byte, 10)); !errors.Is(err, store.ErrFull) {
		t.Errorf("20 bytes in a budget of 15: %v", err)
	}
	if err := errors.Join(a.Close(), a.Close()); err != nil {
		t.Fatal(err)
	}
	if err := b.Put(ctx, 0, make([]byte, 10)); err != nil {
		t.Errorf("after the other store was closed: %v", err)
	}
	c := store.NewMemory(song(6), budget)
	if err := c.Put(ctx, 0, make([]byte, 6)); !errors.Is(err, store.ErrFull) {
		t.Errorf("16 bytes in a budget of 15: %v", err)
	}
}

func TestBudgetIsResized(t *testing.T) {
	ctx := context.Background()
	budget := store.NewBudget(15)
	a, b := store.NewMemory(song(10), budget), store.NewMemory(song(10), budget)
	if err := a.Put(ctx, 0, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	budget.Resize(5)
	if err := errors.Join(a.Delete(ctx), b.Put(ctx, 0, make([]byte, 10))); !errors.Is(err, store.ErrFull) {
		t.Errorf("10 bytes in a budget of 5: %v", err)
	}
	budget.Resize(math.MaxInt64)
	if err := errors.Join(a.Put(ctx, 0, make([]byte, 10)), b.Put(ctx, 0, make([]byte, 10))); err != nil {
		t.Errorf("in a budget without bounds: %v", err)
	}
}
