// Package announce is the JSON of the announce socket, both directions: the WebTorrent tracker protocol byte for byte, and the
// messages that Fanseed adds for sockets that asked for the subprotocol [Subprotocol].
//
// It promises bounded work for any input, valid UTF-8, and that only what is named here is ever re-serialised: of a session
// description its type and sdp, of everything else the known fields. It never keeps state, and never decides what a message
// means for a swarm.
//
// Stock binary strings (info_hash, peer_id, to_peer_id, offer_id) are 20 bytes written as 20 code points U+0000 to U+00FF.
// Fanseed's own fields are hex. A field that is null counts as absent; a field that nobody knows is skipped.
package announce

// Subprotocol is the WebSocket subprotocol of a client that speaks more than the stock tracker protocol. A stock client closes
// its socket at the first action that it does not know, so nobody else is ever sent one.
const Subprotocol = "fanseed.v1"

// What one message may carry.
const (
	MaxMessage    = 64 << 10  // bytes of one message
	MaxSDP        = 16 << 10  // bytes of one session description
	MaxDepth      = 8         // nested objects and arrays
	MaxOffers     = 10        // offers in one announce; those after them are skipped
	MaxInfohashes = 64        // infohashes in one scrape
	MaxReceipts   = 1000      // receipts in one settle
	MaxPromises   = 128       // promises in one settled, which has to be no longer than MaxMessage
	MaxAmount     = 1<<53 - 1 // bytes; the largest integer that JSON keeps exactly
	maxText       = 1 << 10   // bytes of a message for people, a reason, a code
	maxTicket     = 1 << 10   // bytes of an encoded ticket

	MaxAsked = 32       // leaves or pieces in one challenge
	MaxBlock = 32 << 10 // bytes of content in one proof
	MaxPath  = 12 * 32  // bytes of hashes in one proof: from a leaf to the node of the largest piece
)

// LeftUnknown is the value of [Announce.Left] when a client does not know yet: a magnet before its metadata. It counts as a leecher.
const LeftUnknown = -1

// Event is what an announce tells of the announcer.
type Event uint8

// Absent, "", "empty" and "paused" are read as EventUpdate, which is written as an absent event.
const (
	EventUpdate Event = iota
	EventStarted
	EventCompleted
	EventStopped
)

// ClientMessage is what a client sends: *[Announce], *[Answer], *[Scrape], *[Login], *[Settle],
// *[Pong], *[Idle] or *[Proof].
type ClientMessage interface {
	// Append appends the message's JSON to dst.
	Append(dst []byte) []byte
	client()
}

// Announce tells the tracker that a peer is in a swarm, and offers connections to others.
type Announce struct {
	Infohash, PeerID     [20]byte
	NumWant              int     // peers wanted; -1 when absent
	Uploaded, Downloaded float64 // bytes, as the client says
	Left                 float64 // bytes that it still lacks; 0 for a seeder, LeftUnknown
	Event                Event
	Offers               []Offer
}

// Offer is one SDP offer, to be handed to one other peer.
type Offer struct {
	ID  [20]byte
	SDP string
}

// Answer is the reply to a relayed offer.
type Answer struct {
	Infohash, PeerID, To, OfferID [20]byte
	SDP                           string
}

// Scrape asks for the counts of swarms; without infohashes it asks for all.
type Scrape struct{ Infohashes [][20]byte }

// Login proves an account: Signature is over the login message of the server's origin and nonce. Subprotocol only.
type Login struct {
	PublicKey [32]byte
	Signature [64]byte
}

// Settle hands in receipts; ID comes back in [Settled]. Subprotocol only.
type Settle struct {
	ID       uint64
	Receipts []Receipt
}

// Receipt is a downloader's signature for Amount bytes, cumulative within the ticket Serial.
type Receipt struct {
	Serial    [16]byte
	Amount    uint64
	Signature [64]byte
}

// Pong answers a [Ping] with its nonce, at once: a minute of seeding counts when the answer comes before the next ping. Subprotocol only.
type Pong struct{ Nonce [16]byte }

// Idle says that whoever is logged in uploads little, and would seed works that others boost, which the server may name in [Help]: one for
// each Idle at most. It is sent again as long as it is so, and not more often than every ten seconds. Subprotocol only.
type Idle struct{ Room uint64 } // bytes that the works may have together

// Proof is one block of the answer to a [Challenge]; package proof says which one. An answer takes several messages, in the order of
// Index and Begin, since 32 leaves with their paths are larger than [MaxMessage]. The block is the one field of ours in base64 (RFC 4648,
// section 4), which is 1/3 longer than its bytes where hex is twice as long. Subprotocol only.
type Proof struct {
	ID    uint64 // the challenge's
	Index int    // which of those that were asked for, from 0
	Begin int    // the block's first byte, within its piece in version 1; 0 for a leaf
	Path  []byte // hashes from the leaf's sibling up (BEP 52); empty in version 1
	Block []byte
}

func (*Announce) client() {}
func (*Answer) client()   {}
func (*Scrape) client()   {}
func (*Login) client()    {}
func (*Settle) client()   {}
func (*Pong) client()     {}
func (*Idle) client()     {}
func (*Proof) client()    {}
