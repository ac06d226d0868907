//go:build !js

package node

import (
	"bytes"
	"testing"
)

func TestSeedFetchAndCredit(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 9<<20+12345, 256<<10, 1)
	b.share(true)
	if _, err := b.AddTorrent(t.Context(), torrent.Bytes()); err != nil {
		t.Fatal(err)
	}
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	eventually(t, "all bytes are confirmed", func() bool { return w.confirmed(a) == uint64(len(data)) })
	if got := w.confirmed(b); got != 0 {
		t.Errorf("the downloader was credited %d bytes", got)
	}
	eventually(t, "no receipt is pending", func() bool { a.mu.Lock(); defer a.mu.Unlock(); return len(a.kept) == 0 })
	if err := w.books.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestMagnetAloneIsEnough(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 2<<20, 16<<10, 2)
	b.share(true)
	if _, err := b.AddMagnet(t.Context(), torrent.Magnet().String()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the metadata comes", func() bool { return b.snapshotOf(torrent.Infohash).Length > 0 })
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
}

func TestAChainCreditsEachForItsOwn(t *testing.T) {
	w := newWorld(t)
	a, b, c := newEngine(t, w, Limits{}), newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 5<<20, 128<<10, 3)
	b.share(true)
	if _, err := b.AddTorrent(t.Context(), torrent.Bytes()); err != nil {
		t.Fatal(err)
	}
	b.contents(torrent)
	eventually(t, "A is credited", func() bool { return w.confirmed(a) == uint64(len(data)) })
	a.stop()
	c.share(true)
	if _, err := c.AddTorrent(t.Context(), torrent.Bytes()); err != nil {
		t.Fatal(err)
	}
	if got := c.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	eventually(t, "B is credited", func() bool { return w.confirmed(b) == uint64(len(data)) })
	if got := w.confirmed(a); got != uint64(len(data)) {
		t.Errorf("A was credited %d bytes, want %d", got, len(data))
	}
}

func TestNothingMovesBeforeConsent(t *testing.T) {
	w := newWorld(t)
	a := newEngine(t, w, Limits{})
	torrent, _ := a.seed(w, 1<<20, 16<<10, 4)
	if got := a.snapshotOf(torrent.Infohash).State; got != Stopped {
		t.Errorf("state is %q, want %q", got, Stopped)
	}
	if a.socket.current != nil {
		t.Error("a socket was opened")
	}
	a.share(true)
	eventually(t, "it seeds", func() bool { return a.snapshotOf(torrent.Infohash).State == Seeding })
	a.share(false)
	eventually(t, "it stops", func() bool { return a.snapshotOf(torrent.Infohash).State == Stopped })
}

func TestASmallFileIsCreditedThoughItsTicketComesLate(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 40_000, 16<<10, 5)
	b.share(true)
	if _, err := b.AddTorrent(t.Context(), torrent.Bytes()); err != nil {
		t.Fatal(err)
	}
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	eventually(t, "all bytes are confirmed", func() bool { return w.confirmed(a) == uint64(len(data)) })
}
