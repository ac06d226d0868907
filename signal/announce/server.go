package announce

// ServerMessage is what the server sends. Stock: *[Reply], *[RelayedOffer], *[RelayedAnswer], *[ScrapeReply], *[Failure].
// Subprotocol only: *[Hello], *[Account], *[Ticket], *[Settled], *[Revoked], *[Ping], *[Challenge],
// *[Help], *[Error].
type ServerMessage interface {
	// Append appends the message's JSON to dst.
	Append(dst []byte) []byte
	server()
}

// Reply answers an announce. It never follows an answer.
type Reply struct {
	Infohash             [20]byte
	Complete, Incomplete int    // seeders and leechers; -1 when the tracker does not say
	Interval             int    // seconds to the next announce; 0 when the tracker does not say
	Warning              string // from stock trackers
}

// RelayedOffer is another peer's offer.
type RelayedOffer struct {
	Infohash, PeerID, OfferID [20]byte // PeerID is the sender
	SDP                       string
}

// RelayedAnswer is another peer's answer to an offer of ours.
type RelayedAnswer struct {
	Infohash, PeerID, OfferID [20]byte // PeerID is the sender
	SDP                       string
}

// ScrapeReply answers a scrape, in the order that was asked.
type ScrapeReply struct {
	Files       []File
	MinInterval int // seconds
}

// File is one swarm's counts.
type File struct {
	Infohash                         [20]byte
	Complete, Incomplete, Downloaded int
}

// Failure refuses an announce, an answer or a scrape. Its info_hash is always written: a stock client throws an exception
// where it is missing, ignores the message where it is empty, and warns where it is its own.
type Failure struct {
	Scrape   bool     // it refuses a scrape
	Infohash [20]byte // all zero: not known, written as ""
	Reason   string
}

// Hello is the first message on a socket with the subprotocol.
type Hello struct {
	Nonce     [32]byte // to be signed by a login
	ServerKey [32]byte // Ed25519 public key that signs tickets
	Time      uint64   // unix milliseconds of the server's clock
}

// Account answers a good login.
type Account struct{ ID [16]byte }

// Ticket goes to both sides beside a relayed answer.
type Ticket struct {
	Infohash, OfferID, PeerID [20]byte // PeerID is the other side
	Ticket                    []byte   // as signal/ticket encodes it
}

// Settled answers a settle, one result for each receipt, in order.
type Settled struct {
	ID      uint64
	Results []Result
}

// Result says what is stored for a ticket now, and why.
type Result struct {
	Serial [16]byte
	Amount uint64 // bytes
	Reason string // from signal/receipt's closed list
	// Promise is the zero one where nothing is stored, and for what is not among the first MaxPromises of a message. Optional.
	Promise Promise
}

// Promise says that what is stored will be in the public log: signal/log's promise over the record of the ticket's newest increase, which
// is made of Salt, the result's Serial and Amount, and Epoch.
type Promise struct {
	Salt      [16]byte
	Epoch     uint32
	By        uint64 // unix milliseconds; 0: there is no promise
	Signature [64]byte
}

// Revoked says that the server tracks an infohash no more, and that it must not be seeded through it.
type Revoked struct {
	Infohash [20]byte
	Message  string
}

// Ping asks whether the client is there, and so for how long it seeds: it answers with [Pong]. A server's push wakes a page in the
// background, whose own timers sleep.
type Ping struct{ Nonce [16]byte }

// Challenge asks for a proof that a torrent is stored here: the client answers with [Proof], block by block. Package proof says which
// leaves or pieces the nonce asks this account for.
type Challenge struct {
	ID       uint64
	Infohash [20]byte
	Nonce    [32]byte
	Count    int    // leaves or, in version 1, pieces: 1 to MaxAsked
	Deadline uint64 // milliseconds from when it was sent to when the last block must have come
}

// Help answers [Idle] with a work of this server's that is boosted. Its .torrent is at /v1/works/{infohash}.torrent, of the server that sent
// this. Whoever takes it downloads and seeds it like any other.
type Help struct {
	Infohash [20]byte
	Length   uint64 // bytes of the work: no more than the room
	Lasts    uint64 // seconds until its last boost ends; after that it may be dropped for another
}

// Error refuses a message that has no answer in the stock protocol.
type Error struct{ Code, Message string }

func (*Reply) server()         {}
func (*RelayedOffer) server()  {}
func (*RelayedAnswer) server() {}
func (*ScrapeReply) server()   {}
func (*Failure) server()       {}
func (*Hello) server()         {}
func (*Account) server()       {}
func (*Ticket) server()        {}
func (*Settled) server()       {}
func (*Revoked) server()       {}
func (*Ping) server()          {}
func (*Challenge) server()     {}
func (*Help) server()          {}
func (*Error) server()         {}
