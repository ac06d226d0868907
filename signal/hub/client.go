package hub

import (
	"crypto/rand"
	"errors"
	"strconv"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/socket"
	"fanseed/signal/tracker"
)

// client is one socket, as the loop knows it.
type client struct {
	handle    tracker.Conn
	socket    *socket.Conn
	nonce     [32]byte // of its hello
	loggedIn  bool
	publicKey [32]byte
	account   [16]byte
	net       string          // counts as one network
	jobs      []job           // its work for the ledger, in order; the first one may run
	open      []*introduction // its open tickets, as seeder and as leecher
	pinging   pinging
	signed    map[[20]byte]*signed // as a leecher, by work
	helping   []*help              // works that it was handed
	idleAgain time.Time            // before that it may not say so again
}

// extended says whether the client speaks fanseed.v1.
func (c *client) extended() bool { return c.socket.Subprotocol() }

func (c *client) send(m announce.ServerMessage) { c.socket.Send(m.Append(nil)) }

// event is what happened on a socket.
type event struct {
	kind    eventKind
	socket  *socket.Conn
	message announce.ClientMessage
	refusal *announce.Malformed
}

type eventKind uint8

const (
	opened eventKind = iota
	received
	malformed
	ponged
	closed
)

// Opened, Received, Ponged and Closed are the sockets' side: each puts one event to the loop, and waits while the loop is behind.

func (h *Hub) Opened(c *socket.Conn) { h.put(event{kind: opened, socket: c}) }
func (h *Hub) Ponged(c *socket.Conn) { h.put(event{kind: ponged, socket: c}) }
func (h *Hub) Closed(c *socket.Conn) { h.put(event{kind: closed, socket: c}) }

// Received decodes a message on the socket's own goroutine, and checks a proof there. What is no message at all closes the socket.
func (h *Hub) Received(c *socket.Conn, text []byte) {
	m, err := announce.ParseClient(text)
	if refusal := (*announce.Malformed)(nil); errors.As(err, &refusal) {
		h.put(event{kind: malformed, socket: c, refusal: refusal})
	} else if err != nil {
		c.Close(socket.InvalidPayload, "not a message of the tracker protocol")
	} else if answer, ok := m.(*announce.Proof); ok {
		h.proved(c, answer)
	} else {
		h.put(event{kind: received, socket: c, message: m})
	}
}

func (h *Hub) put(e event) {
	select {
	case h.events <- e:
	case <-h.stopped:
	}
}

func (h *Hub) take(e event) {
	handle := tracker.Conn(e.socket.ID())
	switch e.kind {
	case opened:
		h.opened(handle, e.socket)
	case received:
		h.received(h.clients[handle], e.message)
	case malformed:
		h.clients[handle].refuse(e.refusal)
	case ponged:
		h.tracker.Ponged(h.now, handle)
	case closed:
		h.closed(h.clients[handle])
	}
}

func (h *Hub) opened(handle tracker.Conn, s *socket.Conn) {
	c := &client{handle: handle, socket: s, signed: map[[20]byte]*signed{}}
	h.clients[handle] = c
	h.tracker.Place(handle, h.net(s.Address(), "socket "+strconv.FormatUint(uint64(handle), 10)))
	if c.extended() {
		rand.Read(c.nonce[:])
		c.send(&announce.Hello{Nonce: c.nonce, ServerKey: h.publicKey(), Time: uint64(h.now.UnixMilli())})
	}
}

func (h *Hub) closed(c *client) {
	h.tracker.Closed(h.now, c.handle)
	h.tickets.leave(c)
	h.leaveHelp(c)
	h.proofs.leave(c)
	delete(h.clients, c.handle)
}

func (h *Hub) received(c *client, m announce.ClientMessage) {
	switch m := m.(type) {
	case *announce.Login:
		if c.speaksExtended() {
			h.login(c, m)
		}
	case *announce.Settle:
		if c.speaksExtended() {
			h.settle(c, m)
		}
	case *announce.Pong:
		if c.speaksExtended() {
			h.pinged(c, m)
		}
	case *announce.Idle:
		if c.speaksExtended() {
			h.idle(c, m)
		}
	default:
		h.tracker.Receive(h.now, c.handle, m)
		if a, is := m.(*announce.Announce); is {
			h.announced(c, a)
		}
	}
}

// announced notes what an announce means for tickets, and for those who help.
func (h *Hub) announced(c *client, a *announce.Announce) {
	if a.Event == announce.EventStopped {
		delete(c.signed, a.Infohash)
		h.stopsHelping(c, a.Infohash)
	}
	if a.Left == 0 || a.Event == announce.EventCompleted {
		h.completed(c, a.Infohash)
	}
}

// speaksExtended refuses what only a fanseed.v1 client may say.
func (c *client) speaksExtended() bool {
	if !c.extended() {
		c.send(&announce.Failure{Reason: "this message needs the WebSocket subprotocol " + announce.Subprotocol})
	}
	return c.extended()
}

// refuse answers a message that breaks the protocol. A stock client knows one kind of refusal only.
func (c *client) refuse(m *announce.Malformed) {
	if c.extended() && m.Infohash == [20]byte{} {
		c.send(&announce.Error{Code: codeMalformed, Message: m.Reason})
		return
	}
	c.send(m.Failure())
}
