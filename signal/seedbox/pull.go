package seedbox

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/node"
	"fanseed/wasm/store"
)

// How often copies are looked at, and when what has failed is tried again.
const (
	sweepEvery = 30 * time.Second
	retryAfter = 20 * time.Second
)

// order is what is to become of the copy of one work.
type order struct {
	infohash [20]byte
	size     int64
	listed   bool
	state    State
	progress float64
	claim    int64     // bytes of room that it has, or will need
	asked    time.Time // for some of it, last
	begun    time.Time // to be fetched, last
	uploaded int64     // bytes over WebRTC, in this run

	crew *crew       // that has it; nil while nothing runs
	view store.Store // of the stock client, or nil

	full  bool      // the disk itself has no more room
	retry time.Time // of what has failed; zero: nothing has
}

// runs tells whether the copy is being fetched or given.
func (o *order) runs() bool { return o.crew != nil }

// learn takes what the engine tells; true when there is something to do or to say.
func (o *order) learn(s node.Snapshot, now time.Time) bool {
	if s.Uploaded > o.uploaded {
		o.uploaded, o.asked = s.Uploaded, now
	}
	if s.State == node.Failed {
		news := o.retry.IsZero()
		o.retry, o.full = now.Add(retryAfter), errors.Is(s.Err, node.ErrFull)
		return news
	}
	if !s.Kept {
		return false // its store is not open yet
	}
	o.retry = time.Time{}
	before := o.state
	o.state, o.progress = Pulling, 1
	if s.Length > 0 {
		o.progress = 1 - float64(s.Missing)/float64(s.Length)
	}
	if s.State == node.Seeding {
		o.state = Whole
	}
	return o.state != before
}

// Run fetches and gives until ctx ends. Then every peer is told good-bye and paid, and everything is closed.
func (b *Box) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		b.sweep(ctx, time.Now())
		select {
		case <-b.wake:
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
	return b.close()
}

func (b *Box) close() error {
	b.acting.Lock()
	defer b.acting.Unlock()
	for _, c := range b.crews {
		c.stop()
	}
	for _, c := range b.crews {
		c.end()
	}
	if b.stock != nil {
		b.stock.Close()
	}
	return errors.Join(b.shelf.Close(), b.record.close())
}

// sweep looks at every work once: who has room is fetched, who has failed is tried again.
func (b *Box) sweep(ctx context.Context, now time.Time) {
	b.acting.Lock()
	defer b.acting.Unlock()
	b.shrink()
	for _, o := range b.waiting(now) {
		if ctx.Err() != nil {
			return
		}
		if err := b.move(ctx, o); err != nil {
			b.config.Log.Warn("a copy cannot be made", "infohash", hex.EncodeToString(o.infohash[:]), "err", err)
			b.postpone(o, now)
		}
	}
}

// postpone has what has failed tried again later.
func (b *Box) postpone(o *order, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o.retry = now.Add(retryAfter)
}

// waiting returns the works with which something is to be done.
func (b *Box) waiting(now time.Time) (all []*order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.list {
		if o.listed && o.state != Declined && !now.Before(o.retry) && (!o.runs() || !o.retry.IsZero()) {
			all = append(all, o)
		}
	}
	return all
}

// move does the next thing with a work.
func (b *Box) move(ctx context.Context, o *order) error {
	b.mu.Lock()
	runs, full, evicted, refused := o.runs(), o.full, o.state == Evicted, o.state == NoRoom
	o.retry = time.Time{}
	b.mu.Unlock()
	switch {
	case runs && full:
		return b.giveUp(o)
	case runs:
		return o.crew.node.Start(ctx, o.infohash)
	case evicted && !b.endangered(o.infohash):
		return nil
	case !b.makeRoom(o, !evicted && (!refused || b.others(o.infohash) > 0)):
		b.refuse(o)
		return nil
	}
	return b.run(ctx, o, evicted)
}

// endangered tells whether a work that made way is worth having again: somebody has it, and few.
func (b *Box) endangered(infohash [20]byte) bool {
	n := b.others(infohash)
	return n > 0 && n < keepers
}

// refuse says that a work has no room. What was evicted stays so.
func (b *Box) refuse(o *order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o.state == Pulling {
		o.state = NoRoom
	}
}

// giveUp takes back what was fetched of a work for which the disk itself had no room.
func (b *Box) giveUp(o *order) error {
	b.halt(o)
	b.discard(o.infohash)
	b.mu.Lock()
	defer b.mu.Unlock()
	o.state, o.progress, o.claim, o.full = NoRoom, 0, 0, false
	o.retry = time.Now().Add(10 * retryAfter)
	return nil
}

// run begins to fetch and to give a work.
func (b *Box) run(ctx context.Context, o *order, evicted bool) error {
	t, err := b.torrent(ctx, o.infohash)
	if err != nil {
		return err
	}
	if _, err := b.shelf.Open(ctx, o.infohash, t.Info, t); err != nil {
		return err
	}
	c, err := b.crew()
	if err != nil {
		return err
	}
	if evicted {
		if err := b.record.note(o.infohash, noted); err != nil {
			return err
		}
	}
	b.assign(o, c)
	if _, err := c.node.AddTorrent(ctx, t.Bytes()); err != nil {
		return errors.Join(err, b.halt(o))
	}
	return b.offer(ctx, o, t)
}

// assign makes a work one of a crew's.
func (b *Box) assign(o *order, c *crew) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o.crew, o.claim, o.begun = c, o.size, time.Now()
	c.works++
	if o.state != Whole {
		o.state = Pulling
	}
}

// torrent returns a work's torrent. Its webseeds are not asked: a torrent must not make the server fetch from where it says.
func (b *Box) torrent(ctx context.Context, infohash [20]byte) (*metainfo.Torrent, error) {
	raw, err := b.config.Torrents.Torrent(ctx, infohash)
	if err != nil {
		return nil, fmt.Errorf("read the torrent: %w", err)
	}
	t, err := metainfo.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("parse the torrent: %w", err)
	}
	t.Webseeds = nil
	return t, nil
}

// crew returns an engine with room for one more work.
func (b *Box) crew() (*crew, error) {
	for _, c := range b.crews {
		if c.works < worksOfCrew {
			return c, nil
		}
	}
	c, err := b.newCrew()
	if err != nil {
		return nil, err
	}
	b.crews = append(b.crews, c)
	share := max(1, b.config.Upload/int64(len(b.crews)))
	if b.config.Upload == 0 {
		share = 0
	}
	for _, c := range b.crews {
		if err := c.node.SetLimits(context.Background(), node.Limits{UploadRate: share}); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// offer gives the work to stock clients too, where there are any.
func (b *Box) offer(ctx context.Context, o *order, t *metainfo.Torrent) error {
	if b.stock == nil {
		return nil
	}
	c, err := b.shelf.Open(ctx, o.infohash, t.Info, t)
	if err != nil {
		return err
	}
	view, err := c.View("stock", func(i int) { b.stock.Found(o.infohash, i) }, func(i int) { b.stock.Lost(o.infohash, i) })
	if err != nil {
		return err
	}
	o.view = view
	return b.stock.Add(t, view)
}

// halt ends what runs of a work. What is on the disk stays.
func (b *Box) halt(o *order) error {
	b.mu.Lock()
	c, view := o.crew, o.view
	o.crew, o.view = nil, nil
	if c != nil {
		c.works--
	}
	b.mu.Unlock()
	var err error
	if c != nil {
		err = c.node.Remove(c.ctx, o.infohash)
	}
	if view != nil {
		b.stock.Remove(o.infohash)
		err = errors.Join(err, view.Close())
	}
	return err
}

// discard deletes a copy.
func (b *Box) discard(infohash [20]byte) {
	if err := b.shelf.Remove(infohash); err != nil {
		b.config.Log.Error("a copy was not deleted", "infohash", hex.EncodeToString(infohash[:]), "err", err)
	}
}

// end has no copy of a work any more, and remembers why.
func (b *Box) end(infohash [20]byte, state State, word string) error {
	if err := b.record.note(infohash, word); err != nil {
		return err
	}
	b.acting.Lock()
	defer b.acting.Unlock()
	return b.finish(infohash, state)
}

// finish ends the copy of a work with a state that was noted.
func (b *Box) finish(infohash [20]byte, state State) error {
	b.mu.Lock()
	o := b.orders[infohash]
	if o == nil {
		o = &order{infohash: infohash}
		b.put(o)
	}
	o.state, o.progress, o.claim, o.retry = state, 0, 0, time.Time{}
	b.mu.Unlock()
	err := b.halt(o)
	b.discard(infohash)
	return err
}
