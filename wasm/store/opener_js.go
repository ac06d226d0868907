package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"syscall/js"
	"time"

	"fanseed/wasm/metainfo"
)

// Kind says where stores keep their pieces.
type Kind string

// The kinds of stores, best first. What is in memory does not survive the page.
const (
	InOPFS      Kind = "opfs"
	InIndexedDB Kind = "indexeddb"
	InMemory    Kind = "memory"
)

// Opener opens stores in the best place that the browser really grants: it is tried out, once. It must be used in a dedicated worker, and
// by one engine of the origin at a time.
type Opener struct {
	budget  *Budget
	handles *handles

	mu       sync.Mutex
	kind     Kind      // "" until it is known
	database *database // of InIndexedDB
}

// NewOpener returns an Opener whose stores are paid for from budget, all together.
func NewOpener(budget *Budget) *Opener { return &Opener{budget: budget, handles: newHandles()} }

// Room returns how many bytes the stores may still take.
func (o *Opener) Room() int64 { return o.budget.Left() }

// Kind tells where stores are opened.
func (o *Opener) Kind() Kind {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.kind == "" {
		o.choose()
	}
	return o.kind
}

// choose tries every kind, and gives the directory of all torrents of InOPFS.
func (o *Opener) choose() js.Value {
	root, err := tryOPFS()
	if err == nil {
		o.kind = InOPFS
	} else if o.database, err = tryIndexedDB(); err == nil {
		o.kind = InIndexedDB
	} else {
		o.kind = InMemory
	}
	return root
}

// tryOPFS writes and removes a file.
func tryOPFS() (js.Value, error) {
	root, err := openRoot()
	if err != nil {
		return root, err
	}
	name := "probe-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	file, err := openFile(context.Background(), root, name, true)
	if err == nil {
		_, err = call(file, "write", zeros(1))
		_, closing := call(file, "close")
		err = errors.Join(err, closing)
	}
	return root, errors.Join(err, removeEntry(context.Background(), root, name))
}

// place is Kind with the directory of all torrents. Firefox refuses it for a moment after the site's data were cleared. Where it stays
// refused the choice is made again.
func (o *Opener) place() (Kind, js.Value) {
	for range 10 {
		if o.Kind() != InOPFS {
			break
		}
		if root, err := openRoot(); err == nil {
			return InOPFS, root
		}
		time.Sleep(100 * time.Millisecond)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	root := js.Undefined()
	if o.kind == InOPFS {
		root = o.choose()
	}
	return o.kind, root
}

// Open opens the store of a torrent with what an earlier visit has left. It waits for another worker's store of the torrent to be
// closed, but not for long.
func (o *Opener) Open(ctx context.Context, infohash [20]byte, info *metainfo.Info) (Blobber, error) {
	switch kind, root := o.place(); kind {
	case InOPFS:
		return opened(openOPFS(ctx, root, o.handles, infohash, info, o.budget))
	case InIndexedDB:
		return opened(openIndexedDB(o.database, infohash, info, o.budget))
	}
	return NewMemory(info, o.budget), nil
}

// opened keeps a nil pointer from becoming a store.
func opened[S Blobber](s S, err error) (Blobber, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// List gives the infohashes of the torrents that have something stored.
func (o *Opener) List() (infohashes [][20]byte, err error) {
	var names []string
	switch kind, root := o.place(); kind {
	case InOPFS:
		names, err = entries(root)
	case InIndexedDB:
		names, err = o.database.names()
	}
	for _, name := range names {
		if b, err := hex.DecodeString(name); err == nil && len(b) == 20 {
			infohashes = append(infohashes, [20]byte(b))
		}
	}
	if err != nil {
		return infohashes, fmt.Errorf("list stored torrents: %w", named(err))
	}
	return infohashes, nil
}

// Remove removes what is stored of a torrent, whose store must not be open.
func (o *Opener) Remove(ctx context.Context, infohash [20]byte) (err error) {
	name := hex.EncodeToString(infohash[:])
	switch kind, root := o.place(); kind {
	case InOPFS:
		err = removeEntry(ctx, root, name)
	case InIndexedDB:
		err = o.database.deleteAll(name)
	}
	if err != nil {
		return fmt.Errorf("remove a stored torrent: %w", named(err))
	}
	return nil
}
