package node

import (
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/swarm"
)

// State is what a work is doing.
type State string

// The states of the page's API.
const (
	Downloading State = "downloading"
	Seeding     State = "seeding"
	Stopped     State = "stopped"
	Failed      State = "error"
)

// work is one torrent: its swarm, its store, and the links to its peers.
type work struct {
	node     *Node
	infohash [20]byte
	magnet   metainfo.Magnet
	torrent  *metainfo.Torrent // nil until the metadata is known
	swarm    *swarm.Swarm
	store    store.Store    // nil until the metadata is known
	pieces   map[int][]byte // buffers of pieces that are being fetched
	links    []*link
	peers    swarm.Peer // the handle that was given out last
	dropped  string     // why the last peer was dropped, for the log

	started   bool      // the person wants it to run
	active    bool      // it runs: started, and sharing is on
	ends      time.Time // when a stopped work's last connections are closed
	failure   error
	revoked   bool      // failure is the server's takedown
	gathering int       // offers being made
	sought    time.Time // when the server was last asked for peers
	waiters   []waiter
	spans     spans
	earned    map[[16]byte]uint64 // newest receipt of each ticket
	completed bool                // since the last announce
	changed   bool
	shown     time.Time // when the host was last told
}

func (n *Node) newWork(infohash [20]byte, torrent *metainfo.Torrent, magnet metainfo.Magnet, s store.Store) *work {
	w := &work{
		node: n, infohash: infohash, torrent: torrent, magnet: magnet, store: s,
		spans:  spans{kept: map[span][]byte{}, waiting: map[span][]func([]byte, error){}},
		pieces: map[int][]byte{}, earned: map[[16]byte]uint64{}, changed: true,
	}
	c := swarm.Config{Infohash: infohash, InfohashV2: w.infohashV2(), PeerID: n.peerID, Rand: n.rand, Version: "Fanseed 0.1"}
	if torrent != nil {
		c.Info, c.InfoBytes, c.Layers = torrent.Info, torrent.InfoBytes, torrent.Layers
		if s != nil {
			c.Have = s.Have()
		}
	}
	w.swarm = swarm.New(c)
	n.works = append(n.works, w)
	return w
}

// complete says that every piece is verified and stored.
func (w *work) complete() bool {
	return w.torrent != nil && w.swarm.Stats().Have == w.torrent.Info.NumPieces()
}

func (w *work) state() State {
	switch {
	case w.failure != nil:
		return Failed
	case !w.active:
		return Stopped
	case w.complete():
		return Seeding
	}
	return Downloading
}

// start runs the work if sharing is on.
func (w *work) start(now time.Time) {
	w.started, w.changed = true, true
	if w.active || !w.node.sharing || w.revoked {
		return
	}
	w.active, w.failure, w.ends = true, nil, time.Time{}
	w.swarm.Start(now)
	w.drain(now)
	w.join(now)
}

// goodbye is how long peers have for their last receipts once a work is
// stopped: every connection is closed within a second of a withdrawal.
const goodbye = 700 * time.Millisecond

// stop says good-bye to every peer and leaves the swarm.
func (w *work) stop(now time.Time) {
	w.changed = true
	if !w.active {
		return
	}
	w.active, w.ends = false, now.Add(goodbye)
	w.leave(now)
	w.swarm.Stop(now)
	w.drain(now)
	w.flush(now)
	for _, l := range w.all() {
		if !l.shaken {
			l.lost(now)
		}
	}
}

// end closes what is still open when the time for good-byes is over.
func (w *work) end(now time.Time) {
	for _, l := range w.all() {
		l.lost(now)
	}
}

// all is a copy of the links, for loops that close some.
func (w *work) all() []*link { return append([]*link(nil), w.links...) }

// fail stops the work until the person starts it again.
func (w *work) fail(now time.Time, err error) {
	w.failure = err
	w.stop(now)
}

// tick lets the swarm and the links see that time has passed.
func (w *work) tick(now time.Time) {
	if deadline := w.swarm.Deadline(); !deadline.IsZero() && !now.Before(deadline) {
		w.swarm.Tick(now)
		w.drain(now)
	}
	w.giveUp(now)
	if w.completed {
		w.completed = false
		w.progress(now)
	}
	if w.active {
		w.seek(now)
	} else if !now.Before(w.ends) {
		w.end(now)
	}
	w.flush(now)
	w.show(now)
}

func (w *work) deadline(now time.Time) time.Time {
	next := now.Add(time.Second)
	if w.changed || len(w.links) > 0 {
		next = earlier(next, w.shown.Add(showEvery))
	}
	if !w.active && len(w.links) > 0 {
		next = earlier(next, w.ends)
	}
	return earlier(next, w.swarm.Deadline())
}

// giveUp closes connections that did not open in time.
func (w *work) giveUp(now time.Time) {
	for _, l := range w.all() {
		if !l.expires.IsZero() && now.After(l.expires) {
			l.drop(now, "did not connect in time")
		}
	}
}

// flush sends what the last inputs have put into the links.
func (w *work) flush(now time.Time) {
	for _, l := range w.all() {
		if l.opened && len(l.out) > 0 {
			l.flush(now)
		}
	}
}

func (w *work) link(p swarm.Peer) *link {
	for _, l := range w.links {
		if l.peer == p {
			return l
		}
	}
	return nil
}

// unlink forgets a link that was closed.
func (w *work) unlink(now time.Time, l *link) {
	for i, other := range w.links {
		if other == l {
			w.links = append(w.links[:i], w.links[i+1:]...)
			break
		}
	}
	w.changed = true
	if l.shaken {
		w.swarm.Closed(now, l.peer)
		w.drain(now)
	}
}

// describe takes the metadata of a magnet, once it is known to be right.
func (w *work) describe(now time.Time, t *metainfo.Torrent) {
	s, err := w.node.parts.Stores.Open(w.infohash, t.Info)
	if err != nil {
		w.fail(now, err)
		return
	}
	w.store, w.torrent, w.changed = s, t, true
	w.swarm.Described(now, t)
	w.drain(now)
	w.progress(now)
}

// buffer is where a piece is put together: zeros at first, as padding is.
func (w *work) buffer(index int) []byte {
	b := w.pieces[index]
	if b == nil {
		b = make([]byte, w.torrent.Info.PieceSize(index))
		w.pieces[index] = b
	}
	return b
}

// remove forgets the work and its pieces.
func (w *work) remove(now time.Time) {
	w.stop(now)
	w.end(now)
	n := w.node
	for i, other := range n.works {
		if other == w {
			n.works = append(n.works[:i], n.works[i+1:]...)
			break
		}
	}
	w.abandon(ErrNoWork)
	if w.store != nil {
		_ = w.store.Close()
	}
	n.parts.Host.Removed(w.infohash)
}

// left is how many bytes are missing; 0 while that is unknown.
func (w *work) left() int64 { return w.swarm.Stats().Left }
