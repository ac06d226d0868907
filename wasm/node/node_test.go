//go:build !js

package node

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"fanseed/signal/ticket"
	"fanseed/wasm/wire"
)

func TestSeedFetchAndCredit(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 9<<20+12345, 256<<10, 1)
	b.join(torrent)
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
	s, err := w.ledger.Statement(t.Context(), ticket.Account(a.public))
	if err != nil || len(s.Records) == 0 {
		t.Fatal(s.Records, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	newest := s.Records[0]
	if p := a.promised[newest.Serial]; p.Promise.Salt != newest.Salt || p.Promise.Epoch != newest.Epoch || p.Amount != newest.Amount || p.Promise.By == 0 {
		t.Errorf("promised is %+v, want it for %+v", p, newest)
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
	b.join(torrent)
	b.contents(torrent)
	eventually(t, "A is credited", func() bool { return w.confirmed(a) == uint64(len(data)) })
	a.stop()
	c.join(torrent)
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
	b.join(torrent)
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	eventually(t, "all bytes are confirmed", func() bool { return w.confirmed(a) == uint64(len(data)) })
}

func TestAFullDiskIsToldAndLosesNothing(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, _ := a.seed(w, 4<<20, 64<<10, 6)
	b.budget = 1 << 20
	b.join(torrent)
	eventually(t, "the work fails", func() bool { return b.snapshotOf(torrent.Infohash).State == Failed })
	got := b.snapshotOf(torrent.Infohash)
	if !errors.Is(got.Err, ErrFull) {
		t.Errorf("error is %v, want %v", got.Err, ErrFull)
	}
	if have := torrent.Info.Length - got.Missing; have != 1<<20 {
		t.Errorf("%d bytes are kept, want %d", have, 1<<20)
	}
	eventually(t, "what was verified is paid", func() bool { return w.confirmed(a) == 1<<20 })
}

func TestReceiptsOfAnEarlierRunAreSettled(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 3<<20, 64<<10, 7)
	b.join(torrent)
	b.contents(torrent)
	eventually(t, "all bytes are confirmed", func() bool { return w.confirmed(a) == uint64(len(data)) })
	// The tab is closed and opened again with the same receipt: it adds nothing.
	var last Receipt
	_ = a.do(t.Context(), func(time.Time) error {
		for _, r := range a.receipts.newest {
			last = r
		}
		return nil
	})
	a.stop()
	last.Acknowledged = 0
	again := startEngine(t, w, a.key, a.public, Limits{}, last)
	again.share(true)
	eventually(t, "the receipt is acknowledged", func() bool {
		var pending int
		_ = again.do(t.Context(), func(time.Time) error { pending = len(again.receipts.pending()); return nil })
		return pending == 0
	})
	if got := w.confirmed(again); got != uint64(len(data)) {
		t.Errorf("%d bytes are confirmed, want %d", got, len(data))
	}
}

func TestATakedownStopsSeedingInOpenTabs(t *testing.T) {
	w := newWorld(t)
	a := newEngine(t, w, Limits{})
	a.share(true)
	torrent, _ := a.seed(w, 1<<20, 64<<10, 11)
	eventually(t, "it is announced", func() bool { seeders, _ := w.hub.Counts(torrent.Infohash); return seeders == 1 })
	w.mu.Lock()
	delete(w.listed, torrent.Infohash)
	w.mu.Unlock()
	w.hub.Revoke(torrent.Infohash, "a complaint")
	eventually(t, "it stops", func() bool { return a.snapshotOf(torrent.Infohash).State == Failed })
	if got := a.snapshotOf(torrent.Infohash); !got.Revoked || !strings.Contains(got.Err.Error(), "a complaint") {
		t.Errorf("the person reads %q", got.Err)
	}
	if err := a.Start(t.Context(), torrent.Infohash); err != nil {
		t.Fatal(err)
	}
	if got := a.snapshotOf(torrent.Infohash).State; got != Failed {
		t.Errorf("after another start it is %q", got)
	}
}

func TestAWorkThatTheServerDoesNotKnowIsRefused(t *testing.T) {
	w := newWorld(t)
	a := newEngine(t, w, Limits{})
	a.share(true)
	infohash, err := a.AddMagnet(t.Context(), "magnet:?xt=urn:btih:d2474e86c95b19b8bcfdb92bc12c9d44667cfa36")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is refused", func() bool { return a.snapshotOf(infohash).State == Failed })
	var refusal Refusal
	if got := a.snapshotOf(infohash).Err; !errors.As(got, &refusal) {
		t.Errorf("error is %v, want a refusal", got)
	}
	for _, link := range []string{"", "magnet:?dn=x", "magnet:?xt=urn:btih:zz", "http://example.com"} {
		if _, err := a.AddMagnet(t.Context(), link); err == nil {
			t.Errorf("took %q as a magnet", link)
		}
	}
	if _, err := a.AddTorrent(t.Context(), []byte("d4:infode")); err == nil {
		t.Error("took a broken .torrent")
	}
}

func TestAConnectionThatFailsWhileSendingIsLost(t *testing.T) {
	w := newWorld(t)
	a := newEngine(t, w, Limits{})
	a.share(true)
	torrent, _ := a.seed(w, 1<<20, 16<<10, 10)
	var l *link
	broken := &brokenConn{strangerConn{closed: make(chan struct{})}}
	_ = a.do(t.Context(), func(now time.Time) error {
		l = a.find(torrent.Infohash).newLink(now, [20]byte{1})
		l.conn = broken
		return nil
	})
	h := handlerOf{l}
	h.Received(wire.NewHandshake(torrent.Infohash, [20]byte{1}).Append(nil)) // its greeting is answered while effects are carried out
	h.Opened()
	select {
	case <-broken.closed:
	case <-time.After(time.Minute):
		t.Error("the connection stays open")
	}
}

// brokenConn takes nothing.
type brokenConn struct{ strangerConn }

func (*brokenConn) Send([]byte) error { return errors.New("broken") }

// strangerConn is the far end of a hostile peer's connection.
type strangerConn struct {
	closed chan struct{}
	once   sync.Once
}

func (*strangerConn) Accept(string) error { return nil }
func (*strangerConn) Send([]byte) error   { return nil }
func (*strangerConn) Buffered() int       { return 0 }
func (c *strangerConn) Close()            { c.once.Do(func() { close(c.closed) }) }

func TestReadingFetchesWhatIsReadFirst(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{UploadRate: 2 << 20}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 12<<20, 64<<10, 9)
	b.join(torrent)
	eventually(t, "it begins", func() bool { return b.snapshotOf(torrent.Infohash).Downloaded > 0 })
	got, err := b.Read(t.Context(), torrent.Infohash, 0, 11<<20, 11<<20+1000)
	if err != nil || !bytes.Equal(got, data[11<<20:11<<20+1000]) {
		t.Fatalf("read %d bytes, %v", len(got), err)
	}
	if missing := b.snapshotOf(torrent.Infohash).Missing; missing < 4<<20 {
		t.Errorf("only %d bytes were missing when the end was read", missing)
	}
	if _, err := b.Read(t.Context(), torrent.Infohash, 0, 12<<20, 12<<20+1); !errors.Is(err, ErrMissing) {
		t.Errorf("reading beyond the end: %v, want %v", err, ErrMissing)
	}
	if err := b.Prioritize(t.Context(), torrent.Infohash, 1); !errors.Is(err, ErrMissing) {
		t.Errorf("prioritizing a file that does not exist: %v, want %v", err, ErrMissing)
	}
}
