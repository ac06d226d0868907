// Package seedbox is the server's own copy of works: one native peer made of parties that share one disk. The engine speaks WebRTC
// with browsers, anacrolix's client TCP and uTP with everybody else, and the webseed HTTP.
//
// It owns the shelf, on which the works lie. It promises that a piece which one party verified is at once the others' too, that what is
// found damaged is nobody's until it was fetched again, and that nothing is written outside of its folder, whatever a torrent says. It
// never gives out a byte that it has not verified since the file was last changed.
package seedbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// How many copies that nobody uses stay open, so that the next request for one costs nothing.
const (
	maxIdle       = 64
	maxIdleWeight = 1 << 20 // pieces and files of them all, of 50 to 100 bytes each
)

// Shelf is the folder of all copies. Only one process may have it open at a time. Its methods may be called from several goroutines.
type Shelf struct {
	disk    *store.Disk
	log     *slog.Logger
	lock    *os.File
	hashing chan struct{} // holds one for each piece that is being verified

	change sync.Mutex // of those who put copies on the shelf and take them away

	mu     sync.Mutex
	copies map[[20]byte]*Copy
	idle   []*Copy // that are open and have no users, the one that was used last comes last
	closed bool
}

// OpenShelf opens a shelf, which it makes where there is none. It looks at every copy that is there and reads none: to open a shelf of
// 1,000 works takes milliseconds. It fails when another process has the shelf open.
func OpenShelf(folder string, log *slog.Logger) (*Shelf, error) {
	disk, err := store.OpenDisk(folder, store.NewBudget(math.MaxInt64/2))
	if err != nil {
		return nil, err
	}
	s := &Shelf{disk: disk, log: log, hashing: make(chan struct{}, runtime.GOMAXPROCS(0)), copies: map[[20]byte]*Copy{}}
	if s.lock, err = lockFile(filepath.Join(folder, "lock")); err == nil {
		err = s.look()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the folder of copies: %w", err), s.Close())
	}
	return s, nil
}

// look takes down what earlier runs have left.
func (s *Shelf) look() error {
	infohashes, err := s.disk.List()
	if err != nil {
		return err
	}
	for _, infohash := range infohashes {
		c := &Copy{shelf: s, infohash: infohash}
		if c.bytes, err = s.disk.Taken(infohash); err != nil {
			return err
		}
		s.copies[infohash] = c
	}
	return nil
}

// Open returns the one Copy of a work, with what earlier runs have left of it, or a new and empty one. The torrent is kept beside the
// data, so that the copy is whole again after a restart. A t that is nil is not known yet, as when the info came from peers: see
// Copy.Describe.
func (s *Shelf) Open(ctx context.Context, infohash [20]byte, info *metainfo.Info, t *metainfo.Torrent) (*Copy, error) {
	s.change.Lock()
	defer s.change.Unlock()
	c := s.Find(infohash)
	if c == nil {
		c = &Copy{shelf: s, infohash: infohash}
	}
	if err := c.begin(ctx, info, t); err != nil {
		return nil, fmt.Errorf("open the copy of a work: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.copies[infohash] = c
	return c, nil
}

// Find returns the copy of a work; nil where there is none.
func (s *Shelf) Find(infohash [20]byte) *Copy {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.copies[infohash]
}

// Copies returns everything on the shelf, in the order of the infohashes; after a restart too.
func (s *Shelf) Copies() []*Copy {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.copies), func(a, b *Copy) int { return bytes.Compare(a.infohash[:], b.infohash[:]) })
}

// Remove deletes the copy of a work with all its files. Views of it that are open lose every piece, and then answer store.ErrClosed. It
// is no error that there is none.
func (s *Shelf) Remove(infohash [20]byte) error {
	s.change.Lock()
	defer s.change.Unlock()
	c := s.Find(infohash)
	if c == nil {
		return nil
	}
	if err := errors.Join(c.end(true), s.disk.Remove(infohash)); err != nil {
		return fmt.Errorf("remove the copy of a work: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.copies, infohash)
	return nil
}

// Used returns the bytes that all copies take.
func (s *Shelf) Used() (bytes int64) {
	for _, c := range s.Copies() {
		bytes += c.Bytes()
	}
	return bytes
}

// Close flushes and closes every copy. Their views answer store.ErrClosed from now on.
func (s *Shelf) Close() error {
	s.change.Lock()
	defer s.change.Unlock()
	var err error
	for _, c := range s.Copies() {
		err = errors.Join(err, c.end(false))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return err
	}
	s.closed = true
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return errors.Join(err, s.disk.Close())
}

// rest remembers that nobody uses a copy any more, and returns those that nobody used for longest where too many are open.
func (s *Shelf) rest(c *Copy) (oldest []*Copy) {
	s.idle = append(s.idle, c)
	weight := 0
	for i := len(s.idle) - 1; i >= 0; i-- {
		weight += s.idle[i].work.weight()
		if len(s.idle)-i > maxIdle || weight > maxIdleWeight {
			oldest = slices.Clone(s.idle[:i+1])
			s.idle = slices.Delete(s.idle, 0, i+1)
			break
		}
	}
	return oldest
}

// wake forgets that nobody uses a copy.
func (s *Shelf) wake(c *Copy) {
	s.idle = slices.DeleteFunc(s.idle, func(other *Copy) bool { return other == c })
}
