//go:build !js

package node

import (
	"bytes"
	"testing"
	"time"

	"fanseed/wasm/store"
)

func TestAPublishedWorkIsKept(t *testing.T) {
	w, d := newWorld(t), newDisk(1<<30)
	a, b := withDisk(t, w, d), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 4<<20, 64<<10, 31)
	b.join(torrent) // served from the files meanwhile
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	eventually(t, "it is kept", func() bool { return a.snapshotOf(torrent.Infohash).Kept })
	if got := a.snapshotOf(torrent.Infohash); got.Downloaded != 0 || got.State != Seeding {
		t.Errorf("it is %q, with %d bytes downloaded", got.State, got.Downloaded)
	}
	if got := a.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the kept copy differs from the original")
	}
	b.stop()
	a.stop()
	again, c := withDisk(t, w, d), newEngine(t, w, Limits{})
	again.join(torrent)
	c.join(torrent)
	if got := c.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy of the copy differs from the original")
	}
}

func TestAPublishedWorkStaysWithItsFilesWhereThereIsNoRoom(t *testing.T) {
	w, d := newWorld(t), newDisk(1<<20)
	a, b := withDisk(t, w, d), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 4<<20, 64<<10, 32)
	eventually(t, "the copy is given up", func() bool {
		var over bool
		_ = a.do(t.Context(), func(time.Time) error { over = a.find(torrent.Infohash).keeping == nil; return nil })
		return over
	})
	if got := a.snapshotOf(torrent.Infohash); got.Kept || got.Err != nil {
		t.Errorf("kept %v, error %v", got.Kept, got.Err)
	}
	b.join(torrent)
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	eventually(t, "the room is free again", func() bool { d.mu.Lock(); defer d.mu.Unlock(); return d.room == 1<<20 })
}

func TestPublishingAgainGoesOnWithTheCopy(t *testing.T) {
	w, d := newWorld(t), newDisk(1<<30)
	a := withDisk(t, w, d)
	torrent, data := a.seed(w, 4<<20, 64<<10, 33)
	eventually(t, "it is kept", func() bool { return a.snapshotOf(torrent.Infohash).Kept })
	a.stop()
	shelf := d.crash(torrent.Infohash)
	shelf.have[0], shelf.have[1] = 0, 0 // as if the tab had been closed before they were copied
	for i := range 16 {
		delete(shelf.pieces, i)
	}

	again := withDisk(t, w, d)
	if _, err := again.AddTorrent(t.Context(), torrent.Bytes()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a part is there", func() bool { return again.snapshotOf(torrent.Infohash).Missing == 1<<20 })
	files := store.NewMemory(torrent.Info, store.NewBudget(1<<30))
	for i := range torrent.Info.NumPieces() {
		if err := files.Put(t.Context(), i, data[i<<16:(i+1)<<16]); err != nil {
			t.Fatal(err)
		}
	}
	if err := again.AddComplete(t.Context(), torrent, files); err != nil {
		t.Fatal(err)
	}
	if got := again.snapshotOf(torrent.Infohash); got.Missing != 0 || got.Kept {
		t.Errorf("%d bytes are missing with all files at hand; kept %v", got.Missing, got.Kept)
	}
	eventually(t, "the rest is kept too", func() bool { return again.snapshotOf(torrent.Infohash).Kept })
	if got := d.has(torrent.Infohash); got != torrent.Info.NumPieces() {
		t.Errorf("%d pieces are on the disk, want %d", got, torrent.Info.NumPieces())
	}
	if err := again.AddComplete(t.Context(), torrent, files); err != nil { // it is here: nothing changes
		t.Fatal(err)
	}
	if !again.snapshotOf(torrent.Infohash).Kept {
		t.Error("a work that is here was exchanged for files")
	}
}

func TestFilesThatHaveChangedAreNotKept(t *testing.T) {
	w, d := newWorld(t), newDisk(1<<30)
	a := withDisk(t, w, d)
	other, _ := newEngine(t, w, Limits{}).seed(w, 1<<20, 64<<10, 34)
	changed := store.NewMemory(other.Info, store.NewBudget(1<<30))
	for i := range other.Info.NumPieces() {
		if err := changed.Put(t.Context(), i, make([]byte, other.Info.PieceSize(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.AddComplete(t.Context(), other, changed); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the copy is given up", func() bool {
		var over bool
		_ = a.do(t.Context(), func(time.Time) error { over = a.find(other.Infohash).keeping == nil; return nil })
		return over
	})
	if got := d.has(other.Infohash); got != 0 {
		t.Errorf("%d wrong pieces are on the disk", got)
	}
}
