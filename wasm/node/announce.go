package node

import (
	"context"
	"strings"
	"time"

	"fanseed/signal/announce"
	"fanseed/wasm/announcer"
)

// AnnounceURL is where peers find each other.
func (n *Node) AnnounceURL() string {
	return strings.Replace(n.server, "http", "ws", 1) + "/announce"
}

func newAnnouncer(n *Node) *announcer.Announcer {
	key, _ := n.parts.Keys.PublicKey()
	return announcer.New(announcer.Config{Origin: n.server, Extended: true, PeerID: n.peerID, PublicKey: key, Rand: n.rand, Pace: n.pace})
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
		case announcer.Challenged:
			n.challenged(e)
		case announcer.Handed:
			n.handed(now, e)
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
	w.seeking = seeking{next: now.Add(seekEvery)}
	w.node.announcer.Join(now, w.infohash, w.left())
	w.node.drainAnnouncer(now)
}

func (w *work) leave(now time.Time) {
	w.progress(now)
	w.node.announcer.Leave(now, w.infohash)
	w.node.drainAnnouncer(now)
}

// left is how many bytes are missing, for announces.
func (w *work) left() float64 {
	if w.store == nil {
		return announce.LeftUnknown
	}
	return float64(w.swarm.Stats().Left)
}

// progress keeps the announced numbers true.
func (w *work) progress(now time.Time) {
	stats := w.swarm.Stats()
	w.node.announcer.Progress(now, w.infohash, float64(stats.Uploaded), float64(stats.Verified), w.left())
	w.node.drainAnnouncer(now)
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
	if w := n.find(e.Infohash); w != nil && len(w.links) == 0 && !w.fetches() {
		w.fail(now, Refusal{"the server refuses this work: " + e.Reason})
	}
}

// Refusal is the server's no.
type Refusal struct{ Message string }

func (r Refusal) Error() string { return r.Message }
