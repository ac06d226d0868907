package seedbox

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"fanseed/signal/socket"
	"fanseed/wasm/node"
)

// BoxConfig says where the server's copies lie, and by whom they are fetched and given.
type BoxConfig struct {
	Folder   string // of the copies, and of what was decided about works
	Disk     int64  // bytes that all copies may take
	Key      ed25519.PrivateKey
	Server   string // origin of the server, which logins are bound to
	Dialer   socket.Dialer
	ICE      []ICEServer
	Upload   int64 // bytes a second to browsers, to all together; 0: no limit
	Torrents Torrents
	Swarms   Swarms
	Stock    *StockConfig // nil: no stock clients
	Log      *slog.Logger
}

// Torrents is where the .torrents of listed works are read.
type Torrents interface {
	Torrent(ctx context.Context, infohash [20]byte) ([]byte, error)
}

// Swarms knows who is there; the server's own peers count.
type Swarms interface {
	Counts(infohash [20]byte) (seeders, leechers int)
}

// Listed is a work that may be copied.
type Listed struct {
	Infohash [20]byte
	Length   int64 // bytes
}

// State is what becomes of the server's copy of a work.
type State string

// The states.
const (
	Pulling  State = "pulling"  // it is fetched, or mended
	Whole    State = "whole"    // every piece is on the disk
	Declined State = "declined" // whoever published the work wants none
	NoRoom   State = "no_room"  // nothing that is there may make way for it
	Evicted  State = "evicted"  // it made way for another
)

// Status is how far a copy is.
type Status struct {
	State    State
	Progress float64 // 0 to 1: the part of the bytes that is here
}

// Box makes and keeps the server's copies: it fetches listed works over WebRTC from whoever has them, paying with the receipts of an
// account of its own, and gives them over WebRTC to whom others do not serve, to stock clients where it is told to, and by the webseed.
//
// Copies take no more than Disk bytes. Where a work has no room, others make way: never one that fewer than two others seed, of the rest
// first those that most others seed, and of these what nobody has asked for longest. Before that, works of which nobody has the rest keep
// what is here of them, and no room for more.
type Box struct {
	config BoxConfig
	shelf  *Shelf
	record *record
	stock  *Stock // or nil
	crews  []*crew

	sent, received atomic.Int64 // bytes, over WebRTC

	acting sync.Mutex // held by whoever begins and ends copies; never with mu held

	mu     sync.Mutex
	orders map[[20]byte]*order
	list   []*order // the same, in the order in which they are looked at
	wake   chan struct{}
}

// OpenBox opens what earlier runs have left. Nothing is fetched or given before Run.
func OpenBox(c BoxConfig) (*Box, error) {
	if err := os.MkdirAll(c.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of copies: %w", err)
	}
	shelf, err := OpenShelf(filepath.Join(c.Folder, "copies"), c.Log)
	if err != nil {
		return nil, err
	}
	b := &Box{config: c, shelf: shelf, orders: map[[20]byte]*order{}, wake: make(chan struct{}, 1)}
	record, decided, err := openRecord(c.Folder)
	if err == nil && c.Stock != nil {
		b.stock, err = NewStock(*c.Stock)
	}
	if err != nil {
		return nil, errors.Join(err, shelf.Close())
	}
	b.record = record
	for infohash, word := range decided {
		b.decide(infohash, word)
	}
	return b, nil
}

// decide takes what an earlier run has decided.
func (b *Box) decide(infohash [20]byte, word string) {
	states := map[string]State{refused: Declined, gone: Evicted}
	if state, known := states[word]; known {
		b.put(&order{infohash: infohash, state: state})
	}
}

// put adds an order. b.mu need not be held before Run.
func (b *Box) put(o *order) {
	b.orders[o.infohash] = o
	b.list = append(b.list, o)
}

// Begin takes the works that are listed, in the order in which they are to be copied; what is on the shelf comes before. Copies of works
// that are not listed any more are deleted.
func (b *Box) Begin(listed []Listed) {
	kept := map[[20]byte]bool{}
	for _, w := range listed {
		kept[w.Infohash] = true
		b.want(w)
	}
	for _, c := range b.shelf.Copies() {
		if !kept[c.Infohash()] {
			b.Remove(c.Infohash())
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	slices.SortStableFunc(b.list, func(p, q *order) int { return b.rank(p) - b.rank(q) })
}

func (b *Box) rank(o *order) int {
	if b.shelf.Find(o.infohash) != nil {
		return 0
	}
	return 1
}

// Pull has a work copied that has just been listed.
func (b *Box) Pull(w Listed) {
	b.want(w)
	b.awake()
}

// want notes a listed work, and what is here of it.
func (b *Box) want(w Listed) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.orders[w.Infohash]
	if o == nil {
		o = &order{infohash: w.Infohash, state: Pulling}
		b.put(o)
	}
	o.listed, o.size = true, w.Length
	if c := b.shelf.Find(w.Infohash); c != nil {
		if have, pieces, err := c.Progress(); err == nil && pieces > 0 {
			o.progress, o.claim = float64(have)/float64(pieces), o.size
			if have == pieces && o.state == Pulling {
				o.state = Whole
			}
		}
	}
}

// Decline has no copy made of a work, as its publisher wants, and deletes the one that there is. It is remembered when it returns. It is
// called before the work is listed, so that nothing of it is fetched.
func (b *Box) Decline(infohash [20]byte) error { return b.end(infohash, Declined, refused) }

// Allow takes that back.
func (b *Box) Allow(infohash [20]byte) error {
	b.mu.Lock()
	o := b.orders[infohash]
	declined := o != nil && o.state == Declined
	b.mu.Unlock()
	if !declined {
		return nil
	}
	if err := b.record.note(infohash, noted); err != nil {
		return err
	}
	b.mu.Lock()
	o.state = Pulling
	b.mu.Unlock()
	b.awake()
	return nil
}

// Remove deletes the copy of a work that is not listed any more.
func (b *Box) Remove(infohash [20]byte) {
	b.acting.Lock()
	defer b.acting.Unlock()
	b.mu.Lock()
	o := b.orders[infohash]
	delete(b.orders, infohash)
	b.list = slices.DeleteFunc(b.list, func(other *order) bool { return other.infohash == infohash })
	b.mu.Unlock()
	if o != nil {
		b.halt(o)
	}
	b.discard(infohash)
}

// Status tells how far the copy of a work is; false for a work that is not known.
func (b *Box) Status(infohash [20]byte) (Status, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.orders[infohash]
	if o == nil {
		return Status{}, false
	}
	return Status{o.state, o.progress}, true
}

// Gives tells whether the webseed has something of a work, or soon will.
func (b *Box) Gives(infohash [20]byte) bool {
	s, known := b.Status(infohash)
	return known && (s.State == Pulling || s.State == Whole)
}

// Webseed returns the handler of everything below WebseedPath. What it is asked for counts as asked for.
func (b *Box) Webseed(c WebseedConfig) http.Handler {
	c.Seeders = b.others
	seed := NewWebseed(b.shelf, c)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if infohash, _, ok := parsePath(r.URL); ok {
			b.asked(infohash)
		}
		seed.ServeHTTP(w, r)
	})
}

// others is how many seed a work beside the server.
func (b *Box) others(infohash [20]byte) int {
	seeders, _ := b.config.Swarms.Counts(infohash)
	if s, _ := b.Status(infohash); s.State == Whole {
		seeders--
	}
	return max(0, seeders)
}

func (b *Box) asked(infohash [20]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o := b.orders[infohash]; o != nil {
		o.asked = time.Now()
	}
}

// changed takes what an engine tells of a work.
func (b *Box) changed(s node.Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.orders[s.Infohash]
	if o == nil || !o.runs() {
		return
	}
	if before := o.state; o.learn(s, time.Now()) {
		b.config.Log.Info("copy", "infohash", hex.EncodeToString(s.Infohash[:]), "state", o.state, "was", before, "err", s.Err)
		b.awake()
	}
}

func (b *Box) awake() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Used returns the bytes that all copies take, and how many are whole.
func (b *Box) Used() (bytes int64, whole int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.list {
		if o.state == Whole {
			whole++
		}
	}
	return b.shelf.Used(), whole
}

// StockPort is the port that stock clients reach; 0 where none are met.
func (b *Box) StockPort() int {
	if b.stock == nil {
		return 0
	}
	return b.stock.Port()
}

// Sent returns the bytes that went to browsers over WebRTC since the start.
func (b *Box) Sent() int64 { return b.sent.Load() }

// Received returns the bytes that came from them.
func (b *Box) Received() int64 { return b.received.Load() }
