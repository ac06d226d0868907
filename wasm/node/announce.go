package node

import (
	"context"
	"strings"
	"time"

	"fanseed/signal/announce"
	"fanseed/wasm/announcer"
)

const (
	maxLinks    = 24               // connections of one work, those that are being made included
	maxOffers   = 5                // at a time, as stock clients do
	enoughLinks = 4                // a downloader with fewer looks for more
	seekEvery   = 15 * time.Second // and asks the server so often
	offerLives  = 50 * time.Second // a later answer finds nobody, as with stock clients
)

// AnnounceURL is where peers find each other.
func (n *Node) AnnounceURL() string {
	return strings.Replace(n.server, "http", "ws", 1) + "/announce"
}

func newAnnouncer(n *Node) *announcer.Announcer {
	key, _ := n.parts.Keys.PublicKey()
	return announcer.New(announcer.Config{Origin: n.server, Extended: true, PeerID: n.peerID, PublicKey: key, Rand: n.rand})
}

// KeyChanged lets a node that has not shared yet use the account's new key.
func (n *Node) KeyChanged(ctx context.Context) error {
	return n.do(ctx, func(now time.Time) error {
		if !n.sharing {
			n.announcer.Stop(now)
			n.drainAnnouncer(now)
			n.announcer = newAnnouncer(n)
		}
		return nil
	})
}

// connectOrNot opens the socket for what must be settled, or ends it.
func (n *Node) connectOrNot(now time.Time) {
	if !n.sharing {
		n.announcer.Flush(now)
		n.drainAnnouncer(now)
		return
	}
	n.announcer.Restore(now, n.receipts.pending())
	n.drainAnnouncer(now)
}

func (n *Node) tickAnnouncer(now time.Time) {
	n.announcer.Tick(now)
	n.drainAnnouncer(now)
}

// drainAnnouncer carries out what the announcer has decided.
func (n *Node) drainAnnouncer(now time.Time) {
	for {
		e, ok := n.announcer.Next()
		if !ok {
			return
		}
		switch e := e.(type) {
		case announcer.Dial:
			n.socket.dial(n, e.Subprotocol)
		case announcer.SendText:
			n.socket.send(e.Text)
		case announcer.Hangup:
			n.socket.close()
		case announcer.Sign:
			n.signLogin(e.Message)
		case announcer.LoggedIn:
			n.serverKey = e.ServerKey
		case announcer.Counts:
			n.counted(now, e)
		case announcer.GotOffer:
			n.answer(now, e)
		case announcer.GotAnswer:
			n.accept(now, e)
		case announcer.Ticketed:
			n.ticketed(e)
		case announcer.Settled:
			n.settled(e.Result)
		case announcer.Revoked:
			n.revoke(now, e)
		case announcer.Failed:
			n.refused(now, e)
		}
	}
}

func (n *Node) signLogin(message []byte) {
	n.jobs.do(func(ctx context.Context) func() {
		signature, err := n.parts.Keys.Sign(ctx, message)
		return func() {
			if err == nil {
				n.announcer.Signed(time.Now(), signature)
			}
		}
	})
}

// join announces the work; leave says that it is gone.
func (w *work) join(now time.Time) {
	left := float64(w.left())
	if w.torrent == nil {
		left = announce.LeftUnknown
	}
	w.sought = now
	w.node.announcer.Join(now, w.infohash, left)
	w.node.drainAnnouncer(now)
}

func (w *work) leave(now time.Time) {
	w.progress(now)
	w.node.announcer.Leave(now, w.infohash)
	w.node.drainAnnouncer(now)
}

// progress keeps the announced numbers true.
func (w *work) progress(now time.Time) {
	stats := w.swarm.Stats()
	left := float64(w.left())
	if w.torrent == nil {
		left = announce.LeftUnknown
	}
	w.node.announcer.Progress(now, w.infohash, float64(stats.Uploaded), float64(stats.Verified), left)
	w.node.drainAnnouncer(now)
}

// seek asks who else is there when there are too few connections.
func (w *work) seek(now time.Time) {
	if len(w.links) >= enoughLinks || now.Sub(w.sought) < seekEvery || w.complete() {
		return
	}
	w.sought = now
	w.node.announcer.Offer(now, w.infohash, nil)
	w.node.drainAnnouncer(now)
}

// counted makes offers when there is somebody to meet.
func (n *Node) counted(now time.Time, e announcer.Counts) {
	w := n.find(e.Infohash)
	if w == nil || !w.active || !e.Due {
		return
	}
	others := e.Complete + e.Incomplete - 1
	if w.complete() {
		others = e.Incomplete
	}
	w.offer(now, min(maxOffers, others-len(w.links), maxLinks-len(w.links)))
}

// offer makes offers, and announces them together once all are ready.
func (w *work) offer(now time.Time, count int) {
	if count <= 0 || w.gathering > 0 {
		return
	}
	var ready []announce.Offer
	for range count {
		l := w.newLink(now, randomID(w.node.rand))
		w.gathering++
		w.connect(l, func(ctx context.Context, h Handler) (Conn, string, error) {
			return w.node.parts.Peers.Offer(ctx, h)
		}, func(now time.Time, sdp string, err error) {
			w.gathering--
			if err == nil {
				l.offer, l.expires = sdp, now.Add(offerLives)
				ready = append(ready, announce.Offer{ID: l.offerID, SDP: sdp})
			}
			if w.gathering == 0 && len(ready) > 0 && w.active {
				w.node.announcer.Offer(now, w.infohash, ready)
				w.node.drainAnnouncer(now)
			}
		})
	}
}

// connect makes a connection off the loop, for a link that waits for it.
func (w *work) connect(l *link, make func(context.Context, Handler) (Conn, string, error), made func(now time.Time, sdp string, err error)) {
	w.node.jobs.wait(func(ctx context.Context) func() {
		conn, sdp, err := make(ctx, handlerOf{l})
		return func() {
			now := time.Now()
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

// answer accepts another peer's offer.
func (n *Node) answer(now time.Time, e announcer.GotOffer) {
	w := n.find(e.Infohash)
	if w == nil || !w.active || len(w.links) >= maxLinks || w.offered(e.OfferID) != nil {
		return
	}
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
	n.jobs.wait(func(context.Context) func() {
		err := l.conn.Accept(e.SDP)
		return func() {
			if err != nil {
				l.drop(time.Now(), "sent an answer that cannot be used")
			}
		}
	})
}

func (w *work) newLink(now time.Time, offerID [20]byte) *link {
	w.peers++
	l := &link{work: w, peer: w.peers, offerID: offerID, expires: now.Add(offerLives)}
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

// revoke obeys the server's takedown.
func (n *Node) revoke(now time.Time, e announcer.Revoked) {
	if w := n.find(e.Infohash); w != nil {
		w.revoked = true
		w.fail(now, Refusal{"the server has withdrawn this work: " + e.Message})
	}
}

// refused tells the person why the server does not help, where nobody else does.
func (n *Node) refused(now time.Time, e announcer.Failed) {
	if w := n.find(e.Infohash); w != nil && len(w.links) == 0 {
		w.fail(now, Refusal{"the server refuses this work: " + e.Reason})
	}
}

// Refusal is the server's no.
type Refusal struct{ Message string }

func (r Refusal) Error() string { return r.Message }

func randomID(r interface{ Uint32() uint32 }) (id [20]byte) {
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	return id
}
