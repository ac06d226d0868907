package seedbox

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"fanseed/wasm/metainfo"
)

// published are works that a box may fetch, and who seeds them.
type published struct {
	mu      sync.Mutex
	works   map[[20]byte]*metainfo.Torrent
	seeders map[[20]byte]int
}

func (p *published) Work(infohash [20]byte) (int64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.works[infohash]
	if t == nil {
		return 0, false
	}
	return t.Info.Size(), true
}

func (p *published) Torrent(_ context.Context, infohash [20]byte) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.works[infohash].Bytes(), nil
}

func (p *published) counts(infohash [20]byte) (int, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seeders[infohash], 0
}

func (p *published) seed(infohash [20]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seeders[infohash]++
}

// empty publishes a work of which nobody has anything.
func (p *published) empty(size int64) *metainfo.Torrent {
	const piece = 1 << 20
	p.mu.Lock()
	defer p.mu.Unlock()
	info := &metainfo.Info{Name: "empty", PieceLength: piece, Length: size, Single: true, Files: []metainfo.File{{Path: []string{"empty"}, Length: size}},
		Pieces: make([]byte, (size+piece-1)/piece*20)}
	info.Pieces[0] = byte(len(p.works))
	t := metainfo.New(info)
	p.works[t.Infohash] = t
	return t
}

// What is said to be published and never comes holds the room of others for minutes, not for ever.
func TestStalledCopiesGiveWay(t *testing.T) {
	shelf, err := OpenShelf(filepath.Join(t.TempDir(), "shelf"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	all := &published{works: map[[20]byte]*metainfo.Torrent{}, seeders: map[[20]byte]int{}}
	_, key, _ := ed25519.GenerateKey(nil)
	b, err := NewBox(BoxConfig{
		Shelf: shelf, Record: filepath.Join(t.TempDir(), "wanted.json"), Server: "http://127.0.0.1:1", Dial: "127.0.0.1:1", Key: key,
		Budget: 10 << 20, Works: all, Counts: all.counts, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := shelf.Close(); err != nil {
			t.Error(err)
		}
	})
	pull := func(w *metainfo.Torrent) {
		t.Helper()
		if err := b.Pull(w, [16]byte{}); err != nil {
			t.Fatal(err)
		}
	}
	is := func(w *metainfo.Torrent, want State) {
		t.Helper()
		eventually(t, "it is "+string(want), func() bool { got, _ := b.Copy(w.Infohash); return got == want })
	}
	never := func(w *metainfo.Torrent) {
		t.Helper()
		eventually(t, "it has begun", func() bool { w, _ := b.of(w.Infohash); return !w.came.IsZero() })
		b.change(w.Infohash, func(w *wish) { w.came = time.Now().Add(-stalledAfter) })
		b.rouse()
	}

	fake, second, third := all.empty(10<<20), all.empty(6<<20), all.empty(5<<20)
	pull(fake)
	eventually(t, "it takes room", func() bool { return shelf.Find(fake.Infohash) != nil })
	pull(second)
	is(second, NoRoom)
	never(fake)
	pull(third)
	is(third, Pulling)
	is(fake, NoRoom)
	is(second, NoRoom) // there is room for one, and nobody seeds it
	never(third)
	all.seed(second.Infohash)
	b.rouse()
	is(second, Pulling)
	is(third, NoRoom)
}
