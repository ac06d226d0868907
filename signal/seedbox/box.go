package seedbox

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	randv2 "math/rand/v2"
	"sync"
	"time"

	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/node"
	"fanseed/wasm/rtc"
	"fanseed/wasm/store"
)

// Works are what is published here.
type Works interface {
	// Work returns a work's length in bytes and whether it is listed.
	Work(infohash [20]byte) (length int64, listed bool)
	Torrent(ctx context.Context, infohash [20]byte) ([]byte, error)
}

// BoxConfig is what a box is made of. All fields are needed but ICE and Stock.
type BoxConfig struct {
	Shelf  *Shelf
	Record string             // file that keeps which works are wanted
	Server string             // origin of this server, to which the login is bound
	Dial   string             // address of this server's own listener
	Key    ed25519.PrivateKey // of the account that pays
	Budget int64              // bytes on the disk
	Each   int64              // of them, for the works of one publisher; 0 for no limit
	Works  Works
	// Counts returns the seeders of a work, of which the box may be one, and its leechers.
	Counts func(infohash [20]byte) (seeders, leechers int)
	ICE    []rtc.ICEServer
	Stock  *StockConfig // how stock clients are met; nil for not at all
	Log    *slog.Logger
}

// Box fetches the works that are published here from those who seed them, and seeds them in turn, within its budget. What does not fit waits
// for room.
//
// A work that is newly published may take the place of others. Out go first those of which nothing has come for some time: nobody has the
// rest. Then what most others seed, and of those what nobody has asked for longest. What is whole here and nobody else seeds stays. A work
// that waits, and is seeded, may take the place of those of which nothing comes.
type Box struct {
	BoxConfig
	node *node.Node
	news *News
	wake chan struct{} // the loop has something to do

	mu     sync.Mutex
	wishes map[[20]byte]*wish
	moved  moved // of all works, since the start

	// The loop's.
	running map[[20]byte]bool        // works that the engine has
	stock   *Stock                   // nil where stock clients are not met
	views   map[[20]byte]store.Store // its own, of the same works
}

// wish is what is to become of a work. The members in capitals outlive the process.
type wish struct {
	Declined bool      `json:"declined,omitzero"` // its publisher wants no copy here
	Waits    bool      `json:"waits,omitzero"`    // there was no room; it is taken when there is
	By       [16]byte  `json:"by,omitzero"`       // account of its publisher
	Size     int64     `json:"size"`              // bytes of all files
	Asked    time.Time `json:"asked"`             // when somebody was last seen fetching it

	gone   bool      // nothing of it is to be left
	failed error     // why the engine has stopped
	whole  bool      // the engine has all of it
	sent   int64     // of the webseed, when it was last looked at
	share  float64   // that was here then
	came   time.Time // when more of it had come, or it was begun
	moved  moved     // by the engine since it has the work
}

// moved are payload bytes that peers gave and got over WebRTC.
type moved struct{ received, sent int64 }

// State is what there is of a work here.
type State string

// The states of a copy. Of a work that nobody has told the box of there is none.
const (
	None     State = ""
	Pulling  State = "pulling"
	Whole    State = "whole"
	Declined State = "declined"
	NoRoom   State = "no_room"
)

// NewBox returns a box with what earlier runs have wanted. Run must be called next.
func NewBox(c BoxConfig) (*Box, error) {
	b := &Box{BoxConfig: c, wake: make(chan struct{}, 1), news: NewNews(), running: map[[20]byte]bool{}, views: map[[20]byte]store.Store{}}
	var err error
	if b.wishes, err = readRecord(c.Record); err != nil {
		return nil, fmt.Errorf("read which works are wanted: %w", err)
	}
	for _, copied := range c.Shelf.Copies() {
		if b.wishes[copied.infohash] == nil {
			b.wishes[copied.infohash] = &wish{Size: copied.Bytes(), Asked: time.Now()}
		}
	}
	if c.Stock != nil {
		if b.stock, err = NewStock(*c.Stock); err != nil {
			return nil, err
		}
	}
	parts := NewParts(c.Key, c.Dial, c.ICE)
	parts.Stores, parts.Host = stores{b}, noted{b}
	b.node = node.New(node.Config{
		Server: c.Server, Rand: dice(), Yields: true,
		Parts: parts, AnnouncePace: announcePace,
	})
	return b, nil
}

// announcePace has the box's own server know within seconds of all copies, which by the pace for other servers would take minutes.
const announcePace = 5 * time.Millisecond

func dice() *randv2.Rand {
	var seed [32]byte
	rand.Read(seed[:])
	return randv2.New(randv2.NewChaCha8(seed))
}

// Account returns the account that pays for what the box gets.
func (b *Box) Account() [16]byte {
	return ticket.Account([32]byte(b.Key.Public().(ed25519.PublicKey)))
}

// Pull has a work fetched that an account has newly published, if it fits. It returns when the wish is on the disk.
func (b *Box) Pull(t *metainfo.Torrent, by [16]byte) error {
	return b.want(t.Infohash, func(w *wish) { w.Declined, w.Waits, w.gone, w.Size, w.By = false, false, false, t.Info.Size(), by })
}

// Adopt has a work fetched that was published before there was a box, when there is room. What is known of it already stays.
func (b *Box) Adopt(infohash [20]byte, size int64, by [16]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w := b.wishes[infohash]; w != nil {
		w.By = by
		return
	}
	b.wishes[infohash] = &wish{Waits: true, By: by, Size: size, Asked: time.Now()}
}

// Decline says that the publisher of a work wants no copy of it here.
func (b *Box) Decline(infohash [20]byte) error {
	return b.want(infohash, func(w *wish) { w.Declined, w.gone = true, false })
}

// Remove deletes a work that is not listed any more. What was asked of its copy before is answered as far as it is there.
func (b *Box) Remove(infohash [20]byte) error {
	return errors.Join(b.want(infohash, func(w *wish) { w.gone = true }), b.Shelf.Remove(infohash))
}

// want changes a wish, keeps it and has the loop fulfil it.
func (b *Box) want(infohash [20]byte, change func(*wish)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.wishes[infohash]
	if w == nil {
		w = &wish{Asked: time.Now()}
		b.wishes[infohash] = w
	}
	change(w)
	b.rouse()
	return b.keep()
}

// rouse has the loop look at what is to be done.
func (b *Box) rouse() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// keep writes down the wishes. b.mu is held.
func (b *Box) keep() error {
	if err := writeRecord(b.Record, b.wishes); err != nil {
		return fmt.Errorf("keep which works are wanted: %w", err)
	}
	return nil
}

// Copy tells what there is of a work, and the verified share of its pieces.
func (b *Box) Copy(infohash [20]byte) (state State, progress float64) {
	b.mu.Lock()
	w := b.wishes[infohash]
	var now wish
	if w != nil {
		now = *w
	}
	b.mu.Unlock()
	switch {
	case w == nil || now.gone:
		return None, 0
	case now.Declined:
		return Declined, 0
	}
	progress = b.progress(infohash)
	switch {
	case progress == 1:
		return Whole, 1
	case now.Waits || errors.Is(now.failed, node.ErrFull):
		return NoRoom, progress
	}
	return Pulling, progress
}

// progress is the verified share of what lies on the shelf.
func (b *Box) progress(infohash [20]byte) float64 {
	c := b.Shelf.Find(infohash)
	if c == nil {
		return 0
	}
	have, pieces, err := c.Progress()
	if err != nil || pieces == 0 {
		return 0
	}
	return float64(have) / float64(pieces)
}

// heard takes what the engine says of a work.
func (b *Box) heard(s node.Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.wishes[s.Infohash]
	if w == nil {
		return
	}
	b.count(w, moved{s.Downloaded, s.Uploaded})
	if s.Revoked {
		return
	}
	if s.Err != nil && w.failed == nil {
		b.Log.Error("a copy cannot go on, and is tried again", "infohash", hex.EncodeToString(s.Infohash[:]), "err", s.Err)
	}
	w.failed = s.Err
	if whole := s.State == node.Seeding; whole != w.whole {
		w.whole = whole
		b.rouse() // others may be waiting for their turn
	}
}

// count adds what peers have moved of a work. b.mu is held.
func (b *Box) count(w *wish, now moved) {
	b.moved.received += now.received - w.moved.received
	b.moved.sent += now.sent - w.moved.sent
	w.moved = now
}

// removed takes that the engine has a work no more: it counts from zero when it has it again.
func (b *Box) removed(infohash [20]byte) {
	b.change(infohash, func(w *wish) { w.moved = moved{} })
}

// Moved returns the payload bytes that peers gave and got over WebRTC since the start.
func (b *Box) Moved() (received, sent int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.moved.received, b.moved.sent
}

// Waiting returns for how many works there is no room.
func (b *Box) Waiting() (works int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.wishes {
		if w.Waits && !w.Declined && !w.gone {
			works++
		}
	}
	return works
}
