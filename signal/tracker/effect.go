package tracker

import "fanseed/signal/announce"

// Effect is what the caller has to do: [Send], [Ping], [Introduced] or [Removed].
type Effect interface{ effect() }

// Send sends a message to a client.
type Send struct {
	Conn    Conn
	Message announce.ServerMessage
}

// Ping asks whether a socket still lives: answer with Ponged, or with Closed, within 5 s.
type Ping struct{ Conn Conn }

// Introduced tells that an answer was relayed: the two peers will try to connect.
type Introduced struct {
	Infohash, OfferID [20]byte
	Offerer, Answerer Side
}

// Side is one of the two that were introduced.
type Side struct {
	Conn     Conn
	PeerID   [20]byte
	Complete bool // by its own last announce
	// Fingerprints holds the a=fingerprint lines of its session description (RFC 8122), all that is kept of an offer;
	// empty when they were longer than 1 KiB.
	Fingerprints string
}

// Removed tells that a peer was removed because its swarm was revoked.
type Removed struct {
	Conn             Conn
	Infohash, PeerID [20]byte
}

func (Send) effect()       {}
func (Ping) effect()       {}
func (Introduced) effect() {}
func (Removed) effect()    {}

func (t *Tracker) emit(e Effect) { t.effects = append(t.effects, e) }

func (t *Tracker) send(c Conn, m announce.ServerMessage) { t.emit(Send{c, m}) }

// Next returns the oldest effect that was not yet taken.
func (t *Tracker) Next() (Effect, bool) {
	if len(t.effects) == 0 {
		t.effects = nil
		return nil, false
	}
	e := t.effects[0]
	t.effects = t.effects[1:]
	return e, true
}
