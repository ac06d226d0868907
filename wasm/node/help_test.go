//go:build !js

package node

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/hub"
	"fanseed/signal/receipt"
	signalsocket "fanseed/signal/socket"
	"fanseed/signal/socket/sockettest"
	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

const helpServer = "http://fanseed.example"

// helpWorld is a real server in a bubble, where time passes at once, whose works come over HTTP.
type helpWorld struct {
	t      *testing.T
	hub    *hub.Hub
	engine *engine
	budget *store.Budget

	mu      sync.Mutex
	data    map[string][]byte // of works, by infohash in hex
	listed  map[[20]byte]int64
	files   map[[20]byte][]byte // the .torrent that the server gives out
	boosted []hub.Boosted
	fetched []string // hosts
}

// work lists a work of so many bytes, with the server's own webseed.
func (w *helpWorld) work(size int, change func(*metainfo.Torrent)) *metainfo.Torrent {
	t, data := single(size)
	t.Webseeds = []string{helpServer + "/webseed/" + hex.EncodeToString(t.Infohash[:]) + "/"}
	if change != nil {
		change(t)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.data[hex.EncodeToString(t.Infohash[:])], w.listed[t.Infohash], w.files[t.Infohash] = data, int64(size), t.Bytes()
	return t
}

// boost has the hub know what is boosted from now on.
func (w *helpWorld) boost(torrents ...*metainfo.Torrent) {
	w.mu.Lock()
	w.boosted = nil
	for _, t := range torrents {
		w.boosted = append(w.boosted, hub.Boosted{Infohash: t.Infohash, Amount: 100_000, Ends: time.Now().Add(2 * time.Hour)})
	}
	w.mu.Unlock()
	w.hub.ReadBoosts()
}

// Boosted implements hub.Boosts, Work hub.Works, Torrent Torrents, Fetch Fetcher.
func (w *helpWorld) Boosted(context.Context, time.Time) ([]hub.Boosted, time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.boosted, time.Time{}, nil
}

func (w *helpWorld) Work(infohash [20]byte) (int64, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	length, listed := w.listed[infohash]
	return length, listed
}

func (w *helpWorld) Torrent(_ context.Context, infohash [20]byte) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.files[infohash] == nil {
		return nil, errors.New("the server does not answer")
	}
	return w.files[infohash], nil
}

func (w *helpWorld) Fetch(_ context.Context, url string, begin, end int64, into func([]byte)) error {
	w.mu.Lock()
	w.fetched = append(w.fetched, strings.SplitN(url, "/", 4)[2])
	var data []byte
	for name, d := range w.data {
		if strings.Contains(url, name) {
			data = d
		}
	}
	w.mu.Unlock()
	if data == nil {
		return &BadAnswer{Status: 404}
	}
	into(slices.Clone(data[begin:end]))
	return nil
}

// Open implements Stores, and Room what helping needs of them.
func (w *helpWorld) Open(_ context.Context, _ [20]byte, info *metainfo.Info) (store.Store, error) {
	return store.NewMemory(info, w.budget), nil
}

func (w *helpWorld) Room() int64 { return w.budget.Left() }

// noBooks is a hub.Ledger: nobody gives anybody anything here.
type noBooks struct{}

func (noBooks) Register(context.Context, [32]byte, time.Time) error          { return nil }
func (noBooks) Issue(context.Context, []ticket.Ticket, [][2]string) error    { return nil }
func (noBooks) Credited(context.Context, [32]byte, [32]byte) (uint64, error) { return 0, nil }
func (noBooks) Settle(context.Context, [16]byte, []receipt.Receipt, time.Time) ([]receipt.Result, error) {
	return nil, errors.New("no receipts here")
}

// inHelpWorld runs a test with an engine that shares, and may keep so many bytes.
func inHelpWorld(t *testing.T, limits Limits, room int64, test func(w *helpWorld, e *engine)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &helpWorld{t: t, budget: store.NewBudget(room), data: map[string][]byte{}, listed: map[[20]byte]int64{}, files: map[[20]byte][]byte{}}
		w.hub = hub.New(hub.Config{
			Key: ed25519.NewKeyFromSeed(make([]byte, 32)), Origins: []string{helpServer}, Ledger: noBooks{}, Works: w, Boosts: w,
			Epoch: func(now time.Time) uint32 { return uint32(now.Unix() / 3600) }, Rand: rand.New(rand.NewPCG(1, 2)),
		})
		sockets := signalsocket.NewServer(signalsocket.Config{Subprotocol: announce.Subprotocol}, w.hub)
		listener := sockettest.Serve(t, sockets)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { w.hub.Run(ctx); close(ended) }()

		limits.Storage = room
		public, key, _ := ed25519.GenerateKey(nil)
		w.engine = startParts(t, &world{url: helpServer}, key, [32]byte(public), Config{Limits: limits}, func(p *Parts) {
			p.Sockets, p.Stores, p.Torrents, p.Fetcher = pipeSockets{listener}, w, w, w
		})
		w.engine.share(true)
		test(w, w.engine)

		w.engine.stop()
		now, cut := context.WithCancel(t.Context())
		cut()
		_ = sockets.Shutdown(now, 0)
		cancel()
		<-ended
	})
}

// has lists the works of the engine that are complete, and whether each is helped.
func (w *helpWorld) has(torrents ...*metainfo.Torrent) (list string) {
	for i, t := range torrents {
		s := w.engine.snapshotOf(t.Infohash)
		switch {
		case s.State == "":
			continue
		case s.State != Seeding:
			list += string(rune('a'+i)) + " is " + string(s.State) + "; "
		case s.Helps.IsZero():
			list += string(rune('a'+i)) + " is seeded; "
		default:
			list += string(rune('a'+i)) + " is helped; "
		}
	}
	return list
}

func (w *helpWorld) expect(when, want string, torrents ...*metainfo.Torrent) {
	w.t.Helper()
	synctest.Wait()
	if got := w.has(torrents...); got != want {
		w.t.Errorf("%s: got %q, want %q", when, got, want)
	}
}

func TestTheIdleHelp(t *testing.T) {
	inHelpWorld(t, Limits{Help: true}, 10<<20, func(w *helpWorld, e *engine) {
		a, b := w.work(1<<20, nil), w.work(2<<20, nil)
		time.Sleep(5 * time.Minute)
		w.expect("before anything is boosted", "", a, b)
		w.boost(a)
		time.Sleep(2 * time.Minute)
		w.expect("once it is boosted", "a is helped; ", a, b)
		if seeders, _ := w.hub.Counts(a.Infohash); seeders != 1 {
			w.t.Errorf("%d seed it", seeders)
		}
		if got := w.hub.Attention(a.Infohash).Helpers; got != 1 {
			w.t.Errorf("the server knows of %d who help", got)
		}
		w.boost(a, b)
		time.Sleep(2 * time.Minute)
		w.expect("once another is boosted", "a is helped; b is helped; ", a, b)
	})
}

func TestNoMoreThanFourAreHelped(t *testing.T) {
	inHelpWorld(t, Limits{Help: true}, 100<<20, func(w *helpWorld, e *engine) {
		var works []*metainfo.Torrent
		for i := range 6 {
			works = append(works, w.work((i+1)<<18, nil))
		}
		w.boost(works...)
		time.Sleep(30 * time.Minute)
		if _, handed := w.hub.Boosts(); handed != maxHelped || strings.Count(w.has(works...), "is helped") != maxHelped {
			w.t.Errorf("handed %d: %s", handed, w.has(works...))
		}
	})
}

// Whoever has not agreed, does not share, has no room, fetches something or has reached a limit is handed nothing.
func TestWhoDoesNotHelp(t *testing.T) {
	for name, c := range map[string]struct {
		limits Limits
		room   int64
		before func(w *helpWorld, e *engine)
	}{
		"has not agreed":   {Limits{}, 10 << 20, nil},
		"does not share":   {Limits{Help: true}, 10 << 20, func(_ *helpWorld, e *engine) { e.share(false) }},
		"has no room":      {Limits{Help: true}, 1<<20 - 1, nil},
		"has sent enough":  {Limits{Help: true, UploadPerDay: 100}, 10 << 20, func(w *helpWorld, e *engine) { _ = e.SetUsed(w.t.Context(), Used{SentToday: 100}) }},
		"has got enough":   {Limits{Help: true, DownloadPerMonth: 100}, 10 << 20, func(w *helpWorld, e *engine) { _ = e.SetUsed(w.t.Context(), Used{ReceivedThisMonth: 100}) }},
		"fetches a work":   {Limits{Help: true}, 10 << 20, func(w *helpWorld, e *engine) { e.join(w.work(3<<20, func(t *metainfo.Torrent) { t.Webseeds = nil })) }},
		"would fit nobody": {Limits{Help: true}, 10 << 20, func(w *helpWorld, e *engine) { e.join(w.work(10<<20-1, nil)) }},
	} {
		t.Run(name, func(t *testing.T) {
			inHelpWorld(t, c.limits, c.room, func(w *helpWorld, e *engine) {
				if c.before != nil {
					c.before(w, e)
				}
				a := w.work(1<<20, nil)
				w.boost(a)
				time.Sleep(10 * time.Minute)
				w.expect("after ten minutes", "", a)
				if _, handed := w.hub.Boosts(); handed != 0 {
					w.t.Errorf("the server has handed out %d works", handed)
				}
			})
		})
	}
}

// A server that hands out what is not as it says is not followed, and nobody else's webseed is asked.
func TestAServerThatLies(t *testing.T) {
	for name, lie := range map[string]func(w *helpWorld, t *metainfo.Torrent){
		"private":      func(w *helpWorld, t *metainfo.Torrent) {},
		"another work": func(w *helpWorld, t *metainfo.Torrent) { w.files[t.Infohash] = w.work(1<<19, nil).Bytes() },
		"no torrent":   func(w *helpWorld, t *metainfo.Torrent) { w.files[t.Infohash] = []byte("d8:announce") },
		"nothing":      func(w *helpWorld, t *metainfo.Torrent) { delete(w.files, t.Infohash) },
		"too much":     func(w *helpWorld, t *metainfo.Torrent) { w.files[t.Infohash] = make([]byte, maxTorrent+1) },
		"a larger one": func(w *helpWorld, t *metainfo.Torrent) { w.listed[t.Infohash] = 1 << 19 },
	} {
		t.Run(name, func(t *testing.T) {
			inHelpWorld(t, Limits{Help: true}, 10<<20, func(w *helpWorld, e *engine) {
				a := w.work(1<<20, func(t *metainfo.Torrent) {
					if name == "private" {
						info := *t.Info
						info.Private = true
						webseeds := t.Webseeds
						*t = *metainfo.New(&info)
						t.Webseeds = webseeds
					}
				})
				lie(w, a)
				w.boost(a)
				time.Sleep(10 * time.Minute)
				w.expect("after ten minutes", "", a)
				if _, handed := w.hub.Boosts(); handed != 1 || len(w.fetched) > 0 {
					w.t.Errorf("the server has handed out %d works, and %v were fetched", handed, w.fetched)
				}
			})
		})
	}
	inHelpWorld(t, Limits{Help: true}, 10<<20, func(w *helpWorld, e *engine) {
		a := w.work(1<<20, func(t *metainfo.Torrent) {
			t.Webseeds = append([]string{"http://victim.example/", helpServer + ".victim.example/"}, t.Webseeds...)
		})
		w.boost(a)
		time.Sleep(2 * time.Minute)
		w.expect("with others' webseeds", "a is helped; ", a)
		if slices.ContainsFunc(w.fetched, func(host string) bool { return host != "fanseed.example" }) {
			w.t.Errorf("asked %v", w.fetched)
		}
	})
}

// What the person adds takes the room of helped works, and never the other way round.
func TestThePersonComesFirst(t *testing.T) {
	inHelpWorld(t, Limits{Help: true}, 6<<20, func(w *helpWorld, e *engine) {
		a, b, c := w.work(2<<20, nil), w.work(3<<20, nil), w.work(5<<20, nil)
		w.boost(a, b)
		time.Sleep(5 * time.Minute)
		w.expect("before", "a is helped; b is helped; ", a, b, c)
		if _, err := e.AddTorrent(w.t.Context(), b.Bytes()); err != nil {
			w.t.Fatal(err)
		}
		w.expect("once the person wants one of them", "a is helped; b is seeded; ", a, b, c)
		if err := e.Remove(w.t.Context(), b.Infohash); err != nil {
			w.t.Fatal(err)
		}
		if _, err := e.AddTorrent(w.t.Context(), c.Bytes()); err != nil {
			w.t.Fatal(err)
		}
		w.boost()
		time.Sleep(5 * time.Minute)
		w.expect("once the person wants another", "c is seeded; ", a, b, c)
		w.budget.Resize(1 << 20)
		w.boost(a)
		time.Sleep(2 * time.Hour)
		w.expect("where even that is more than there may be", "c is seeded; ", a, b, c)
	})
}

// A work whose boost has ended makes room for another one.
func TestTheEndOfABoost(t *testing.T) {
	inHelpWorld(t, Limits{Help: true}, 3<<20, func(w *helpWorld, e *engine) {
		a, b := w.work(2<<20, nil), w.work(2<<20+1, nil)
		w.boost(a)
		time.Sleep(5 * time.Minute)
		w.boost(b)
		time.Sleep(time.Hour)
		w.expect("while its boost lasts", "a is helped; ", a, b)
		w.boost(b)
		time.Sleep(90 * time.Minute)
		w.expect("afterwards", "b is helped; ", a, b)
	})
}

func TestOptingOut(t *testing.T) {
	inHelpWorld(t, Limits{Help: true}, 10<<20, func(w *helpWorld, e *engine) {
		a, b := w.work(1<<20, nil), w.work(2<<20, nil)
		w.boost(a)
		time.Sleep(5 * time.Minute)
		if err := e.SetLimits(w.t.Context(), Limits{Storage: 10 << 20}); err != nil {
			w.t.Fatal(err)
		}
		w.boost(a, b)
		time.Sleep(time.Hour)
		w.expect("an hour later", "a is helped; ", a, b)
	})
}

// What an earlier run was handed goes on, and is what it was.
func TestHelpIsRestored(t *testing.T) {
	inHelpWorld(t, Limits{}, 10<<20, func(w *helpWorld, e *engine) {
		a := w.work(1<<20, nil)
		if _, err := e.Help(w.t.Context(), a.Bytes(), time.Minute); err != nil {
			w.t.Fatal(err)
		}
		if _, err := e.Help(w.t.Context(), []byte("no torrent"), time.Minute); err == nil {
			w.t.Error("took what is no torrent")
		}
		time.Sleep(time.Minute)
		w.expect("a minute later", "a is helped; ", a)
		if helps := time.Until(e.snapshotOf(a.Infohash).Helps); helps > helpLeast || helps < helpLeast-2*time.Minute {
			w.t.Errorf("it is kept for %v", helps)
		}
	})
}
