package node

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"fanseed/wasm/announcer"
	"fanseed/wasm/metainfo"
)

// The rules of helping. Whoever has agreed to it, shares, fetches nothing and gives little is handed works that others boost, by the server
// that introduces the peers. They are kept within the limits, and until the person needs the room.
const (
	helpFirst   = 10 * time.Second // after sharing began, about
	helpEvery   = 30 * time.Second // about: when the server is told again that we are idle
	helpRests   = 10 * time.Minute // after one that did not work out
	maxHelped   = 4                // works whose boost has not ended
	helpLeast   = time.Hour        // that one is kept where the person does not need the room …
	helpMost    = 60 * 24 * time.Hour
	helpRoom    = 2 << 30  // bytes of all helped works where the person has set no limit
	little      = 64 << 10 // bytes a second that the idle give at most, where the person has set no limit; else a quarter of it
	maxTorrent  = 10 << 20 // bytes
	torrentTime = 30 * time.Second
)

// Torrents fetches the .torrent of a work from the server's list.
type Torrents interface {
	Torrent(ctx context.Context, infohash [20]byte) ([]byte, error)
}

// helping is what the node knows of its helping.
type helping struct {
	due    time.Time // when it looks whether it is idle; zero while it may not help
	looked time.Time // when it did so last
	sent   int64     // bytes given in all until then
	taking bool      // a .torrent is being fetched
}

// Help adds a work that an earlier run was handed, and starts it: it may be dropped for the person's own works, and after so long for another
// one. A work that is here stays as it is. Errors: ErrTorrent.
func (n *Node) Help(ctx context.Context, torrent []byte, lasts time.Duration) (infohash [20]byte, err error) {
	t, err := metainfo.Parse(torrent)
	if err != nil {
		return infohash, err
	}
	return t.Infohash, n.do(ctx, func(now time.Time) error {
		if n.find(t.Infohash) == nil {
			n.takeOn(now, t, lasts)
		}
		return nil
	})
}

// help looks now and then whether there is nothing else to do, and says so to the server.
func (n *Node) help(now time.Time) {
	n.tidy(now)
	h := &n.helping
	switch {
	case !n.mayHelp():
		h.due = time.Time{}
		return
	case h.due.IsZero():
		h.due, h.looked, h.sent = now.Add(n.jitter(helpFirst)), now, n.given()
		return
	case now.Before(h.due):
		return
	}
	idle, room := n.idle(now), n.helpRoom(now)
	h.due, h.looked, h.sent = now.Add(n.jitter(helpEvery)), now, n.given()
	if idle && room > 0 {
		n.announcer.Idle(now, uint64(room))
		n.drainAnnouncer(now)
	}
}

// mayHelp says that the person agreed, and that this node can.
func (n *Node) mayHelp() bool {
	_, bounded := n.spare()
	return n.sharing && n.budget.limits.Help && n.parts.Torrents != nil && bounded
}

// idle says that nothing is fetched, little is given, and that no limit stands in the way.
func (n *Node) idle(now time.Time) bool {
	if n.helping.taking || n.copying || n.opening() || len(n.budget.uploads()) > 0 || n.budget.downloads() || n.helped(now) >= maxHelped {
		return false
	}
	for _, w := range n.works {
		if w.active && !w.complete() && !w.spent(now) {
			return false
		}
	}
	most := float64(little)
	if rate := n.budget.limits.UploadRate; rate > 0 {
		most = float64(rate) / 4
	}
	return float64(n.given()-n.helping.sent) <= most*now.Sub(n.helping.looked).Seconds()
}

// given is how many payload bytes all works have given in this run.
func (n *Node) given() (bytes int64) {
	for _, w := range n.works {
		bytes += w.before.up + int64(w.swarm.Stats().Uploaded)
	}
	return bytes
}

// spent says that a helped work may be dropped for another one.
func (w *work) spent(now time.Time) bool { return !w.helps.IsZero() && now.After(w.helps) }

// helped counts the works that are helped, and that may not be dropped for others.
func (n *Node) helped(now time.Time) (count int) {
	for _, w := range n.works {
		if !w.helps.IsZero() && !w.spent(now) {
			count++
		}
	}
	return count
}

// spare is how many bytes the stores may still take once every work that is here is complete: less than none where these need more than
// there is. False where nobody knows.
func (n *Node) spare() (bytes int64, known bool) {
	stores, known := n.parts.Stores.(interface{ Room() int64 })
	if !known {
		return 0, false
	}
	bytes = stores.Room()
	for _, w := range n.works {
		switch {
		case w.keeping != nil:
			bytes -= w.torrent.Info.Length // what is copied already counts twice
		case w.files != nil && !w.published && w.started:
			bytes -= w.files.due - w.files.have
		}
	}
	return bytes, true
}

// helpRoom is how many bytes of another helped work there may be.
func (n *Node) helpRoom(now time.Time) int64 {
	bytes, _ := n.spare()
	others := int64(0)
	for _, w := range n.works {
		switch {
		case w.spent(now):
			bytes += w.files.due // it is dropped for it
		case !w.helps.IsZero():
			others += w.files.due
		}
	}
	if n.budget.limits.Storage == 0 {
		bytes = min(bytes, helpRoom-others)
	}
	return bytes
}

// handed takes what the server has answered to an idle node, if it is what the server may hand out.
func (n *Node) handed(now time.Time, e announcer.Handed) {
	if !n.mayHelp() || n.helping.taking || n.find(e.Infohash) != nil || e.Length == 0 || e.Length > uint64(max(0, n.helpRoom(now))) {
		return
	}
	n.helping.taking = true
	n.jobs.wait(func(ctx context.Context) func() {
		t, err := n.torrentOf(ctx, e)
		return func() {
			n.helping.taking = false
			now := time.Now()
			if err != nil {
				n.helping.due = now.Add(n.jitter(helpRests))
			} else if n.mayHelp() && n.find(e.Infohash) == nil && n.helped(now) < maxHelped && t.Info.Length <= n.helpRoom(now) {
				n.takeOn(now, t, time.Duration(min(e.Lasts, uint64(helpMost/time.Second)))*time.Second)
			}
		}
	})
}

var errHanded = errors.New("the server has handed out a work that is not as it said")

// torrentOf fetches a work's .torrent, and refuses what is private, or not what was handed out.
func (n *Node) torrentOf(ctx context.Context, e announcer.Handed) (*metainfo.Torrent, error) {
	ctx, cancel := context.WithTimeout(ctx, torrentTime)
	defer cancel()
	b, err := n.parts.Torrents.Torrent(ctx, e.Infohash)
	if err != nil {
		return nil, err
	}
	if len(b) > maxTorrent {
		return nil, errHanded
	}
	t, err := metainfo.Parse(b)
	if err != nil {
		return nil, err
	}
	if t.Infohash != e.Infohash || t.Info.Private || uint64(t.Info.Length) > e.Length {
		return nil, errHanded
	}
	return t, nil
}

// takeOn adds a helped work; tidy makes room for it. Of its webseeds this server's alone are used: nobody is to turn the idle against
// another's.
func (n *Node) takeOn(now time.Time, t *metainfo.Torrent, lasts time.Duration) {
	var own []string
	for _, url := range t.Webseeds {
		if strings.HasPrefix(url, n.server+"/") {
			own = append(own, url)
		}
	}
	t.Webseeds = own
	w := n.newWork(t.Infohash, t, t.Magnet())
	w.helps = now.Add(min(max(lasts, helpLeast), helpMost))
	w.start(now)
	w.show()
}

// tidy drops helped works that have failed, and those that are in the way of others: those first whose boost has ended, or ends, first. One
// at a time: what it frees is known once its store is closed.
func (n *Node) tidy(now time.Time) {
	if len(n.checks.closing) > 0 || n.opening() {
		return
	}
	n.retry(now)
	if failed := n.first(func(w *work) bool { return w.failure != nil }); failed != nil {
		failed.remove(now, true)
		n.helping.due = now.Add(n.jitter(helpRests))
		return
	}
	last := n.first(func(*work) bool { return true })
	room, _ := n.spare()
	full := n.full()
	if last == nil || full == nil && room+n.inHand() >= 0 {
		return
	}
	if full != nil {
		full.retry = true
	}
	last.remove(now, true)
}

// inHand is how many bytes of pieces are being put together: stores may have taken some of them, of which spare does not know yet.
func (n *Node) inHand() (bytes int64) {
	for _, w := range n.works {
		for _, piece := range w.pieces {
			bytes += int64(len(piece))
		}
	}
	return bytes
}

// opening says that what stores have is not known yet.
func (n *Node) opening() bool {
	return slices.ContainsFunc(n.checks.list, func(c *check) bool { return !c.paused })
}

// full returns a work of the person's for which there was no room.
func (n *Node) full() *work {
	for _, w := range n.works {
		if w.helps.IsZero() && w.started && w.failure == ErrFull && !w.retry {
			return w
		}
	}
	return nil
}

// retry goes on with the works for which helped ones were dropped.
func (n *Node) retry(now time.Time) {
	for _, w := range n.works {
		if w.retry {
			w.retry = false
			w.start(now)
		}
	}
}

// first returns, of the helped works that are meant, that which may be dropped first: whose boost ends first.
func (n *Node) first(meant func(*work) bool) (first *work) {
	for _, w := range n.works {
		if !w.helps.IsZero() && meant(w) && (first == nil || w.helps.Before(first.helps)) {
			first = w
		}
	}
	return first
}
