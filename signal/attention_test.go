package main

import (
	"crypto/ed25519"
	"crypto/sha1"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/sqlite"
	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
)

// The hub learns what is boosted in the epoch, when that ends, and which works are private.
func TestBoostsForTheHub(t *testing.T) {
	books, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	must(t, err)
	epochs := ledger.Epochs(time.Hour)
	l, err := ledger.New(t.Context(), books, ledger.Config{Epochs: epochs, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	defer l.Close()
	now := time.Unix(1_800_000_000, 0)
	public := [32]byte(ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey))
	account := ticket.Account(public)
	must(t, l.Register(t.Context(), public, now))
	must(t, l.Deposit(t.Context(), 1_000_000, now))
	must(t, l.Credit(t.Context(), [16]byte{1}, account, 500_000, now))

	publish := func(name string, private bool) *metainfo.Torrent {
		sum := sha1.Sum([]byte(name))
		torrent := metainfo.New(&metainfo.Info{Name: name, PieceLength: 1 << 14, Length: int64(len(name)), Single: true, Private: private,
			Files: []metainfo.File{{Path: []string{name}, Length: int64(len(name))}}, Pieces: sum[:]})
		must(t, books.Publish(t.Context(), ledger.Work{Infohash: torrent.Infohash, Name: name, Length: uint64(len(name)), PieceLength: 1 << 14, Files: 1, Publisher: account}, torrent.Bytes(), 10))
		return torrent
	}
	open, closed, other := publish("open", false), publish("closed", true), publish("other", false)
	for i, b := range []ledger.Boost{{Work: open.Infohash, Price: 100_000, Epochs: 2}, {Work: closed.Infohash, Price: 20_000, Epochs: 1}} {
		b.ID, b.Owner = [16]byte{byte(i)}, account
		_, err := l.Boost(t.Context(), b, now)
		must(t, err)
	}
	b := &boosts{ledger: l, works: books}
	for range 2 { // the second time it is known by heart
		works, until, err := b.Boosted(t.Context(), now)
		must(t, err)
		first := epochs.Ends(epochs.At(now))
		if !until.Equal(first) || len(works) != 2 {
			t.Fatalf("got %+v until %v", works, until)
		}
		if w := works[0]; w.Infohash != open.Infohash || w.Amount != 49_000 || w.Private || !w.Ends.Equal(first.Add(time.Hour)) {
			t.Errorf("the first: %+v", w)
		}
		if w := works[1]; w.Infohash != closed.Infohash || w.Amount != 19_600 || !w.Private || !w.Ends.Equal(first) {
			t.Errorf("the second: %+v", w)
		}
	}
	works, _, err := b.Boosted(t.Context(), now.Add(time.Hour))
	must(t, err)
	if len(works) != 1 || works[0].Infohash == other.Infohash {
		t.Errorf("in the next epoch: %+v", works)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
