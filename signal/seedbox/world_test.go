package seedbox_test

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/hub"
	"fanseed/signal/ledger"
	"fanseed/signal/ledger/sqlite"
	"fanseed/signal/seedbox"
	"fanseed/signal/socket"
	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/node"
	"fanseed/wasm/store"
)

// world is a real server: hub, sockets and SQLite, and the key of its own account.
type world struct {
	t      *testing.T
	url    string
	key    ed25519.PrivateKey
	ledger *ledger.Ledger
	books  *sqlite.DB
	list   *ledger.Listing
	hub    *hub.Hub
	mux    *http.ServeMux
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, mux: http.NewServeMux()}
	var err error
	if w.books, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db")); err != nil {
		t.Fatal(err)
	}
	epochs := ledger.Epochs(time.Hour)
	if w.ledger, err = ledger.New(t.Context(), w.books, ledger.Config{Epochs: epochs, Rate: 1_000_000, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	if w.list, err = ledger.NewListing(t.Context(), w.books); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w.mux)
	w.url = server.URL
	_, tickets, _ := ed25519.GenerateKey(nil)
	_, w.key, _ = ed25519.GenerateKey(nil)
	w.hub = hub.New(hub.Config{
		Key: tickets, Origins: []string{w.url}, Ledger: w.ledger, Works: w.list, TrustPrivateNets: true, Epoch: epochs.At,
		Uncredited: map[[16]byte]bool{account(w.key): true},
		Rand:       rand.New(rand.NewPCG(1, 2)), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	limits := socket.Limits{UpgradeRate: 1000, UpgradeMax: 1000}
	sockets := socket.NewServer(socket.Config{Limits: limits, Subprotocol: announce.Subprotocol}, w.hub)
	w.mux.Handle("/announce", sockets)
	ctx, cancel := context.WithCancel(context.Background())
	var loops sync.WaitGroup
	loops.Go(func() { w.hub.Run(ctx) })
	t.Cleanup(func() {
		over, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		_ = sockets.Shutdown(over, 0)
		cancel()
		loops.Wait()
		server.Close()
		_ = w.ledger.Close()
	})
	return w
}

func account(key ed25519.PrivateKey) [16]byte {
	return ticket.Account([32]byte(key.Public().(ed25519.PublicKey)))
}

// confirmed is what an account was credited, in bytes.
func (w *world) confirmed(key ed25519.PrivateKey) uint64 {
	s, err := w.ledger.Statement(w.t.Context(), account(key))
	if err != nil {
		w.t.Fatal(err)
	}
	return s.BytesConfirmed
}

// publish lists a work as somebody's, who seeds it.
func (w *world) publish(e *engine, a album) seedbox.Listed {
	w.t.Helper()
	if err := w.ledger.Register(w.t.Context(), [32]byte(e.key.Public().(ed25519.PublicKey)), time.Now()); err != nil {
		w.t.Fatal(err)
	}
	err := w.list.Publish(w.t.Context(), ledger.Work{Infohash: a.Infohash, Name: a.Info.Name, Length: uint64(a.Info.Size()),
		PieceLength: uint64(a.Info.PieceLength), Files: 1, Publisher: account(e.key)}, a.Bytes(), 100)
	if err != nil {
		w.t.Fatal(err)
	}
	e.seed(a)
	return seedbox.Listed{Infohash: a.Infohash, Length: a.Info.Size()}
}

// engine is somebody with the engine, as it runs in a tab.
type engine struct {
	*node.Node
	t   *testing.T
	key ed25519.PrivateKey
	end func()

	mu    sync.Mutex
	shown map[[20]byte]node.Snapshot
}

func newEngine(w *world, limits node.Limits) *engine {
	_, key, _ := ed25519.GenerateKey(nil)
	e := &engine{t: w.t, key: key, shown: map[[20]byte]node.Snapshot{}}
	e.Node = node.New(node.Config{
		Server: w.url, Limits: limits, Rand: rand.New(rand.NewPCG(rand.Uint64(), 3)),
		Parts: seedbox.NewParts(seedbox.PartsConfig{Key: key, HTTP: http.DefaultClient, Stores: e, Host: e}),
	})
	ctx, cancel := context.WithCancel(context.Background())
	var loop sync.WaitGroup
	loop.Go(func() { e.Run(ctx) })
	e.end = func() { cancel(); loop.Wait() }
	w.t.Cleanup(e.end)
	if err := e.Share(w.t.Context(), true); err != nil {
		w.t.Fatal(err)
	}
	return e
}

func (e *engine) Open(_ context.Context, _ [20]byte, info *metainfo.Info) (store.Store, error) {
	return store.NewMemory(info, store.NewBudget(1<<30)), nil
}

func (e *engine) Changed(s node.Snapshot) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.shown[s.Infohash] = s
}

func (e *engine) Removed([20]byte)   {}
func (e *engine) Keep(node.Receipt)  {}
func (e *engine) Forget([16]byte)    {}
func (e *engine) Moved(int64, int64) {}

func (e *engine) snapshot(infohash [20]byte) node.Snapshot {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.shown[infohash]
}

// seed makes the engine one that has everything.
func (e *engine) seed(a album) {
	e.t.Helper()
	if err := e.AddComplete(e.t.Context(), a.Torrent, memory(e.t, a)); err != nil {
		e.t.Fatal(err)
	}
	if err := e.Start(e.t.Context(), a.Infohash); err != nil {
		e.t.Fatal(err)
	}
}

// fetch fetches a work.
func (e *engine) fetch(a album) {
	e.t.Helper()
	if _, err := e.AddTorrent(e.t.Context(), a.Bytes()); err != nil {
		e.t.Fatal(err)
	}
}

// box is a Box that runs.
type box struct {
	*seedbox.Box
	w   *world
	end func()
}

func (w *world) box(folder string, disk int64) *box { return w.boxWith(folder, disk, nil) }

func (w *world) boxWith(folder string, disk int64, stock *seedbox.StockConfig) *box {
	w.t.Helper()
	b, err := seedbox.OpenBox(seedbox.BoxConfig{
		Folder: folder, Disk: disk, Key: w.key, Server: w.url, Torrents: w.books, Swarms: w.hub,
		Stock:  stock,
		Dialer: socket.Dialer{Address: strings.TrimPrefix(w.url, "http://")},
		Log:    slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	works, err := w.books.Works(w.t.Context(), ledger.Page{Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	var listed []seedbox.Listed
	for _, work := range works {
		listed = append(listed, seedbox.Listed{Infohash: work.Infohash, Length: int64(work.Length)})
	}
	b.Begin(listed)
	ctx, cancel := context.WithCancel(context.Background())
	var loop sync.WaitGroup
	loop.Go(func() {
		if err := b.Run(ctx); err != nil {
			w.t.Error(err)
		}
	})
	end := sync.OnceFunc(func() { cancel(); loop.Wait() })
	w.t.Cleanup(end)
	return &box{b, w, end}
}

// becomes waits for the state of a copy.
func (b *box) becomes(a album, want seedbox.State) {
	b.w.t.Helper()
	b.w.eventually("the copy is "+string(want), func() bool { s, _ := b.Status(a.Infohash); return s.State == want })
}

// eventually waits for what other goroutines bring about.
func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	w.t.Fatalf("%s: never", what)
}
