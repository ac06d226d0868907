package announcer

import (
	"fanseed/signal/announce"
	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

// Effect is what the caller has to do, or is told.
type Effect interface{ effect() }

// Dial opens the socket, with this subprotocol unless it is empty: answer with Opened or Closed.
type Dial struct{ Subprotocol string }

// SendText sends a text message.
type SendText struct{ Text []byte }

// Hangup closes the socket. Nothing more may be told of it, not even that it is closed.
type Hangup struct{}

// Sign signs a login with the account's key: answer with Signed.
type Sign struct{ Message []byte }

// LoggedIn tells the account that the server knows this socket by, the server's key that signs tickets, and its clock.
type LoggedIn struct {
	Account   [16]byte
	ServerKey [32]byte
	Time      uint64 // unix milliseconds when the socket opened
}

// Counts tells a swarm's seeders and leechers, this peer among them; -1 where the tracker does not say. Due is set when it is time to
// call Offer, if more peers are wanted and there is somebody to meet: at the first reply, and once in every interval.
type Counts struct {
	Infohash             [20]byte
	Complete, Incomplete int
	Due                  bool
}

// GotOffer hands over another peer's offer: answer with Answer.
type GotOffer struct {
	Infohash, PeerID, OfferID [20]byte
	SDP                       string
}

// GotAnswer hands over the answer to an offer of ours.
type GotAnswer struct {
	Infohash, PeerID, OfferID [20]byte
	SDP                       string
}

// Ticketed hands over a ticket for the connection that came of an offer.
type Ticketed struct {
	Infohash, PeerID, OfferID [20]byte // PeerID is the other peer
	Ticket                    ticket.Ticket
	Upload                    bool // this account is the ticket's seeder
}

// Settled tells the server's answer to a receipt.
type Settled struct{ Result receipt.Result }

// Revoked tells that the server has withdrawn a torrent: it must not be seeded any more.
type Revoked struct {
	Infohash [20]byte
	Message  string
}

// Challenged asks for a proof that a torrent is stored here: answer with Prove, block by block, while Waits says so.
type Challenged struct {
	ID        uint64
	Infohash  [20]byte
	Nonce     [32]byte
	PublicKey [32]byte // ours
	Count     int
}

// Handed tells of a boosted work that the server asks us to seed, after [Announcer.Idle].
type Handed struct {
	Infohash [20]byte
	Length   uint64 // bytes, as the server says
	Lasts    uint64 // seconds, as the server says
}

// Failed tells a refusal: of one torrent, or of the login (Infohash all zero).
type Failed struct {
	Infohash [20]byte
	Reason   string
}

func (Dial) effect()       {}
func (SendText) effect()   {}
func (Hangup) effect()     {}
func (Sign) effect()       {}
func (LoggedIn) effect()   {}
func (Counts) effect()     {}
func (GotOffer) effect()   {}
func (GotAnswer) effect()  {}
func (Ticketed) effect()   {}
func (Settled) effect()    {}
func (Revoked) effect()    {}
func (Challenged) effect() {}
func (Handed) effect()     {}
func (Failed) effect()     {}

func (a *Announcer) emit(e Effect) { a.effects = append(a.effects, e) }

func (a *Announcer) send(m announce.ClientMessage) { a.emit(SendText{m.Append(nil)}) }

// Next returns the oldest effect that was not yet taken.
func (a *Announcer) Next() (Effect, bool) {
	if len(a.effects) == 0 {
		a.effects = nil
		return nil, false
	}
	e := a.effects[0]
	a.effects = a.effects[1:]
	return e, true
}
