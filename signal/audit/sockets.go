package audit

import (
	"fanseed/signal/announce"
	"fanseed/signal/ticket"
	"fanseed/wasm/node"
)

// sockets dials the server for the engine, and listens.
type sockets struct {
	node.Sockets
	visit *visit
}

// Dial implements node.Sockets.
func (s sockets) Dial(url, subprotocol string, h node.SocketHandler) node.Socket {
	return unpaid{s.Sockets.Dial(url, subprotocol, listener{h, s.visit})}
}

// listener hears what the server says: tickets, and how many are in the swarm.
type listener struct {
	node.SocketHandler
	visit *visit
}

// Received implements node.SocketHandler.
func (l listener) Received(text []byte) {
	switch m, err := announce.ParseServer(text); m := m.(type) {
	case *announce.Ticket:
		if t, err := ticket.Parse(m.Ticket); err == nil {
			l.visit.ticketed(t)
		}
	case *announce.Reply:
		if err == nil {
			l.visit.counted(m.Incomplete)
		}
	}
	l.SocketHandler.Received(text)
}

// unpaid keeps back what other downloaders owe the engine for what it has given them, and that it is there when it has a whole work: the server's
// own accounts earn nothing. No peer sees that.
type unpaid struct{ node.Socket }

// Send implements node.Socket.
func (u unpaid) Send(text []byte) {
	if m, err := announce.ParseClient(text); err == nil {
		switch m.(type) {
		case *announce.Settle, *announce.Pong:
			return
		}
	}
	u.Socket.Send(text)
}
