package ledgertest

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
)

func keepCases() []Case {
	return []Case{
		{"a setting keeps its first value", once},
		{"everything is there when the books are opened again", reopened},
		{"a work is published once", publishedOnce},
		{"works are listed in pages, the newest first", listed},
		{"a removed work is gone for ever", removed},
		{"no more works than the limit", limited},
	}
}

func once(t testing.TB, place Place) {
	w := newWorld(t, place)
	for _, c := range []struct{ name, value, want string }{
		{"colour", "red", "red"}, {"colour", "blue", "red"}, {"size", "blue", "blue"},
	} {
		if got, err := w.Once(w.ctx, c.name, c.value); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func reopened(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	w.must("deposit", w.Deposit(w.ctx, 1000, start))
	tk := w.issue("anna", "bert", "song", epoch)
	w.expect(claim(tk, 1<<28), 1<<28, receipt.Confirmed)
	forged := claim(tk, 1<<29)
	forged.Genuine = false
	w.settle(forged)
	w.close(epoch, 1000, 1<<28, 250)
	before := w.books("anna")
	w.must("close", w.Store.Close())

	w.Store = place(t)
	defer w.Store.Close()
	after := w.books("anna")
	if !reflect.DeepEqual(after, before) || after.Held != 250 {
		t.Errorf("got %+v, want %+v", after, before)
	}
	w.expect(claim(tk, 1<<28), 1<<28, receipt.Confirmed)
	w.expectBytes("anna", 1<<28)
	w.expectBalance(ledger.Treasury, 750)
	w.check()
}

func (w *world) expectWorks(p ledger.Page, want ...string) {
	w.Helper()
	list, err := w.Works(w.ctx, p)
	var got []string
	for _, work := range list {
		got = append(got, work.Name)
	}
	if err != nil || !slices.Equal(got, want) {
		w.Errorf("works after %x: got %v, %v, want %v", p.After[:3], got, err, want)
	}
}

func publishedOnce(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("publisher")
	work := ledger.Work{
		Infohash: infohash("song"), Name: "söng", Length: 1 << 52, PieceLength: 1 << 24, Files: 3,
		Publisher: account("publisher"), Published: start,
	}
	if _, err := w.Work(w.ctx, work.Infohash); !errors.Is(err, ledger.ErrNoWork) {
		t.Errorf("before: %v", err)
	}
	w.must("publish", w.Publish(w.ctx, work, []byte("first"), 10))
	other := work
	other.Name = "other"
	if err := w.Publish(w.ctx, other, []byte("second"), 10); !errors.Is(err, ledger.ErrWorkExists) {
		t.Errorf("again: %v", err)
	}
	if got, err := w.Work(w.ctx, work.Infohash); err != nil || got != work {
		t.Errorf("got %+v, %v, want %+v", got, err, work)
	}
	if got, err := w.Torrent(w.ctx, work.Infohash); err != nil || !bytes.Equal(got, []byte("first")) {
		t.Errorf("torrent: got %q, %v", got, err)
	}
	if _, err := w.Torrent(w.ctx, infohash("film")); !errors.Is(err, ledger.ErrNoWork) {
		t.Errorf("torrent of nothing: %v", err)
	}
}

func listed(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("publisher")
	for n, song := range []string{"a", "b", "c", "d", "e"} {
		work := ledger.Work{
			Infohash: [20]byte{byte(10 - n)}, Name: song, Length: 1, PieceLength: 1 << 14, Files: 1,
			Publisher: account("publisher"), Published: start + uint64(n/2),
		}
		w.must("publish", w.Publish(w.ctx, work, []byte("torrent"), 10))
	}
	w.expectWorks(ledger.Page{Limit: 2}, "e", "c")
	w.expectWorks(ledger.Page{Limit: 2, After: [20]byte{8}}, "d", "a")
	w.expectWorks(ledger.Page{Limit: 2, After: [20]byte{10}}, "b")
	w.expectWorks(ledger.Page{Limit: 2, After: [20]byte{9}})
	w.expectWorks(ledger.Page{Limit: 2, After: [20]byte{99}})
}

func removed(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	w.publish("film", 1<<30)
	tk := w.issue("anna", "bert", "song", epoch)
	w.must("remove", w.Remove(w.ctx, infohash("song")))
	w.must("remove again", w.Remove(w.ctx, infohash("song")))
	w.must("remove what is not there", w.Remove(w.ctx, infohash("play")))
	w.expectWorks(ledger.Page{Limit: 10}, "film")
	if got, err := w.Work(w.ctx, infohash("song")); err != nil || !got.Removed {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := w.Torrent(w.ctx, infohash("song")); !errors.Is(err, ledger.ErrNoWork) {
		t.Errorf("its torrent: %v", err)
	}
	if err := w.Publish(w.ctx, ledger.Work{Infohash: infohash("song")}, nil, 10); !errors.Is(err, ledger.ErrWorkRemoved) {
		t.Errorf("published again: %v", err)
	}
	w.expect(claim(tk, 1<<20), 1<<20, receipt.Confirmed)
	w.check()
}

func limited(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.publish("song", 1)
	w.publish("film", 1)
	work := ledger.Work{Infohash: infohash("play"), PieceLength: 1, Files: 1, Publisher: account("publisher")}
	if err := w.Publish(w.ctx, work, nil, 2); !errors.Is(err, ledger.ErrWorksFull) {
		t.Errorf("a third of two: %v", err)
	}
	w.expectWorks(ledger.Page{Limit: 10, After: [20]byte{}}, sorted("song", "film")...)
}

// sorted puts names that were published at the same time in the list's order.
func sorted(names ...string) []string {
	slices.SortFunc(names, func(a, b string) int {
		x, y := infohash(a), infohash(b)
		return bytes.Compare(y[:], x[:])
	})
	return names
}
