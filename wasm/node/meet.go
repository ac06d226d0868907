package node

import (
	"context"
	"slices"
	"time"

	"fanseed/signal/announce"
	"fanseed/wasm/announcer"
)

// How many connections there may be, those that are being made included.
const (
	maxLinks     = 24 // of one work
	maxAllLinks  = 60 // of all works together
	maxHalfOpen  = 24 // of those, the ones that no peer has answered on yet
	maxGathering = 6  // offers and answers whose candidates are being gathered
	maxOffers    = 5  // of one work at a time, as stock clients do
	enoughLinks  = 4  // a downloader with fewer looks for more
)

// How often others are looked for, and how long they are waited for.
const (
	seekEvery   = 15 * time.Second // by a work with too few peers; by and by more rarely when it meets nobody
	seekDoubles = 3                // times
	seekSoon    = 2 * time.Second  // by one that has lost a peer
	offerLives  = 50 * time.Second // a later answer finds nobody, as with stock clients …
	offerStale  = 10 * time.Second // … but after so long without one, another may have more luck
	retryAfter  = 5 * time.Second  // a connection that failed; doubled for each that fails after it
	retryLatest = 3 * time.Minute
)

// The pace of what all works do together, so that neither the server nor the
// browser has to bear a hundred works at once.
var (
	seekPace   = pace{every: time.Second, most: 5}
	answerPace = pace{every: 250 * time.Millisecond, most: 12}
)

const maxOffered = 32 // offers of others that wait for their turn

// meetings are the connections that works want to make.
type meetings struct {
	hungry    []*work   // that want to make offers, the next first
	offered   []offered // by others, the oldest first
	gathering int
	seeks     pace
	answers   pace
}

// offered is an offer of another peer that is not answered yet.
type offered struct {
	announcer.GotOffer
	at time.Time
}

// seeking is a work's search for peers.
type seeking struct {
	next      time.Time // when the server is asked again
	tries     int       // that brought nobody, in a row
	wanted    int       // peers that there are to meet
	gathering int       // offers being made
	failed    int       // connections that did not open, in a row
	rests     time.Time // until then no offers are made
}

// ended learns from a connection that has ended.
func (s *seeking) ended(now time.Time, l *link) {
	switch {
	case l.shaken:
		s.failed, s.tries = 0, 0
		s.next = earlier(s.next, now.Add(l.work.node.jitter(seekSoon)))
	case l.answer != "" && l.work.meeting:
		s.failed++
		wait := min(retryLatest, retryAfter<<min(s.failed-1, 8))
		s.rests = now.Add(l.work.node.jitter(wait))
	}
}

// jitter is anything from half of d to d and a half, so that what failed
// together is not tried together.
func (n *Node) jitter(d time.Duration) time.Duration {
	return d/2 + time.Duration(n.rand.Int64N(int64(d)))
}

// seek asks who else is there when there are too few connections.
func (w *work) seek(now time.Time) {
	s := &w.seeking
	if now.Before(s.next) || len(w.links) >= enoughLinks || w.complete() || !w.node.meetings.seeks.take(now) {
		return
	}
	wait := seekEvery << min(s.tries, seekDoubles)
	s.next = now.Add(wait - seekEvery/4 + w.node.jitter(seekEvery/4))
	s.tries++
	w.dropStale(now)
	w.node.announcer.Offer(now, w.infohash, nil)
	w.node.drainAnnouncer(now)
}

// dropStale gives up offers that nobody seems to have got.
func (w *work) dropStale(now time.Time) {
	for _, l := range w.all() {
		if l.offer != "" && l.answer == "" && now.Sub(l.since) >= offerStale {
			l.drop(now, "nobody answered")
		}
	}
}

// counted makes offers when there is somebody to meet.
func (n *Node) counted(now time.Time, e announcer.Counts) {
	w := n.find(e.Infohash)
	if w == nil || !w.meeting || !e.Due {
		return
	}
	w.seeking.wanted = e.Complete + e.Incomplete - 1
	if w.complete() {
		w.seeking.wanted = e.Incomplete
	}
	if !slices.Contains(n.meetings.hungry, w) {
		n.meetings.hungry = append(n.meetings.hungry, w)
	}
	n.meetNext(now)
}

// meetNext answers offers and lets works make some, in turn, as long as there
// is room.
func (n *Node) meetNext(now time.Time) {
	n.answerNext(now)
	for len(n.meetings.hungry) > 0 {
		w := n.meetings.hungry[0]
		count := min(maxOffers, w.seeking.wanted-len(w.links), maxLinks-len(w.links))
		if !w.meeting || w.removed || count <= 0 || now.Before(w.seeking.rests) || w.seeking.gathering > 0 {
			n.meetings.hungry = n.meetings.hungry[1:]
			continue
		}
		room := n.room()
		if room <= 0 {
			return
		}
		n.meetings.hungry = n.meetings.hungry[1:]
		w.offer(now, min(count, room))
	}
}

// meetDue is when an offer that waits may be answered; zero when none does.
func (n *Node) meetDue(now time.Time) time.Time {
	if len(n.meetings.offered) == 0 {
		return time.Time{}
	}
	return now.Add(n.meetings.answers.every)
}

// room is how many offers may be made now.
func (n *Node) room() int {
	all, half := 0, 0
	for _, w := range n.works {
		all += len(w.links)
		for _, l := range w.links {
			if !l.shaken {
				half++
			}
		}
	}
	return min(maxAllLinks-all, maxHalfOpen-half, maxGathering-n.meetings.gathering)
}

// offer makes offers, and announces them together once all are ready.
func (w *work) offer(now time.Time, count int) {
	var ready []announce.Offer
	for range count {
		l := w.newLink(now, randomID(w.node.rand))
		w.seeking.gathering++
		w.connect(l, func(ctx context.Context, h Handler) (Conn, string, error) {
			return w.node.parts.Peers.Offer(ctx, h)
		}, func(now time.Time, sdp string, err error) {
			w.seeking.gathering--
			if err == nil {
				l.offer, l.expires = sdp, now.Add(offerLives)
				ready = append(ready, announce.Offer{ID: l.offerID, SDP: sdp})
			}
			if w.seeking.gathering == 0 && len(ready) > 0 && w.meeting {
				w.node.announcer.Offer(now, w.infohash, ready)
				w.node.drainAnnouncer(now)
			}
		})
	}
}

// connect makes a connection off the loop, for a link that waits for it.
func (w *work) connect(l *link, make func(context.Context, Handler) (Conn, string, error), made func(now time.Time, sdp string, err error)) {
	n := w.node
	n.meetings.gathering++
	n.jobs.wait(func(ctx context.Context) func() {
		conn, sdp, err := make(ctx, handlerOf{l})
		return func() {
			now := time.Now()
			n.meetings.gathering--
			l.conn = conn
			if err == nil && l.closed {
				conn.Close()
				err = context.Canceled
			} else if err != nil {
				l.conn = nil
				l.lost(now)
			}
			made(now, sdp, err)
		}
	})
}

// answer takes another peer's offer. Of a flood only so many wait, and not for
// long: whoever means it makes another.
func (n *Node) answer(now time.Time, e announcer.GotOffer) {
	if len(n.meetings.offered) < maxOffered {
		n.meetings.offered = append(n.meetings.offered, offered{e, now})
	}
	n.answerNext(now)
}

// answerNext answers the offers whose turn it is.
func (n *Node) answerNext(now time.Time) {
	for len(n.meetings.offered) > 0 && n.meetings.gathering < 2*maxGathering {
		e := n.meetings.offered[0]
		w := n.find(e.Infohash)
		if w != nil && w.meeting && w.offered(e.OfferID) == nil && now.Sub(e.at) < offerStale {
			if !n.meetings.answers.take(now) {
				return
			}
			if n.makeRoom(now, w) {
				n.accommodate(now, w, e.GotOffer)
			}
		}
		n.meetings.offered = n.meetings.offered[1:]
	}
}

// accommodate makes the connection that another peer has offered.
func (n *Node) accommodate(now time.Time, w *work, e announcer.GotOffer) {
	l := w.newLink(now, e.OfferID)
	l.offer = e.SDP
	w.connect(l, func(ctx context.Context, h Handler) (Conn, string, error) {
		return n.parts.Peers.Answer(ctx, e.SDP, h)
	}, func(now time.Time, sdp string, err error) {
		if err != nil {
			return
		}
		l.answer, l.expires = sdp, now.Add(openTimeout)
		n.announcer.Answer(e.Infohash, e.PeerID, e.OfferID, sdp)
		n.drainAnnouncer(now)
	})
}

// accept takes the answer to an offer of ours.
func (n *Node) accept(now time.Time, e announcer.GotAnswer) {
	w := n.find(e.Infohash)
	if w == nil {
		return
	}
	l := w.offered(e.OfferID)
	if l == nil || l.conn == nil || l.answer != "" {
		return
	}
	l.answer, l.expires = e.SDP, now.Add(openTimeout)
	conn := l.conn
	n.jobs.wait(func(context.Context) func() {
		err := conn.Accept(e.SDP)
		return func() {
			if err != nil {
				l.drop(time.Now(), "sent an answer that cannot be used")
			}
		}
	})
}

func (w *work) newLink(now time.Time, offerID [20]byte) *link {
	w.peers++
	l := &link{work: w, peer: w.peers, since: now, offerID: offerID, expires: now.Add(offerLives)}
	l.out = w.handshake().Append(nil)
	w.links = append(w.links, l)
	return l
}

func (w *work) offered(offerID [20]byte) *link {
	for _, l := range w.links {
		if l.offerID == offerID {
			return l
		}
	}
	return nil
}

func randomID(r interface{ Uint32() uint32 }) (id [20]byte) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	return id
}
