package node

import (
	"errors"
	"slices"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/swarm"
	"fanseed/wasm/wire"
)

// State is what a work is doing.
type State string

// The states of the page's API.
const (
	Checking    State = "checking"
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
	files    *files            // likewise
	swarm    *swarm.Swarm      // made anew when what the store has is known
	store    store.Store       // nil until it is open and checked
	checking *check            // of the store, while it is not
	keeping  *keeping          // of a published work, until it is kept
	pieces   map[int][]byte    // buffers of pieces that are being fetched
	missing  int               // selected pieces that are not in the store; meaningless without it
	begun    bool              // the store has a piece
	links    []*link
	webseeds []*webseed
	peers    swarm.Peer // the handle that was given out last
	dropped  string     // why the last peer was dropped, for the log

	started   bool      // the person wants it to run
	active    bool      // its swarm runs
	meeting   bool      // it is announced, and has peers: never without sharing
	published bool      // store is the person's own files
	removed   bool      // what comes back from jobs is of no use
	ends      time.Time // when a stopped work's last connections are closed
	failure   error
	revoked   bool      // failure is the server's takedown
	helps     time.Time // when it may be dropped for another one; zero for what the person has added
	retry     bool      // room is being made for it
	seeking   seeking
	waiters   []waiter
	earned    map[[16]byte]uint64 // newest receipt of each ticket
	earnings  uint64              // their sum
	before    moved               // by swarms that this one has replaced
	completed bool                // since the last announce
	changed   bool                // the host is to be told
	stirred   bool                // something has moved, perhaps
	shown     moved               // when the host was last told
}

func (n *Node) newWork(infohash [20]byte, torrent *metainfo.Torrent, magnet metainfo.Magnet) *work {
	w := &work{
		node: n, infohash: infohash, magnet: magnet,
		pieces: map[int][]byte{}, earned: map[[16]byte]uint64{}, changed: true,
	}
	w.swarm = swarm.New(w.config())
	n.works = append(n.works, w)
	w.addWebseeds(magnet.Webseeds)
	if torrent != nil {
		w.know(torrent)
	}
	return w
}

// config is what every swarm of the work starts from.
func (w *work) config() swarm.Config {
	return swarm.Config{Infohash: w.infohash, InfohashV2: w.infohashV2(), PeerID: w.node.peerID, Rand: w.node.rand, Version: "Fanseed 0.1", Yields: w.node.yields}
}

// know takes the metadata.
func (w *work) know(t *metainfo.Torrent) {
	w.torrent, w.files, w.changed = t, newFiles(t.Info), true
	w.files.chooseByLink(w.magnet.Select)
	w.addWebseeds(t.Webseeds)
}

// open has the work's store opened and checked.
func (w *work) open() {
	w.changed = true
	w.checking = w.node.check(w.infohash, w.torrent, w.opened)
	w.checking.paused = !w.started
}

// opened takes the store: from now on pieces are fetched and given.
func (w *work) opened(now time.Time, s store.Store, err error) {
	w.checking = nil
	if err != nil {
		if s != nil {
			w.node.shut(w.infohash, s, false)
		}
		w.fail(now, storeError(err))
		return
	}
	w.use(now, s)
	w.adjust(now)
	w.progress(now)
}

// use makes s the store. A swarm that was waiting for the metadata goes on if
// nothing was in it yet; else a new one begins with what is there.
func (w *work) use(now time.Time, s store.Store) {
	have := s.Have()
	w.store, w.missing, w.begun, w.changed = s, w.files.missing(have), have.Count() > 0, true
	w.files.count(have)
	if !w.begun && w.swarm.Stats().Pieces == 0 {
		w.swarm.Select(now, w.files.pieces())
		w.drain(now)
		w.swarm.Described(now, w.torrent)
		w.drain(now)
	} else {
		w.renew(now, have)
	}
	w.hold(now)
	w.wakeReaders(now)
}

// renew begins a new swarm with what is in the store. Peers have to be met
// anew: the old swarm has told them something else.
func (w *work) renew(now time.Time, have wire.Bitfield) {
	w.halt(now)
	w.end(now)
	stats := w.swarm.Stats()
	w.before.down += int64(stats.Downloaded)
	w.before.up += int64(stats.Uploaded)
	c := w.config()
	c.Info, c.InfoBytes, c.Layers, c.Have = w.torrent.Info, w.torrent.InfoBytes, w.torrent.Layers, have
	w.swarm, w.pieces = swarm.New(c), map[int][]byte{}
	w.swarm.Select(now, w.files.pieces())
	w.drain(now)
}

// complete says that every selected piece is verified and stored.
func (w *work) complete() bool { return w.store != nil && w.missing == 0 }

func (w *work) state() State {
	switch {
	case w.failure != nil:
		return Failed
	case w.checking != nil && w.checking.total > 0 && w.started:
		return Checking
	case !w.active && !w.opening():
		return Stopped
	case w.complete():
		return Seeding
	}
	return Downloading
}

// opening says that the work will run as soon as its store is open.
func (w *work) opening() bool { return w.started && w.checking != nil && (w.mayMeet() || w.mayFetch()) }

// start runs the work as far as it may. What has failed is tried again.
func (w *work) start(now time.Time) {
	w.started, w.changed = true, true
	if !w.revoked {
		w.failure = nil
	}
	switch {
	case w.checking != nil:
		w.checking.paused = false
	case w.torrent != nil && w.store == nil:
		w.open()
	}
	w.adjust(now)
}

// mayMeet says that the work may have peers.
func (w *work) mayMeet() bool { return w.started && w.failure == nil && w.node.sharing }

// mayFetch says that the work may use its webseeds.
func (w *work) mayFetch() bool {
	return w.started && w.failure == nil && (w.node.sharing || w.node.fetching) && len(w.webseeds) > 0 && !w.complete()
}

// adjust brings what the work does in line with what it may do. While its store
// is being opened, what runs goes on and nothing begins.
func (w *work) adjust(now time.Time) {
	w.changed = true
	meet, fetch := w.mayMeet(), w.mayFetch() && w.torrent != nil
	if w.meeting && !meet || w.active && !meet && !fetch {
		w.halt(now)
	}
	if w.checking != nil || !meet && !fetch {
		return
	}
	if !w.active {
		w.active, w.ends = true, time.Time{}
		w.swarm.Start(now)
		w.drain(now)
	}
	if meet && !w.meeting {
		w.meeting = true
		w.join(now)
	}
}

// goodbye is how long peers have for their last receipts once a work is
// stopped: every connection is closed within a second of a withdrawal.
const goodbye = 700 * time.Millisecond

// stop ends what the work does until it is started again.
func (w *work) stop(now time.Time) {
	w.started, w.changed = false, true
	if w.checking != nil {
		w.checking.paused = true
	}
	w.halt(now)
}

// halt says good-bye to every peer and leaves the swarm.
func (w *work) halt(now time.Time) {
	w.changed = true
	if !w.active {
		return
	}
	if w.meeting {
		w.leave(now)
	}
	w.active, w.meeting, w.ends = false, false, now.Add(goodbye)
	w.swarm.Stop(now)
	w.drain(now)
	w.flush(now)
	w.closeWebseeds(now)
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
func (w *work) all() []*link { return slices.Clone(w.links) }

// fail stops the work until the person starts it again. A store that has lost
// what it had is then opened anew.
func (w *work) fail(now time.Time, err error) {
	w.failure = err
	w.halt(now)
	if errors.Is(err, ErrLost) && w.store != nil {
		w.node.shut(w.infohash, w.store, false)
		w.store = nil
	}
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
		w.adjust(now)
	}
	w.serveWebseeds(now)
	if w.meeting {
		w.seek(now)
	} else if len(w.links) > 0 && !now.Before(w.ends) {
		w.end(now)
	}
	w.flush(now)
	w.keepNext(now)
}

func (w *work) deadline(now time.Time) time.Time {
	next := now.Add(time.Second)
	if !w.meeting && len(w.links) > 0 {
		next = earlier(next, w.ends)
	}
	if w.keeping != nil {
		next = earlier(next, w.keeping.due)
	}
	return earlier(next, w.swarm.Deadline())
}

// giveUp closes connections that did not open in time.
func (w *work) giveUp(now time.Time) {
	late := func(l *link) bool { return !l.expires.IsZero() && now.After(l.expires) }
	for i := slices.IndexFunc(w.links, late); i >= 0; i = slices.IndexFunc(w.links, late) {
		w.links[i].drop(now, "did not connect in time")
	}
}

// flush sends what the last inputs have put into the links.
func (w *work) flush(now time.Time) {
	for i := 0; i < len(w.links); i++ {
		if l := w.links[i]; l.opened && len(l.out) > 0 {
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
	w.links = slices.DeleteFunc(w.links, func(other *link) bool { return other == l })
	w.changed = true
	w.node.uploads.forget(w, l.peer)
	w.node.downloads.forget(w, l.peer)
	w.seeking.ended(now, l)
	if l.shaken {
		w.swarm.Closed(now, l.peer)
		w.drain(now)
	}
}

// describe takes the metadata of a magnet, once it is known to be right.
func (w *work) describe(t *metainfo.Torrent) {
	w.know(t)
	w.open()
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

// remove forgets the work, and what is kept of it if forget says so.
func (w *work) remove(now time.Time, forget bool) {
	w.stop(now)
	w.end(now)
	w.removed = true
	n := w.node
	n.works = slices.DeleteFunc(n.works, func(other *work) bool { return other == w })
	w.abandon(ErrNoWork)
	if w.checking != nil {
		w.checking.cancel(forget)
	}
	w.stopKeeping(forget)
	if w.store != nil {
		n.shut(w.infohash, w.store, forget)
	}
	n.parts.Host.Removed(w.infohash)
}

// closeStores ends what the work has open, when nothing runs any more.
func (w *work) closeStores() {
	if w.store != nil {
		_ = w.store.Close()
	}
	if w.checking != nil && w.checking.store != nil {
		_ = w.checking.store.Close()
	}
	if w.keeping != nil && w.keeping.store != nil {
		_ = w.keeping.store.Close()
	}
}
