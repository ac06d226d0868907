//go:build !js

package node

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"
)

// withDisk starts an engine that keeps what it downloads.
func withDisk(t *testing.T, w *world, d *disk) *engine {
	t.Helper()
	e := newEngine(t, w, Limits{})
	e.disk = d
	return e
}

func (e *engine) state(infohash [20]byte) State { return e.snapshotOf(infohash).State }

// downloaded is how many bytes a work has fetched in this run.
func (e *engine) downloaded(infohash [20]byte) (bytes int64) {
	_ = e.do(e.t.Context(), func(time.Time) error {
		w := e.find(infohash)
		bytes = w.moved(w.swarm.Stats()).down
		return nil
	})
	return bytes
}

func TestAReloadResumesWithoutFetchingAnythingAgain(t *testing.T) {
	w, d := newWorld(t), newDisk(1<<30)
	a := newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 4<<20+99, 64<<10, 21)
	b := withDisk(t, w, d)
	b.join(torrent)
	b.contents(torrent)
	eventually(t, "what a disk has is shown as kept", func() bool { return b.snapshotOf(torrent.Infohash).Kept })
	a.stop()
	b.stop()
	again, c := withDisk(t, w, d), newEngine(t, w, Limits{})
	again.join(torrent)
	eventually(t, "it seeds", func() bool { return again.state(torrent.Infohash) == Seeding })
	c.join(torrent)
	if got := c.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	if got := again.downloaded(torrent.Infohash); got != 0 {
		t.Errorf("%d bytes were fetched again", got)
	}
}

func TestWhatIsDoubtfulIsVerifiedBeforeItIsShared(t *testing.T) {
	w, d := newWorld(t), newDisk(1<<30)
	a := newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 4<<20, 64<<10, 22)
	b := withDisk(t, w, d)
	b.join(torrent)
	b.contents(torrent)
	b.stop()

	shelf := d.crash(torrent.Infohash, 3, 7, 8, 63)
	shelf.pieces[7][100] ^= 1 // torn
	d.reading = make(chan struct{})
	again := withDisk(t, w, d)
	if _, err := again.AddTorrent(t.Context(), torrent.Bytes()); err != nil { // sharing is off: a check needs no peer
		t.Fatal(err)
	}
	for settled := range 4 {
		eventually(t, "a piece is settled", func() bool {
			s := again.snapshotOf(torrent.Infohash)
			return s.State == Checking && s.Progress == float64(settled)/4
		})
		// The loop is not held up, and pieces without doubt are read meanwhile.
		if got, err := again.Read(t.Context(), torrent.Infohash, 0, 0, 1000); err != nil || !bytes.Equal(got, data[:1000]) {
			t.Fatalf("read %d bytes while checking: %v", len(got), err)
		}
		d.reading <- struct{}{}
	}
	eventually(t, "the check is over", func() bool { return again.state(torrent.Infohash) == Stopped })
	if got := again.snapshotOf(torrent.Infohash).Missing; got != 64<<10 {
		t.Errorf("%d bytes are missing, want the torn piece alone", got)
	}
	again.share(true)
	if got := again.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	if got := again.downloaded(torrent.Infohash); got != 64<<10 {
		t.Errorf("%d bytes were fetched, want the torn piece alone", got)
	}
}

func TestACheckCanBeStoppedAndRemoved(t *testing.T) {
	w, d := newWorld(t), newDisk(1<<30)
	a := newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 1<<20, 64<<10, 23)
	b := withDisk(t, w, d)
	b.join(torrent)
	b.contents(torrent)
	b.stop()

	d.crash(torrent.Infohash, 1, 2, 3, 4, 5, 6)
	d.reading = make(chan struct{})
	again := withDisk(t, w, d)
	again.join(torrent)
	eventually(t, "it is checked", func() bool { return again.state(torrent.Infohash) == Checking })
	if err := again.Stop(t.Context(), torrent.Infohash); err != nil {
		t.Fatal(err)
	}
	d.reading <- struct{}{} // those that were under way
	d.reading <- struct{}{}
	eventually(t, "it is stopped", func() bool { return again.state(torrent.Infohash) == Stopped })
	select {
	case d.reading <- struct{}{}:
		t.Error("a stopped check goes on")
	case <-time.After(50 * time.Millisecond):
	}
	if err := again.Start(t.Context(), torrent.Infohash); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the check goes on", func() bool { return again.state(torrent.Infohash) == Checking })
	if err := again.Remove(t.Context(), torrent.Infohash); err != nil {
		t.Fatal(err)
	}
	again.join(torrent) // while the first store is still being closed
	close(d.reading)
	if got := again.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	if got := again.downloaded(torrent.Infohash); got != 0 {
		t.Errorf("%d bytes were fetched again", got)
	}
	if err := again.Delete(t.Context(), torrent.Infohash); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the disk is empty", func() bool { return d.has(torrent.Infohash) == 0 })
	if err := again.Start(t.Context(), torrent.Infohash); !errors.Is(err, ErrNoWork) {
		t.Errorf("starting a removed work: %v, want %v", err, ErrNoWork)
	}
}

func TestWhatTheBrowserDeletedIsToldAndFetchedAgain(t *testing.T) {
	w, d := newWorld(t), newDisk(1<<30)
	a := newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 2<<20, 64<<10, 24)
	b, c := withDisk(t, w, d), newEngine(t, w, Limits{})
	b.join(torrent)
	b.contents(torrent)
	a.share(false)
	d.lose(torrent.Infohash)
	c.join(torrent) // its requests find out
	eventually(t, "the loss is told", func() bool { return b.state(torrent.Infohash) == Failed })
	if got := b.snapshotOf(torrent.Infohash).Err; !errors.Is(got, ErrLost) {
		t.Errorf("error is %v, want %v", got, ErrLost)
	}
	c.stop()
	a.share(true)
	if err := b.Start(t.Context(), torrent.Infohash); err != nil {
		t.Fatal(err)
	}
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	if got := b.downloaded(torrent.Infohash); got != 2*int64(len(data)) {
		t.Errorf("%d bytes were fetched in this run, want all twice", got)
	}
}

func TestAFullDiskGoesOnOnceThereIsRoom(t *testing.T) {
	w, d := newWorld(t), newDisk(1<<20)
	a := newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 2<<20, 64<<10, 25)
	b := withDisk(t, w, d)
	b.join(torrent)
	eventually(t, "it is told", func() bool { return errors.Is(b.snapshotOf(torrent.Infohash).Err, ErrFull) })
	d.mu.Lock()
	d.room = 1 << 30
	d.mu.Unlock()
	if err := b.Start(t.Context(), torrent.Infohash); err != nil {
		t.Fatal(err)
	}
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
}

func TestAMagnetFindsWhatIsKept(t *testing.T) {
	w, d := newWorld(t), newDisk(1<<30)
	a := newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 2<<20, 64<<10, 26)
	b := withDisk(t, w, d)
	b.join(torrent)
	b.contents(torrent)
	b.stop()
	again := withDisk(t, w, d)
	again.share(true)
	if _, err := again.AddMagnet(t.Context(), torrent.Magnet().String()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it seeds", func() bool { return again.state(torrent.Infohash) == Seeding })
	if got := again.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	if got := again.downloaded(torrent.Infohash); got != 0 {
		t.Errorf("%d bytes were fetched again", got)
	}
}

func TestAStoreThatDoesNotOpenIsTriedAgain(t *testing.T) {
	w, d := newWorld(t), newDisk(1<<30)
	a := newEngine(t, w, Limits{})
	torrent, _ := a.seed(w, 1<<20, 64<<10, 27)
	held, err := d.open(torrent.Infohash, torrent.Info) // another tab has it
	if err != nil {
		t.Fatal(err)
	}
	b := withDisk(t, w, d)
	b.join(torrent)
	eventually(t, "it is told", func() bool { return b.state(torrent.Infohash) == Failed })
	_ = held.Close()
	if err := b.Start(t.Context(), torrent.Infohash); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it runs", func() bool { return b.state(torrent.Infohash) == Downloading })
}

func TestAReaderThatLeavesIsForgotten(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
	torrent, _ := a.seed(w, 1<<20, 64<<10, 28)
	b.join(torrent)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := b.Read(ctx, torrent.Infohash, 0, 0, 10); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a read of what nobody has: %v", err)
	}
	waiting := -1
	_ = b.do(t.Context(), func(time.Time) error { waiting = len(b.find(torrent.Infohash).waiters); return nil })
	if waiting != 0 {
		t.Errorf("%d readers wait", waiting)
	}
}
