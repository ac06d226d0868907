package ledger

import (
	"context"
	"fmt"
	"sync"
)

// Listing knows by heart which works are listed, so that asking never waits for
// the disk. Works are published and removed through it.
type Listing struct {
	works  Works
	mu     sync.RWMutex
	length map[[20]byte]int64
}

// NewListing reads the list of works.
func NewListing(ctx context.Context, works Works) (*Listing, error) {
	l := &Listing{works: works, length: map[[20]byte]int64{}}
	for page := (Page{Limit: 1000}); ; {
		list, err := works.Works(ctx, page)
		if err != nil {
			return nil, fmt.Errorf("list works: %w", err)
		}
		if len(list) == 0 {
			return l, nil
		}
		for _, w := range list {
			l.length[w.Infohash] = int64(w.Length)
		}
		page.After = list[len(list)-1].Infohash
	}
}

// Work returns a work's length in bytes and whether it is listed.
func (l *Listing) Work(infohash [20]byte) (length int64, listed bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	length, listed = l.length[infohash]
	return length, listed
}

// Len returns the number of listed works.
func (l *Listing) Len() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.length)
}

// Publish keeps a work, and lists it once it is on disk.
func (l *Listing) Publish(ctx context.Context, w Work, torrent []byte, limit int) error {
	if err := l.works.Publish(ctx, w, torrent, limit); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.length[w.Infohash] = int64(w.Length)
	return nil
}

// Remove takes a work off the list for ever.
func (l *Listing) Remove(ctx context.Context, infohash [20]byte) error {
	l.mu.Lock()
	delete(l.length, infohash)
	l.mu.Unlock()
	return l.works.Remove(ctx, infohash)
}
