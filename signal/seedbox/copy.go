package seedbox

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// Copy is what the server has of one work. It stays good while it is on the shelf, also when nobody uses it: then it takes no memory to
// speak of.
type Copy struct {
	shelf    *Shelf
	infohash [20]byte

	opening sync.Mutex     // of those who open and close work
	given   *metainfo.Info // where no torrent is kept
	ended   bool           // is closed, or not on the shelf any more

	// Of those who have shelf.mu.
	work  *work // nil while it is not open
	users int   // views and requests
	bytes int64 // on the disk, while work is nil

	sent atomic.Int64 // bytes of the webseed's answers
}

// Infohash returns the name of the work's swarm.
func (c *Copy) Infohash() [20]byte { return c.infohash }

// Torrent returns the torrent that is kept beside the data. store.ErrMissing says that none is.
func (c *Copy) Torrent() (*metainfo.Torrent, error) {
	b, err := c.shelf.disk.Root().ReadFile(c.path(torrentName))
	if errors.Is(err, fs.ErrNotExist) {
		err = store.ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("read the torrent of a copy: %w", err)
	}
	t, err := metainfo.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("the torrent of a copy: %w", err)
	}
	if t.Infohash != c.infohash && [20]byte(t.InfohashV2[:]) != c.infohash {
		return nil, errors.New("the torrent of a copy is another one's")
	}
	t.Infohash = c.infohash
	return t, nil
}

// Describe keeps the torrent of a copy that was opened without: its piece layers are what pieces of version 2 are verified by.
func (c *Copy) Describe(t *metainfo.Torrent) error {
	w, err := c.use()
	if err != nil {
		return err
	}
	defer c.leave()
	return c.learn(w, t)
}

// Bytes returns how many bytes the copy takes on the disk.
func (c *Copy) Bytes() int64 {
	c.shelf.mu.Lock()
	defer c.shelf.mu.Unlock()
	if c.work != nil {
		return c.work.dir.Held()
	}
	return c.bytes
}

// Progress returns how many pieces are there, and how many there are in all.
func (c *Copy) Progress() (have, pieces int, err error) {
	w, err := c.use()
	if err != nil {
		return 0, 0, err
	}
	defer c.leave()
	return w.dir.Have().Count(), w.info.NumPieces(), nil
}

// begin opens what there is of a work, or makes it.
func (c *Copy) begin(ctx context.Context, info *metainfo.Info, t *metainfo.Torrent) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.opening.Lock()
	c.given = info
	c.opening.Unlock()
	w, err := c.use()
	if err != nil {
		return err
	}
	defer c.leave()
	if t == nil {
		return nil
	}
	return c.learn(w, t)
}

// learn takes what is known of the torrent.
func (c *Copy) learn(w *work, t *metainfo.Torrent) error {
	w.learn(t.Layers)
	if !complete(t) {
		return nil
	}
	if err := c.keepTorrent(t); err != nil {
		return fmt.Errorf("keep the torrent of a copy: %w", err)
	}
	c.opening.Lock()
	defer c.opening.Unlock()
	c.given = nil
	return nil
}

// use opens the work if it is not open, and keeps it open until leave.
func (c *Copy) use() (*work, error) {
	c.opening.Lock()
	defer c.opening.Unlock()
	if c.ended {
		return nil, fmt.Errorf("use a copy: %w", store.ErrClosed)
	}
	s := c.shelf
	s.mu.Lock()
	s.wake(c)
	c.users++
	w := c.work
	s.mu.Unlock()
	if w != nil {
		return w, nil
	}
	w, err := c.open()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		c.users--
		return nil, err
	}
	c.work = w
	return w, nil
}

// leave ends a use. Where too many works are open, those that nobody has used for longest are closed.
func (c *Copy) leave() {
	s := c.shelf
	s.mu.Lock()
	var oldest []*Copy
	if c.users--; c.users == 0 && c.work != nil {
		oldest = s.rest(c)
	}
	s.mu.Unlock()
	for _, other := range oldest {
		other.close()
	}
}

// open opens the work, whose torrent is kept or was given.
func (c *Copy) open() (*work, error) {
	info, layers := c.given, metainfo.Layers(nil)
	if t, err := c.Torrent(); err == nil {
		info, layers, c.given = t.Info, t.Layers, nil
	} else if info == nil {
		return nil, err
	}
	dir, err := c.shelf.disk.Open(context.Background(), c.infohash, info)
	if err != nil {
		return nil, err
	}
	return newWork(c, info, layers, dir), nil
}

// close closes the work if nobody uses it.
func (c *Copy) close() {
	c.opening.Lock()
	defer c.opening.Unlock()
	if err := c.shut(false); err != nil {
		c.shelf.log.Error("a copy was not closed", "infohash", hex.EncodeToString(c.infohash[:]), "err", err)
	}
}

// end closes the work for good, whoever uses it; its pieces are lost if so told.
func (c *Copy) end(lose bool) error {
	c.opening.Lock()
	defer c.opening.Unlock()
	c.ended = true
	c.shelf.mu.Lock()
	w := c.work
	c.shelf.mu.Unlock()
	if w != nil && lose {
		w.loseAll()
	}
	return c.shut(true)
}

func (c *Copy) shut(always bool) error {
	s := c.shelf
	s.mu.Lock()
	w := c.work
	if w == nil || c.users > 0 && !always {
		s.mu.Unlock()
		return nil
	}
	s.wake(c)
	c.work, c.bytes = nil, w.dir.Held()
	s.mu.Unlock()
	return w.dir.Close()
}

// torrentName is the file beside the data that has the torrent.
const torrentName = "torrent"

func (c *Copy) path(name string) string { return hex.EncodeToString(c.infohash[:]) + "/" + name }

// keepTorrent writes the torrent beside the data, unless it is there.
func (c *Copy) keepTorrent(t *metainfo.Torrent) error {
	root := c.shelf.disk.Root()
	if _, err := root.Stat(c.path(torrentName)); err == nil {
		return nil
	}
	if err := root.Mkdir(hex.EncodeToString(c.infohash[:]), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	const written = torrentName + ".new"
	if err := root.WriteFile(c.path(written), t.Bytes(), 0o600); err != nil {
		return err
	}
	return root.Rename(c.path(written), c.path(torrentName))
}

// complete tells whether every piece layer is known.
func complete(t *metainfo.Torrent) bool {
	for root := range t.Info.Layered() {
		if len(t.Layers[root]) == 0 {
			return false
		}
	}
	return true
}

// since returns when the torrent was kept.
func (c *Copy) since() time.Time {
	info, err := c.shelf.disk.Root().Stat(c.path(torrentName))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
