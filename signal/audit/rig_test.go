package audit_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha1"
	"iter"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/audit"
	"fanseed/signal/hub"
	"fanseed/signal/ledger"
	"fanseed/signal/ledger/sqlite"
	"fanseed/signal/receipt"
	"fanseed/signal/seedbox"
	"fanseed/signal/socket"
	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/node"
	"fanseed/wasm/store"
)

// rig is a real server, hub, sockets and SQLite, with one work.
type rig struct {
	t       *testing.T
	url     string
	ledger  *ledger.Ledger
	hub     *hub.Hub
	torrent *metainfo.Torrent
	content []byte

	serverKey ed25519.PublicKey
	epoch     func(unixMilli uint64) uint32
}

const pieceLength = 64 << 10

func newRig(t *testing.T, length int64) *rig {
	t.Helper()
	books, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	epochs := ledger.Epochs(time.Hour)
	l, err := ledger.New(t.Context(), books, ledger.Config{Epochs: epochs, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, ledger: l}
	r.torrent, r.content = song(length)
	publisher := [32]byte{9}
	if err := l.Register(t.Context(), publisher, time.Now()); err != nil {
		t.Fatal(err)
	}
	err = books.Publish(t.Context(), ledger.Work{Infohash: r.torrent.Infohash, Name: "song", Length: uint64(length), PieceLength: pieceLength,
		Files: 1, Publisher: ticket.Account(publisher)}, r.torrent.Bytes(), 10)
	if err != nil {
		t.Fatal(err)
	}
	public, key, _ := ed25519.GenerateKey(nil)
	r.serverKey = public
	r.epoch = func(unixMilli uint64) uint32 { return epochs.At(time.UnixMilli(int64(unixMilli))) }
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	r.url = server.URL
	r.hub = hub.New(hub.Config{
		Key: key, Origins: []string{r.url}, Ledger: l, Works: r, TrustPrivateNets: true, Epoch: epochs.At,
		Rand: rand.New(rand.NewPCG(1, 2)), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	listen := socket.NewServer(socket.Config{Subprotocol: announce.Subprotocol}, r.hub)
	mux.Handle("/announce", listen)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { r.hub.Run(ctx) })
	t.Cleanup(func() {
		over, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		_ = listen.Shutdown(over, 0)
		cancel()
		running.Wait()
		server.Close()
		_ = l.Close()
	})
	return r
}

// song is a work of random bytes.
func song(length int64) (*metainfo.Torrent, []byte) {
	content := make([]byte, length)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(content)
	info := &metainfo.Info{Name: "song", PieceLength: pieceLength, Length: length, Single: true, Files: []metainfo.File{{Path: []string{"song"}, Length: length}}}
	for begin := int64(0); begin < length; begin += pieceLength {
		sum := sha1.Sum(content[begin:min(length, begin+pieceLength)])
		info.Pieces = append(info.Pieces, sum[:]...)
	}
	return metainfo.New(info), content
}

// Work implements hub.Works.
func (r *rig) Work(infohash [20]byte) (int64, bool) {
	return r.torrent.Info.Length, infohash == r.torrent.Infohash
}

// Lengths and Torrent implement audit.Works.
func (r *rig) Lengths() iter.Seq2[[20]byte, int64] {
	return func(yield func([20]byte, int64) bool) { yield(r.torrent.Infohash, r.torrent.Info.Length) }
}

func (r *rig) Torrent(context.Context, [20]byte) ([]byte, error) { return r.torrent.Bytes(), nil }

func (r *rig) seeders() int {
	n, _ := r.hub.Counts(r.torrent.Infohash)
	return n
}

// heard keeps what an auditor reports.
type heard struct {
	mu      sync.Mutex
	results []audit.Result
}

func (h *heard) Audited(_ context.Context, results []audit.Result) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.results = append(h.results, results...)
	return nil
}

// of returns what was heard of an account, the oldest first.
func (h *heard) of(account [16]byte) (list []audit.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.results {
		if r.Account == account {
			list = append(list, r)
		}
	}
	return list
}

// auditor audits the rig's one work.
func (r *rig) auditor(rules audit.Rules) (*audit.Auditor, *heard) {
	h := &heard{}
	return audit.New(audit.Config{
		Server: r.url, Works: r, Seeders: func([20]byte) int { return r.seeders() }, Results: h, Rules: rules, Log: slog.New(slog.NewTextHandler(r.t.Output(), nil)),
	}), h
}

// engine is the ordinary one, natively.
type engine struct {
	*node.Node
	account [16]byte
	stop    func()
	store   store.Store
}

// start starts an engine with the store, after change has seen its parts.
func (r *rig) start(s store.Store, limits node.Limits, change func(*node.Parts)) *engine {
	r.t.Helper()
	public, key, _ := ed25519.GenerateKey(nil)
	e := &engine{account: ticket.Account([32]byte(public)), store: s}
	parts := seedbox.NewParts(key, "", nil)
	parts.Stores, parts.Host = e, e
	if change != nil {
		change(&parts)
	}
	e.Node = node.New(node.Config{Server: r.url, Rand: rand.New(rand.NewPCG(rand.Uint64(), 3)), Parts: parts, Limits: limits})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { e.Run(ctx) })
	e.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	r.t.Cleanup(e.stop)
	if err := e.Share(r.t.Context(), true); err != nil {
		r.t.Fatal(err)
	}
	if _, err := e.AddTorrent(r.t.Context(), r.torrent.Bytes()); err != nil {
		r.t.Fatal(err)
	}
	return e
}

// seed starts a seeder, and waits until the server knows it.
func (r *rig) seed(s store.Store, limits node.Limits, change func(*node.Parts)) *engine {
	r.t.Helper()
	before := r.seeders()
	e := r.start(s, limits, change)
	r.until("the server hears of the seeder", func() bool { return r.seeders() > before })
	return e
}

// whole is a store that has everything.
func (r *rig) whole() store.Store {
	r.t.Helper()
	s := r.empty()
	for i := range r.torrent.Info.NumPieces() {
		begin := int64(i) * pieceLength
		if err := s.Put(r.t.Context(), i, r.content[begin:begin+r.torrent.Info.PieceSize(i)]); err != nil {
			r.t.Fatal(err)
		}
	}
	return s
}

func (r *rig) empty() store.Store { return store.NewMemory(r.torrent.Info, store.NewBudget(1<<30)) }

func (e *engine) Open(context.Context, [20]byte, *metainfo.Info) (store.Store, error) {
	return e.store, nil
}
func (e *engine) Changed(node.Snapshot)   {}
func (e *engine) Removed([20]byte)        {}
func (e *engine) Keep(node.Receipt)       {}
func (e *engine) Forget([16]byte)         {}
func (e *engine) Promised(receipt.Result) {}
func (e *engine) Moved(int64, int64)      {}
