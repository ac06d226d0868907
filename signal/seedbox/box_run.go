package seedbox

import (
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"fanseed/wasm/metainfo"
)

const (
	lookEvery    = time.Minute     // who fetches what, whether there is room now, and whether what has failed works again
	stalledAfter = 5 * time.Minute // without a piece nobody seems to have the rest of a work
	maxPulls     = 64              // works that are fetched at a time, beside those that are stalled
)

// Run fetches and seeds until ctx ends, says good-bye to every peer, and keeps what it knows.
func (b *Box) Run(ctx context.Context) error {
	defer b.leaveStock()
	var engine sync.WaitGroup
	defer engine.Wait()
	engine.Go(func() { b.node.Run(ctx) })
	engine.Go(func() { b.news.Bring(ctx, b.node) })
	if err := b.node.Share(ctx, true); err != nil {
		return nil // it was told to stop
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		b.fulfil(ctx)
		select {
		case <-ctx.Done():
			return b.end()
		case <-b.wake:
		case <-look.C:
			b.look(ctx)
		}
	}
}

func (b *Box) end() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.keep()
}

// all returns the names of the works that are wanted or not, the same order each time.
func (b *Box) all() [][20]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.SortedFunc(maps.Keys(b.wishes), func(a, b [20]byte) int { return slices.Compare(a[:], b[:]) })
}

// of returns a wish as it is now.
func (b *Box) of(infohash [20]byte) (w wish, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if found := b.wishes[infohash]; found != nil {
		return *found, true
	}
	return w, false
}

// change changes a wish that is still there.
func (b *Box) change(infohash [20]byte, f func(*wish)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w := b.wishes[infohash]; w != nil {
		f(w)
	}
}

// fulfil brings shelf and engine in line with what is wanted.
func (b *Box) fulfil(ctx context.Context) {
	taken, _ := b.taken([16]byte{})
	free, pulls := b.Budget-taken, b.pulls()
	for _, infohash := range b.all() {
		if ctx.Err() != nil {
			return
		}
		w, _ := b.of(infohash)
		_, listed := b.Works.Work(infohash)
		var err error
		switch {
		case w.gone || !listed:
			err = b.forget(ctx, infohash)
		case w.Declined:
			err = b.drop(ctx, infohash)
		case b.running[infohash] || w.Waits && w.Size > free && b.Others(infohash) == 0:
		case pulls < maxPulls || b.progress(infohash) == 1:
			if err = b.begin(ctx, infohash, w); b.pulling(infohash) {
				pulls++
			}
		}
		if err != nil && ctx.Err() == nil {
			b.Log.Error("a copy is not as it should be", "infohash", hex.EncodeToString(infohash[:]), "err", err)
		}
	}
}

// forget leaves nothing of a work.
func (b *Box) forget(ctx context.Context, infohash [20]byte) error {
	if err := b.drop(ctx, infohash); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, listed := b.Works.Work(infohash); !listed || b.wishes[infohash].gone {
		delete(b.wishes, infohash)
	}
	return b.keep()
}

// drop takes a work out of the engine and off the shelf.
func (b *Box) drop(ctx context.Context, infohash [20]byte) error {
	if b.running[infohash] {
		if err := b.node.Remove(ctx, infohash); err != nil {
			return err
		}
		delete(b.running, infohash)
	}
	return errors.Join(b.keepFromStock(infohash), b.Shelf.Remove(infohash))
}

// begin has the engine fetch and seed a work if there is room.
func (b *Box) begin(ctx context.Context, infohash [20]byte, w wish) error {
	if b.Shelf.Find(infohash) == nil {
		fits, err := b.room(ctx, infohash, w)
		if err != nil {
			return err
		}
		b.change(infohash, func(w *wish) { w.Waits = !fits })
		if !fits {
			return nil
		}
	}
	stored, err := b.Works.Torrent(ctx, infohash)
	if err != nil {
		return err
	}
	t, err := metainfo.Parse(stored)
	if err != nil {
		return err
	}
	c, err := b.Shelf.Open(ctx, infohash, t.Info, t)
	if err != nil {
		return err
	}
	t.Webseeds = nil // nobody may have the server ask other servers for anything
	if _, err := b.node.AddTorrent(ctx, t.Bytes()); err != nil {
		return err
	}
	b.running[infohash] = true
	if err := b.giveToStock(c, t); err != nil {
		b.Log.Error("stock clients cannot have a copy", "infohash", hex.EncodeToString(infohash[:]), "err", err)
	}
	b.change(infohash, func(w *wish) { w.Size, w.came = t.Info.Size(), time.Now() })
	return nil
}

// pulls counts the works that are being fetched.
func (b *Box) pulls() (works int) {
	for infohash := range b.running {
		if b.pulling(infohash) {
			works++
		}
	}
	return works
}

// pulling tells whether a work is being fetched, and more of it comes.
func (b *Box) pulling(infohash [20]byte) bool {
	w, ok := b.of(infohash)
	return ok && b.running[infohash] && !w.stalled() && b.progress(infohash) < 1
}

// stalled tells whether nothing has come of a work for long. Of one that is whole nothing comes, either.
func (w *wish) stalled() bool { return !w.came.IsZero() && time.Since(w.came) >= stalledAfter }

// look notes who is asked for, and tries again what has failed.
func (b *Box) look(ctx context.Context) {
	for infohash := range b.running {
		_, leechers := b.Counts(infohash)
		var sent int64
		if c := b.Shelf.Find(infohash); c != nil {
			sent = c.sent.Load()
		}
		var failed error
		share := b.progress(infohash)
		b.change(infohash, func(w *wish) {
			if share != w.share {
				w.share, w.came = share, time.Now()
			}
			if leechers > 0 || sent != w.sent {
				w.Asked, w.sent = time.Now(), sent
			}
			failed, w.failed = w.failed, nil
		})
		if failed != nil {
			_ = b.node.Start(ctx, infohash) // of a work that is there this fails only at the end
		}
		if b.stock != nil {
			b.stock.Resume(infohash)
		}
	}
	if err := b.end(); err != nil {
		b.Log.Error("the wishes are not kept", "err", err)
	}
}
