package ledger

import (
	"context"
	"errors"
)

// MaxTorrent bounds a stored .torrent, in bytes.
const MaxTorrent = 10 << 20

// Errors of works.
var (
	ErrWorkExists  = errors.New("work is already published")
	ErrWorkRemoved = errors.New("work was removed by the operator")
	ErrWorksFull   = errors.New("no more works can be published")
	ErrNoWork      = errors.New("no such work")
)

// Work is a torrent that was published on this server. Nothing of it changes but
// Removed.
type Work struct {
	Infohash    [20]byte // BitTorrent v1
	Name        string
	Length      uint64 // bytes
	PieceLength uint64 // bytes
	Files       int
	Leaves      uint64   // blocks of 16 KiB
	Weak        bool     // it is known by its pieces alone, so that storage proofs are of few of them
	Common      bool     // the common pools pay for it
	Publisher   [16]byte // account
	Published   uint64   // Unix milliseconds
	Removed     bool     // it is neither shown nor introduced any more
}

// Page asks for a part of the list of works that are not removed, the newest
// first.
type Page struct {
	After [20]byte // the last work of the page before; zero for the first page
	Limit int
}

// Works keeps what was published, beside the books that refer to it and under the
// same promises as a Backend.
type Works interface {
	// Publish keeps a work and its .torrent. At most limit works are kept. It
	// returns ErrWorkExists, ErrWorkRemoved or ErrWorksFull.
	Publish(ctx context.Context, w Work, torrent []byte, limit int) error
	// Work returns a work, also a removed one, or ErrNoWork.
	Work(ctx context.Context, infohash [20]byte) (Work, error)
	// Works returns a page of the list.
	Works(ctx context.Context, p Page) ([]Work, error)
	// Torrent returns the .torrent of a work that is not removed, or ErrNoWork.
	Torrent(ctx context.Context, infohash [20]byte) ([]byte, error)
	// Remove takes a work off the list for ever. Doing so again changes nothing.
	Remove(ctx context.Context, infohash [20]byte) error
}
