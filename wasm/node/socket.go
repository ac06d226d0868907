package node

import "time"

// socket is the one WebSocket to the server. Events of one that was closed
// meanwhile are ignored.
type socket struct {
	current *dialled
}

// dialled is one WebSocket, as its callbacks see it.
type dialled struct {
	node   *Node
	socket Socket
	open   bool
}

func (s *socket) dial(n *Node, subprotocol string) {
	d := &dialled{node: n}
	s.current = d
	d.socket = n.parts.Sockets.Dial(n.AnnounceURL(), subprotocol, d)
}

func (s *socket) send(text []byte) {
	if s.current != nil && s.current.open {
		s.current.socket.Send(text)
	}
}

func (s *socket) close() {
	if s.current != nil {
		s.current.socket.Close()
		s.current = nil
	}
}

// then runs f on the loop, unless the socket is no longer the one in use.
func (d *dialled) then(f func(now time.Time)) {
	d.node.mail.post(func() {
		if d.node.socket.current == d {
			f(time.Now())
		}
	})
}

// Opened implements SocketHandler.
func (d *dialled) Opened(subprotocol string) {
	d.then(func(now time.Time) {
		d.open = true
		d.node.announcer.Opened(now, subprotocol != "")
	})
}

// Received implements SocketHandler.
func (d *dialled) Received(text []byte) {
	d.then(func(now time.Time) {
		d.node.announcer.Received(now, text)
		d.node.drainAnnouncer(now)
	})
}

// Closed implements SocketHandler.
func (d *dialled) Closed() {
	d.then(func(now time.Time) {
		d.node.socket.current = nil
		d.node.announcer.Closed(now)
	})
}
