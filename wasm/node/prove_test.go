//go:build !js

package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"fanseed/signal/announce"
	"fanseed/signal/hub"
	"fanseed/signal/receipt"
	signalsocket "fanseed/signal/socket"
	"fanseed/signal/socket/sockettest"
	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
)

// proofWorld is a real server in a bubble, where time passes at once: hub and sockets, with books in memory that keep what seeders prove.
type proofWorld struct {
	t        *testing.T
	torrent  *metainfo.Torrent
	listener *sockettest.Listener

	mu      sync.Mutex
	minutes int
	proofs  []hub.Proof
}

// Work implements hub.Works, Torrent hub.Torrents.
func (w *proofWorld) Work([20]byte) (int64, bool) { return w.torrent.Info.Length, true }

func (w *proofWorld) Torrent(context.Context, [20]byte) ([]byte, error) {
	return w.torrent.Bytes(), nil
}

// Register and those after it implement hub.Ledger: nobody gives anybody anything here.
func (w *proofWorld) Register(context.Context, [32]byte, time.Time) error       { return nil }
func (w *proofWorld) Issue(context.Context, []ticket.Ticket, [][2]string) error { return nil }
func (w *proofWorld) Credited(context.Context, [32]byte, [32]byte) (uint64, error) {
	return 0, nil
}

func (w *proofWorld) Settle(context.Context, [16]byte, []receipt.Receipt, time.Time) ([]receipt.Result, error) {
	return nil, errors.New("no receipts here")
}

// Stayed implements hub.Seeding.
func (w *proofWorld) Stayed(_ context.Context, told hub.Told) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.minutes += len(told.Minutes)
	w.proofs = append(w.proofs, told.Proofs...)
	return nil
}

// taken returns what was told since the last time.
func (w *proofWorld) taken() (minutes, challenges, asked, passed int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.proofs {
		challenges, asked, passed = challenges+1, asked+p.Asked, passed+p.Passed
	}
	minutes = w.minutes
	w.minutes, w.proofs = 0, nil
	return minutes, challenges, asked, passed
}

// inProofWorld runs a test with an engine whose disk has all of a torrent.
func inProofWorld(t *testing.T, torrent *metainfo.Torrent, data []byte, test func(w *proofWorld, e *engine, disk *shelf)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &proofWorld{t: t, torrent: torrent}
		h := hub.New(hub.Config{
			Key: ed25519.NewKeyFromSeed(make([]byte, 32)), Origins: []string{"http://fanseed.example"}, Ledger: w, Works: w,
			Epoch: func(now time.Time) uint32 { return uint32(now.Unix() / 3600) }, Rand: rand.New(rand.NewPCG(1, 2)),
			Seeding: w, Torrents: w, Proofs: hub.Proofs{Epoch: time.Hour},
		})
		sockets := signalsocket.NewServer(signalsocket.Config{Subprotocol: announce.Subprotocol}, h)
		w.listener = sockettest.Serve(t, sockets)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { h.Run(ctx); close(ended) }()

		disk := newDisk(1 << 30)
		s, err := disk.open(torrent.Infohash, torrent.Info)
		if err != nil {
			t.Fatal(err)
		}
		for i := range torrent.Info.NumPieces() {
			begin := int64(i) * torrent.Info.PieceLength
			if err := s.Put(t.Context(), i, data[begin:begin+torrent.Info.PieceSize(i)]); err != nil {
				t.Fatal(err)
			}
		}
		_ = s.Close()
		public, key, _ := ed25519.GenerateKey(nil)
		e := startParts(t, &world{url: "http://fanseed.example"}, key, [32]byte(public), Config{}, func(p *Parts) { p.Sockets = pipeSockets{w.listener} })
		e.disk = disk
		e.join(torrent)
		test(w, e, disk.shelves[torrent.Infohash])

		e.stop()
		now, cut := context.WithCancel(t.Context())
		cut()
		_ = sockets.Shutdown(now, 0)
		cancel()
		<-ended
	})
}

// pipeSockets dials the server's network in memory.
type pipeSockets struct{ listener *sockettest.Listener }

type pipeSocket struct {
	queue chan []byte
	close func()
}

func (p pipeSockets) Dial(url, subprotocol string, h SocketHandler) Socket {
	done := make(chan struct{})
	s := &pipeSocket{queue: make(chan []byte, 1024), close: sync.OnceFunc(func() { close(done) })}
	dialer := websocket.Dialer{NetDialContext: p.listener.Dial("192.0.2.1"), Subprotocols: []string{subprotocol}}
	go func() {
		defer h.Closed()
		ws, _, err := dialer.Dial(url, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		h.Opened(ws.Subprotocol())
		go s.write(ws, done)
		for {
			_, text, err := ws.ReadMessage()
			if err != nil {
				s.close()
				return
			}
			h.Received(text)
		}
	}()
	return s
}

func (s *pipeSocket) write(ws *websocket.Conn, done chan struct{}) {
	defer ws.Close()
	for {
		select {
		case text := <-s.queue:
			if ws.WriteMessage(websocket.TextMessage, text) != nil {
				return
			}
		case <-done:
			return
		}
	}
}

func (s *pipeSocket) Send(text []byte) { s.queue <- text }
func (s *pipeSocket) Close()           { s.close() }

// provable are works of every version.
func provable(t *testing.T, test func(t *testing.T, torrent *metainfo.Torrent, data []byte)) {
	for name, make := range map[string]func() (*metainfo.Torrent, []byte){
		"hybrid":    func() (*metainfo.Torrent, []byte) { return album(80, true) },
		"version 2": func() (*metainfo.Torrent, []byte) { return album(80, false) },
		"version 1": func() (*metainfo.Torrent, []byte) { return single(5<<20 + 7) },
	} {
		t.Run(name, func(t *testing.T) {
			torrent, data := make()
			test(t, torrent, data)
		})
	}
}

func TestWhoHasAllProvesIt(t *testing.T) {
	provable(t, func(t *testing.T, torrent *metainfo.Torrent, data []byte) {
		inProofWorld(t, torrent, data, func(w *proofWorld, e *engine, _ *shelf) {
			time.Sleep(10 * time.Hour)
			minutes, challenges, asked, passed := w.taken()
			least := 39
			if !torrent.Info.HasV2() {
				least = 9
			}
			if minutes < 598 || minutes > 600 || challenges < least || asked == 0 || passed != asked {
				t.Errorf("in ten hours %d minutes, %d challenges, %d of %d passed", minutes, challenges, passed, asked)
			}
		})
	})
}

// Half of the pieces are deleted, or overwritten, behind the engine's back.
func TestWhoHasLostHalfIsCaught(t *testing.T) {
	for name, harm := range map[string]func(disk *shelf, index int){
		"deleted": func(disk *shelf, index int) {
			delete(disk.pieces, index)
			disk.have.Clear(index)
		},
		"overwritten": func(disk *shelf, index int) { clear(disk.pieces[index]) },
	} {
		t.Run(name, func(t *testing.T) {
			provable(t, func(t *testing.T, torrent *metainfo.Torrent, data []byte) {
				inProofWorld(t, torrent, data, func(w *proofWorld, e *engine, disk *shelf) {
					time.Sleep(3 * time.Hour)
					if _, _, asked, passed := w.taken(); asked == 0 || passed != asked {
						t.Errorf("before, %d of %d passed", passed, asked)
					}
					disk.disk.mu.Lock()
					for i := 0; i < torrent.Info.NumPieces(); i += 2 {
						harm(disk, i)
					}
					disk.disk.mu.Unlock()
					time.Sleep(2 * time.Hour)
					_, challenges, asked, passed := w.taken()
					if challenges == 0 || passed == asked {
						t.Errorf("in %d challenges %d of %d passed", challenges, passed, asked)
					}
					knows := torrent.Info.HasV2() || name == "deleted" // a block of version 1 is not hashed here
					if got := e.snapshotOf(torrent.Infohash); knows && (got.State != Downloading || got.Missing == 0) {
						t.Errorf("afterwards it is %q and misses %d bytes", got.State, got.Missing)
					}
				})
			})
		})
	}
}
