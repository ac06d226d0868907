package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// The tests of this file are driven from outside, by web/test/gowasm.test.ts, which ends them in the middle. They print what they do.

// crashed is the torrent of all rounds: every round goes on with what the last one left.
var crashed = [20]byte{0xc, 0xa, 0x5}

// FANSEED_PUT has the indexes of pieces that earlier rounds have put, as far as was heard of them.
func TestCrash(t *testing.T) {
	heard, driven := os.LookupEnv("FANSEED_PUT")
	if !driven {
		t.Skip("must be driven")
	}
	o, info := onDisk(t, unlimited), files(256<<10, 7, 35<<20)
	s := open(t, o, crashed, info)
	was := map[int]bool{}
	for _, field := range strings.Fields(heard) {
		i, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		was[i] = true
	}
	have, doubtful := honest(t, s, info, func(i int) bool { return was[i] })
	fmt.Printf("found %d and %d doubtful\n", have, doubtful)
	if t.Failed() || os.Getenv("FANSEED_ONLY_LOOK") != "" {
		s.Close()
		return
	}
	n := 0
	for _, i := range rand.Perm(info.NumPieces()) {
		if s.Have().Has(i) {
			continue
		}
		if n++; n > 60 {
			time.Sleep(time.Hour) // more than the driver waits for
		}
		if n%3 == 0 {
			time.Sleep(time.Millisecond) // lets the driver hear before much more is put
		}
		put(t, s, info, i)
		fmt.Printf("put %d\n", i)
	}
	t.Error("was not ended") // there are more pieces than all rounds put
}

// TestQuota puts pieces until there is no more room, which the driver has bounded, and finds those that were put.
func TestQuota(t *testing.T) {
	if os.Getenv("FANSEED_QUOTA") == "" {
		t.Skip("must be driven")
	}
	for kind, o := range openers(t) {
		if kind != store.InMemory {
			t.Run(string(kind), func(t *testing.T) { testQuota(t, o) })
		}
	}
}

func testQuota(t *testing.T, o *store.Opener) {
	info, infohash := files(1<<20, 9, 16<<20), newInfohash()
	s := open(t, o, infohash, info)
	var err error
	n := 0
	for ; err == nil && n < info.NumPieces(); n++ {
		err = s.Put(t.Context(), n, piece(info, n))
	}
	n--
	fmt.Printf("full after %d pieces: %v\n", n, err)
	if !errors.Is(err, store.ErrFull) || n == 0 {
		t.Fatalf("%d pieces of %d, then %v", n, info.NumPieces(), err)
	}
	if err := s.Put(t.Context(), n, piece(info, n)); !errors.Is(err, store.ErrFull) {
		t.Errorf("put again: %v", err)
	}
	was := func(i int) bool { return i < n }
	if have, doubtful := honest(t, s, info, was); have != n || doubtful > 0 {
		t.Errorf("%d pieces, %d doubtful", have, doubtful)
	}
	if err := s.Close(); err != nil && !errors.Is(err, store.ErrFull) {
		t.Error(err)
	}
	s = open(t, o, infohash, info)
	if have, _ := honest(t, s, info, was); have != n {
		t.Errorf("opened again: %d pieces, want %d", have, n)
	}
	if err := s.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, s, info, 3)
	if err := s.Delete(t.Context()); err != nil {
		t.Error(err)
	}
	s.Close()
}

// Somebody clears the site's data while a store is open: the driver, once this has printed "clear". Within a checkpoint or two this is
// noticed, and the store can be opened again.
func TestCleared(t *testing.T) {
	if os.Getenv("FANSEED_CLEARED") == "" {
		t.Skip("must be driven")
	}
	o, info, infohash := onDisk(t, unlimited), song(1<<30), newInfohash()
	info.PieceLength = 1 << 20
	info.Pieces = bytes.Repeat([]byte{1}, 1024*20)
	database := openerIn(t, store.InIndexedDB, unlimited)
	d := open(t, database, crashed, info)
	put(t, d, info, 0, 1)
	s := open(t, o, infohash, info)
	put(t, s, info, 0, 1, 2)
	fmt.Println("clear")
	block := piece(info, 5)
	var err error
	for i := 3; err == nil && i < info.NumPieces(); i++ {
		time.Sleep(5 * time.Millisecond)
		err = s.Put(t.Context(), i, block)
	}
	fmt.Println("noticed:", err)
	if !errors.Is(err, store.ErrLost) {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s, err = o.Open(t.Context(), infohash, info)
	for deadline := time.Now().Add(5 * time.Second); err != nil && time.Now().Before(deadline); s, err = o.Open(t.Context(), infohash, info) {
		time.Sleep(50 * time.Millisecond) // Firefox is still clearing
	}
	if err != nil {
		t.Fatal(err)
	}
	again(t, s, info)
	if err := d.ReadAt(t.Context(), 0, 0, make([]byte, 1)); !errors.Is(err, store.ErrLost) {
		t.Errorf("from the database: %v", err)
	}
	d.Close()
	again(t, open(t, database, crashed, info), info)
}

// again finds that an emptied store can be used.
func again(t *testing.T, s store.Store, info *metainfo.Info) {
	t.Helper()
	if have := s.Have(); have.Count() > 0 {
		t.Errorf("%T has pieces %x", s, have[:2])
	}
	put(t, s, info, 4)
	if !whole(t, s, info, 4) {
		t.Error("the first new piece is wrong")
	}
	s.Close()
}
