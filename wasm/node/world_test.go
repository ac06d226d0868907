//go:build !js

package node

import (
	"context"
	"crypto/ed25519"
	"crypto/sha1"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/hub"
	"fanseed/signal/ledger"
	"fanseed/signal/ledger/sqlite"
	"fanseed/signal/log"
	"fanseed/signal/receipt"
	signalsocket "fanseed/signal/socket"
	"fanseed/signal/ticket"
	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/rtc"
	"fanseed/wasm/store"
)

// world is a real server: hub, sockets and SQLite.
type world struct {
	t      *testing.T
	url    string
	ledger *ledger.Ledger
	books  *sqlite.DB
	hub    *hub.Hub
	mu     sync.Mutex
	listed map[[20]byte]int64
}

// Work implements hub.Works.
func (w *world) Work(infohash [20]byte) (int64, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	length, ok := w.listed[infohash]
	return length, ok
}

// list publishes a work as an engine's account.
func (w *world) list(e *engine, t *metainfo.Torrent) {
	if err := w.ledger.Register(w.t.Context(), e.public, time.Now()); err != nil {
		w.t.Fatal(err)
	}
	err := w.books.Publish(w.t.Context(), ledger.Work{Infohash: t.Infohash, Name: t.Info.Name, Length: uint64(t.Info.Length),
		PieceLength: uint64(t.Info.PieceLength), Files: len(t.Info.Files), Publisher: ticket.Account(e.public)}, t.Bytes(), 100)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listed[t.Infohash] = t.Info.Length
}

func newWorld(t *testing.T) *world {
	t.Helper()
	books, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	epochs := ledger.Epochs(time.Hour)
	signer, err := log.NewSigner("fanseed.test", ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.New(t.Context(), books, ledger.Config{Epochs: epochs, Log: slog.New(slog.DiscardHandler), Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ledger: l, books: books, listed: map[[20]byte]int64{}}
	_, key, _ := ed25519.GenerateKey(nil)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	w.url = server.URL
	h := hub.New(hub.Config{
		Key: key, Origins: []string{server.URL}, Ledger: l, Works: w, TrustPrivateNets: true,
		Epoch: func(now time.Time) uint32 { return epochs.At(now) },
		Rand:  rand.New(rand.NewPCG(1, 2)), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	w.hub = h
	sockets := signalsocket.NewServer(signalsocket.Config{Subprotocol: announce.Subprotocol}, h)
	mux.Handle("/announce", sockets)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { h.Run(ctx); close(ended) }()
	t.Cleanup(func() {
		over, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		_ = sockets.Shutdown(over, 0)
		cancel()
		<-ended
		server.Close()
		_ = l.Close()
	})
	return w
}

// confirmed is what an engine's account was credited, in bytes.
func (w *world) confirmed(e *engine) uint64 {
	s, err := w.ledger.Statement(w.t.Context(), ticket.Account(e.public))
	if err != nil {
		w.t.Fatal(err)
	}
	return s.Bytes
}

// engine is a node with real parts, as it runs natively.
type engine struct {
	*Node
	t      *testing.T
	key    ed25519.PrivateKey
	public [32]byte
	stop   func()

	budget int64 // bytes of the store
	disk   *disk // where there is one

	mu    sync.Mutex
	shown map[[20]byte]Snapshot
	kept  map[[16]byte]Receipt
	// promised has the newest of each ticket.
	promised map[[16]byte]receipt.Result

	received int64 // bytes that the host was told of
}

func newEngine(t *testing.T, w *world, limits Limits, kept ...Receipt) *engine {
	t.Helper()
	public, key, _ := ed25519.GenerateKey(nil)
	return startEngine(t, w, key, [32]byte(public), limits, kept...)
}

func startEngine(t *testing.T, w *world, key ed25519.PrivateKey, public [32]byte, limits Limits, kept ...Receipt) *engine {
	return startConfigured(t, w, key, public, Config{Limits: limits, Receipts: kept})
}

func startConfigured(t *testing.T, w *world, key ed25519.PrivateKey, public [32]byte, c Config) *engine {
	return startParts(t, w, key, public, c, func(*Parts) {})
}

// startParts starts an engine whose parts were changed.
func startParts(t *testing.T, w *world, key ed25519.PrivateKey, public [32]byte, c Config, change func(*Parts)) *engine {
	e := &engine{t: t, budget: 1 << 30, key: key, public: public, shown: map[[20]byte]Snapshot{}, kept: map[[16]byte]Receipt{}, promised: map[[16]byte]receipt.Result{}}
	c.Server, c.Rand = w.url, rand.New(rand.NewPCG(rand.Uint64(), 3))
	c.Parts = Parts{Peers: realPeers{}, Sockets: realSockets{}, Hasher: realHasher{}, Keys: e, Stores: e, Fetcher: httpFetcher{http.DefaultClient}, Host: e}
	change(&c.Parts)
	e.Node = New(c)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { e.Run(ctx); close(ended) }()
	e.stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(e.stop)
	return e
}

type realPeers struct{}

func (realPeers) Offer(ctx context.Context, h Handler) (Conn, string, error) {
	c, sdp, err := rtc.Offer(ctx, rtc.Config{}, h)
	if err != nil {
		return nil, "", err
	}
	return c, sdp, nil
}

func (realPeers) Answer(ctx context.Context, offer string, h Handler) (Conn, string, error) {
	c, sdp, err := rtc.Answer(ctx, rtc.Config{}, offer, h)
	if err != nil {
		return nil, "", err
	}
	return c, sdp, nil
}

func (realPeers) Recycle(m []byte) { rtc.Recycle(m) }

type realHasher struct{}

func (realHasher) SHA1(_ context.Context, piece []byte) ([20]byte, error) {
	return sha1.Sum(piece), nil
}

func (realHasher) Leaves(_ context.Context, piece []byte) ([]byte, error) {
	return merkle.AppendLeaves(nil, piece), nil
}

type realSockets struct{}

func (realSockets) Dial(url, subprotocol string, h SocketHandler) Socket {
	return signalsocket.Dial(url, subprotocol, "", h)
}

// PublicKey, Sign and Verify implement Keys.
func (e *engine) PublicKey() ([32]byte, bool) { return e.public, true }

func (e *engine) Sign(_ context.Context, message []byte) ([64]byte, error) {
	return [64]byte(ed25519.Sign(e.key, message)), nil
}

func (e *engine) Verify(_ context.Context, public [32]byte, message []byte, signature [64]byte) bool {
	return ed25519.Verify(public[:], message, signature[:])
}

// Open implements Stores.
func (e *engine) Open(_ context.Context, infohash [20]byte, info *metainfo.Info) (store.Store, error) {
	if e.disk != nil {
		return e.disk.open(infohash, info)
	}
	return store.NewMemory(info, store.NewBudget(e.budget)), nil
}

// Changed and those after it implement Host.
func (e *engine) Changed(s Snapshot) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.shown[s.Infohash] = s
}

func (e *engine) Removed(infohash [20]byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.shown, infohash)
}

func (e *engine) Keep(r Receipt) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kept[r.Serial] = r
}

func (e *engine) Forget(serial [16]byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.kept, serial)
}

func (e *engine) Promised(r receipt.Result) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.promised[r.Serial] = r
}

func (e *engine) Moved(sent, received int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.received += received
}

func (e *engine) receivedTold() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.received
}

func (e *engine) snapshotOf(infohash [20]byte) Snapshot {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.shown[infohash]
}

// share turns sharing on.
func (e *engine) share(on bool) {
	e.t.Helper()
	if err := e.Share(e.t.Context(), on); err != nil {
		e.t.Fatal(err)
	}
}

// seed makes the engine the publisher of random bytes.
func (e *engine) seed(w *world, size int, pieceLength int64, seed uint64) (*metainfo.Torrent, []byte) {
	e.t.Helper()
	data := noise(size, seed)
	info := &metainfo.Info{Name: "song.flac", PieceLength: pieceLength, Length: int64(size), Single: true,
		Files: []metainfo.File{{Path: []string{"song.flac"}, Length: int64(size)}}}
	for begin := 0; begin < size; begin += int(pieceLength) {
		sum := sha1.Sum(data[begin:min(size, begin+int(pieceLength))])
		info.Pieces = append(info.Pieces, sum[:]...)
	}
	t := metainfo.New(info)
	w.list(e, t)
	s := e.filled(t, data)
	if err := e.AddComplete(e.t.Context(), t, s); err != nil {
		e.t.Fatal(err)
	}
	if err := e.Start(e.t.Context(), t.Infohash); err != nil {
		e.t.Fatal(err)
	}
	return t, data
}

// noise is random bytes, the same for the same seed.
func noise(size int, seed uint64) []byte {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(data)
	return data
}

// filled is a store that has everything.
func (e *engine) filled(t *metainfo.Torrent, data []byte) store.Store {
	e.t.Helper()
	s := store.NewMemory(t.Info, store.NewBudget(e.budget))
	for i := range t.Info.NumPieces() {
		begin := int64(i) * t.Info.PieceLength
		if err := s.Put(e.t.Context(), i, data[begin:begin+t.Info.PieceSize(i)]); err != nil {
			e.t.Fatal(err)
		}
	}
	return s
}

// join shares, and fetches a work.
func (e *engine) join(torrent *metainfo.Torrent) {
	e.t.Helper()
	e.share(true)
	if _, err := e.AddTorrent(e.t.Context(), torrent.Bytes()); err != nil {
		e.t.Fatal(err)
	}
}

// contents reads all of a single-file work.
func (e *engine) contents(t *metainfo.Torrent) []byte {
	e.t.Helper()
	var out []byte
	for int64(len(out)) < t.Info.Length {
		b, err := e.Read(e.t.Context(), t.Infohash, 0, int64(len(out)), t.Info.Length)
		if err != nil {
			e.t.Fatal(err)
		}
		out = append(out, b...)
	}
	return out
}

// eventually waits for what other goroutines bring about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s: never", what)
}
