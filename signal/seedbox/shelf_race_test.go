package seedbox_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"fanseed/signal/seedbox"
	"fanseed/wasm/store"
)

// Works come, are read, served and removed, all at once: nothing is ever read that is wrong, and in the end everything can be used.
func TestShelfUnderLoad(t *testing.T) {
	folder := t.TempDir()
	shelf := openShelf(t, folder)
	seed := httptest.NewServer(seedbox.NewWebseed(shelf, seedbox.WebseedConfig{Client: local}))
	defer seed.Close()
	var albums []album
	for i := range 6 {
		albums = append(albums, song(t, versions[i%3], 200_000+int64(i)))
	}
	use := func(a album, random *rand.Rand) {
		c, err := shelf.Open(t.Context(), a.Infohash, a.Info, a.Torrent)
		if err != nil {
			t.Errorf("open: %v", err)
			return
		}
		s, err := c.View("test", nil, nil)
		if errors.Is(err, store.ErrClosed) {
			return // it has just been removed
		}
		if err != nil {
			t.Errorf("view: %v", err)
			return
		}
		p := &party{Store: s, t: t}
		defer p.Close()
		for range 5 {
			i := random.IntN(a.Info.NumPieces())
			err := p.Put(t.Context(), i, a.piece(i))
			if err == nil {
				_, err = p.read(a, i)
			}
			if err != nil && !errors.Is(err, store.ErrClosed) && !errors.Is(err, store.ErrLost) && !errors.Is(err, store.ErrMissing) {
				t.Errorf("piece %d: %v", i, err)
			}
		}
	}
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 1))
			for range 100 {
				a := albums[random.IntN(len(albums))]
				switch random.IntN(8) {
				case 0:
					if err := shelf.Remove(a.Infohash); err != nil {
						t.Error(err)
					}
				case 1:
					s := &site{t: t, server: seed, album: a}
					if r, body, err := s.ask(http.MethodGet, "a%20song.flac", "Range", "bytes=0-99"); err == nil && r.StatusCode == http.StatusPartialContent &&
						string(body) != string(a.content[:100]) {
						t.Error("wrong bytes are served")
					}
				case 2:
					shelf.Used()
					shelf.Copies()
				default:
					use(a, random)
				}
			}
		})
	}
	all.Wait()
	for _, a := range albums {
		p := view(t, openCopy(t, shelf, a), "test")
		p.fill(a)
		for i := range a.Info.NumPieces() {
			if ok, err := p.read(a, i); !ok {
				t.Error(err)
			}
		}
	}
}
