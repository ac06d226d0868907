// Package seedbox is the server's own copy of works: one native peer made of parties that share one disk. The engine speaks WebRTC
// with browsers, anacrolix's client TCP and uTP with everybody else, and the webseed HTTP.
//
// It owns the shelf, on which the works lie. It promises that a piece which one party verified is at once the others' too, that what is
// found damaged is nobody's until it was fetched again, and that nothing is written outside of its folder, whatever a torrent says. It
// never gives out a byte that it has not verified since the file was last changed.
package seedbox

import (
	"context"
	"log/slog"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// Shelf is the folder of all copies. Only one process may have it open at a time. Its methods may be called from several goroutines.
type Shelf struct{}

// OpenShelf opens a shelf, which it makes where there is none. It looks at every copy that is there and reads none: to open a shelf of
// 1,000 works takes milliseconds. It fails when another process has the shelf open.
func OpenShelf(folder string, log *slog.Logger) (*Shelf, error) { panic("not built yet") }

// Open returns the one Copy of a work, with what earlier runs have left of it, or a new and empty one. The torrent is kept beside the
// data, so that the copy is whole again after a restart. A t that is nil is not known yet, as when the info came from peers: see
// Copy.Describe.
func (s *Shelf) Open(ctx context.Context, infohash [20]byte, info *metainfo.Info, t *metainfo.Torrent) (*Copy, error) {
	panic("not built yet")
}

// Find returns the copy of a work; nil where there is none.
func (s *Shelf) Find(infohash [20]byte) *Copy { panic("not built yet") }

// Copies returns everything on the shelf, in the order of the infohashes; after a restart too.
func (s *Shelf) Copies() []*Copy { panic("not built yet") }

// Remove deletes the copy of a work with all its files. Views of it that are open lose every piece, and then answer store.ErrClosed. It
// is no error that there is none.
func (s *Shelf) Remove(infohash [20]byte) error { panic("not built yet") }

// Used returns the bytes that all copies take.
func (s *Shelf) Used() int64 { panic("not built yet") }

// Close flushes and closes every copy. Their views answer store.ErrClosed from now on.
func (s *Shelf) Close() error { panic("not built yet") }

// Copy is what the server has of one work. It stays good while it is on the shelf, also when nobody uses it: then it takes no memory to
// speak of.
type Copy struct{}

// Infohash returns the name of the work's swarm.
func (c *Copy) Infohash() [20]byte { panic("not built yet") }

// Torrent returns the torrent that is kept beside the data. store.ErrMissing says that none is.
func (c *Copy) Torrent() (*metainfo.Torrent, error) { panic("not built yet") }

// Describe keeps the torrent of a copy that was opened without: its piece layers are what pieces of version 2 are verified by.
func (c *Copy) Describe(t *metainfo.Torrent) error { panic("not built yet") }

// Bytes returns how many bytes the copy takes on the disk.
func (c *Copy) Bytes() int64 { panic("not built yet") }

// Progress returns how many pieces are there, and how many there are in all.
func (c *Copy) Progress(ctx context.Context) (have, pieces int, err error) { panic("not built yet") }

// View returns the copy as one party's store, named for the log. A piece that another party puts is told by found, one that turns out to
// be damaged by lost, which the view's own calls may bring about too; from then on it is in no Have. Both may come from any goroutine,
// before the call that causes them returns, and must not block; either may be nil. After Close no more come.
//
// ReadAt verifies a piece the first time that any party reads it, and again whenever somebody else has changed its files since. A piece
// whose bytes are wrong is lost, and ReadAt answers store.ErrMissing. Doubtful pieces are read as they are, to be settled by the reader.
// Delete deletes the pieces of all parties. Close ends the view alone.
func (c *Copy) View(party string, found, lost func(index int)) (store.Store, error) {
	panic("not built yet")
}
