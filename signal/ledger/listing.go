package ledger

import (
	"context"
	"fmt"
	"maps"
	"sync"
)

// Listing knows by heart which works are listed, so that asking never waits for
// the disk. Works are published and removed through it.
type Listing struct {
	works  Works
	mu     sync.RWMutex
	listed map[[20]byte]Listed
}

// Listed is what is known by heart of a work.
type Listed struct {
	Length    int64 // in bytes
	Publisher [16]byte
}

// NewListing reads the list of works.
func NewListing(ctx context.Context, works Works) (*Listing, error) {
	l := &Listing{works: works, listed: map[[20]byte]Listed{}}
	for page := (Page{Limit: 1000}); ; {
		list, err := works.Works(ctx, page)
		if err != nil {
			return nil, fmt.Errorf("list works: %w", err)
		}
		if len(list) == 0 {
			return l, nil
		}
		for _, w := range list {
			l.listed[w.Infohash] = Listed{int64(w.Length), w.Publisher}
		}
		page.After = list[len(list)-1].Infohash
	}
}

// Work returns a work's length in bytes and whether it is listed.
func (l *Listing) Work(infohash [20]byte) (length int64, listed bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	w, listed := l.listed[infohash]
	return w.Length, listed
}

// All returns all works that are listed now.
func (l *Listing) All() map[[20]byte]Listed {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return maps.Clone(l.listed)
}

// Len returns the number of listed works.
func (l *Listing) Len() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.listed)
}

// Publish keeps a work, and lists it once it is on disk.
func (l *Listing) Publish(ctx context.Context, w Work, torrent []byte, limit int) error {
	if err := l.works.Publish(ctx, w, torrent, limit); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listed[w.Infohash] = Listed{int64(w.Length), w.Publisher}
	return nil
}

// Remove takes a work off the list for ever.
func (l *Listing) Remove(ctx context.Context, infohash [20]byte) error {
	l.mu.Lock()
	delete(l.listed, infohash)
	l.mu.Unlock()
	return l.works.Remove(ctx, infohash)
}
