package node

import (
	"time"

	"fanseed/wasm/swarm"
	"fanseed/wasm/wire"
)

// maxInbox bounds the memory of one peer's messages that wait for the loop: all
// that it may be asked for, when each block comes in a buffer of MaxMessage.
const maxInbox = 48 << 20

// maxUnread bounds the bytes that wait for a peer to read them. Blocks keep far
// below it; what is left are answers to one who asks and asks.
const maxUnread = 6 << 20

// openTimeout is how long an accepted connection may take to open (BEP none;
// WebTorrent's own limit).
const openTimeout = 30 * time.Second

// link is one connection to a peer of one work, from the offer on. Its fields
// belong to the loop, but for inbox.
type link struct {
	work    *work
	peer    swarm.Peer
	conn    Conn
	inbox   inbox
	decoder wire.Decoder
	out     []byte // encoded messages that wait to be sent

	since   time.Time
	offerID [20]byte
	offer   string // SDPs, which a ticket is bound to
	answer  string
	expires time.Time // when it is given up if it is not open
	opened  bool      // the data channel is open
	shaken  bool      // the peer's handshake has come
	closed  bool
}

// handlerOf is what the connection's callbacks see of a link.
type handlerOf struct{ *link }

func (h handlerOf) Opened()           { h.post(h.link.open) }
func (h handlerOf) Low()              { h.post(h.link.low) }
func (h handlerOf) Closed()           { h.post(h.link.lost) }
func (h handlerOf) Received(m []byte) { h.receive(m) }

func (l *link) post(f func(now time.Time)) {
	l.work.node.mail.post(func() { f(time.Now()) })
}

// receive puts a message into the inbox, and tells the loop when it was empty.
func (l *link) receive(message []byte) {
	switch l.inbox.put(message) {
	case inboxFirst:
		l.post(l.read)
	case inboxFull:
		l.post(func(now time.Time) { l.drop(now, "sends faster than can be read") })
	}
}

// open sends what waits, the handshake first (BEP 3, BEP 10): both sides may,
// without waiting.
func (l *link) open(now time.Time) {
	if l.closed || l.opened {
		return
	}
	l.opened = true
	if !l.shaken {
		l.expires = now.Add(openTimeout)
	}
	l.flush(now)
}

// read decodes what has arrived and hands it to the swarm.
func (l *link) read(now time.Time) {
	for _, message := range l.inbox.take() {
		l.work.node.budget.received += int64(len(message))
		if !l.closed {
			l.decoder.Feed(message)
			l.decode(now)
		}
		l.work.node.parts.Peers.Recycle(message)
	}
	l.work.flush(now)
}

func (l *link) decode(now time.Time) {
	if !l.shaken && !l.shake(now) {
		return
	}
	for !l.closed {
		m, ok, err := l.decoder.Next()
		if err != nil {
			l.drop(now, err.Error())
			return
		}
		if !ok {
			return
		}
		l.work.swarm.Received(now, l.peer, m)
		l.work.drain(now)
	}
}

// shake reads the peer's handshake; false while it is not whole, or wrong.
func (l *link) shake(now time.Time) bool {
	h, ok, err := l.decoder.NextHandshake()
	switch {
	case err != nil:
		l.drop(now, err.Error())
		return false
	case !ok:
		return false
	case h.Infohash != l.work.infohash && !l.work.upgrades(h.Infohash):
		l.drop(now, "handshake for another torrent")
		return false
	case h.PeerID == l.work.node.peerID:
		l.drop(now, "connected to itself")
		return false
	}
	l.shaken = true
	l.expires = time.Time{}
	l.work.swarm.Opened(now, l.peer, h)
	l.work.drain(now)
	return !l.closed
}

// write appends one message to what is to be sent. Whole channel messages go
// at once; what is left over goes with what follows, or with the next flush.
func (l *link) write(m wire.Message) {
	l.out = m.Append(l.out)
	if l.opened && len(l.out) >= MaxMessage {
		l.send(MaxMessage)
	}
}

// plenty is how many bytes keep a channel busy. Conn tells when it has fewer.
const plenty = 256 << 10

// flush sends what waits, and tells the swarm how much is on its way. Less
// than a whole message stays while the channel has plenty: there it would wait
// too, and here what follows can join it.
func (l *link) flush(now time.Time) {
	if l.conn.Buffered() > plenty {
		l.send(MaxMessage)
	} else {
		l.send(1)
	}
	l.drained(now)
}

// send sends what waits while it is at least so many bytes. The wire is a byte
// stream, so messages are sent together, and one may be cut anywhere. It may
// run while effects are carried out, so a connection that fails is only lost
// after them.
func (l *link) send(least int) {
	rest := l.out
	for len(rest) >= least && !l.closed {
		n := min(len(rest), MaxMessage)
		if err := l.conn.Send(rest[:n]); err != nil {
			l.post(l.lost)
			rest = nil
			break
		}
		rest = rest[n:]
	}
	l.out = l.out[:copy(l.out, rest)]
}

// drained tells the swarm how much waits in the channel. The channel itself
// tells only when it falls below its threshold, which little traffic never does.
func (l *link) drained(now time.Time) {
	if !l.shaken || l.closed {
		return
	}
	unread := l.conn.Buffered()
	if unread > maxUnread {
		l.post(func(now time.Time) { l.drop(now, "does not read what it is sent") })
	}
	l.work.swarm.Drained(now, l.peer, unread+len(l.out))
	l.work.drain(now)
}

func (l *link) low(now time.Time) {
	l.drained(now)
	l.work.flush(now)
}

// drop closes the connection by our own will.
func (l *link) drop(now time.Time, why string) {
	if l.closed {
		return
	}
	l.work.dropped = why
	l.lost(now)
}

// lost forgets the link, whoever closed it.
func (l *link) lost(now time.Time) {
	if l.closed {
		return
	}
	l.closed = true
	if l.conn != nil {
		l.conn.Close()
	}
	l.work.unlink(now, l)
}
