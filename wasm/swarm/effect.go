package swarm

import "fanseed/wasm/wire"

// EffectKind says what the caller is to do.
type EffectKind uint8

// The effects, and the fields that count for each. Bytes in Message.Data and in Block are lent until the next input.
const (
	Send        EffectKind = iota + 1 // Peer, Message: send it
	Write                             // Index, Begin, Block: copy the block into the piece's buffer, which the first Write creates
	Hash                              // Index, Length: hash that buffer, and the leaves of its first Length bytes, answer with Hashed
	Store                             // Index: store that buffer, then free it, answer with Stored
	Discard                           // Index: free that buffer
	Load                              // Peer, Index, Begin, Length, Paid: read a block from the store, answer with Loaded
	Drop                              // Peer, Reason: close the connection; the swarm has forgotten the peer
	InfoReady                         // Peer (who gave it), Block (the info dictionary): check it against the infohash, answer with Described
	Sign                              // Peer, Serial, Amount: sign a receipt, answer with Signed
	Check                             // Peer, Serial, Amount, Signature: check the receipt, answer with Checked
	Claim                             // Serial, Amount, Signature: the newest receipt that we earned; keep it durably
	Have                              // Index: the piece is verified and stored
	Complete                          // every selected piece is
	LoadLeaves                        // Index, Length: hash the leaves of the first Length bytes of a piece in the store, answer with LeavesLoaded
	LayersKnown                       // Layers has every piece layer
	Broken                            // Index: the piece is right for one version of the torrent and wrong for the other; nothing more is fetched
)

var effectNames = [...]string{
	"", "send", "write", "hash", "store", "discard", "load", "drop", "info ready", "sign", "check", "claim", "have", "complete",
	"load leaves", "layers known", "broken",
}

// String returns the name of the effect in lower case.
func (k EffectKind) String() string { return effectNames[k] }

// Effect is something that the caller is to do.
type Effect struct {
	Kind          EffectKind
	Peer          Peer
	Message       wire.Message
	Index         int
	Begin, Length uint32 // bytes
	Block         []byte
	Reason        Reason
	Serial        [16]byte
	Amount        uint64 // bytes
	Signature     [64]byte
	Paid          bool // the peer pays, and has paid before: it goes before what is free
}

// Reason says why a peer was dropped.
type Reason string

// Why a peer is dropped: without fault of its own …
const (
	Stopped   Reason = "stopped"   // we were told to stop
	NoUse     Reason = "no use"    // neither side can want anything from the other
	Duplicate Reason = "duplicate" // the same peer is connected already
	Self      Reason = "self"      // it is us
	Silent    Reason = "silent"    // nothing heard for too long
)

// … or for a breach of the protocol.
const (
	WrongInfohash   Reason = "wrong infohash"
	BadBitfield     Reason = "bad bitfield"           // wrong length, spare bits, or not first
	BadHave         Reason = "have out of bounds"     // of a piece that does not exist
	BadRequest      Reason = "request out of bounds"  // of bytes that do not exist, or of far too many at once
	BadBlock        Reason = "piece out of bounds"    // a block that does not exist, or has the wrong length
	BadPiece        Reason = "bad piece"              // it alone gave a piece that failed its hash
	BadExtended     Reason = "bad extended handshake" // BEP 10
	BadMetadata     Reason = "bad metadata"           // BEP 9: malformed, too large, or of another torrent
	BadCredit       Reason = "bad fs_receipt message" // malformed
	BadLeaf         Reason = "bad block"              // it gave a block that does not have the hash of its leaf (BEP 52)
	BadHashes       Reason = "bad hashes"             // malformed, or not those of the torrent (BEP 52)
	NotFast         Reason = "fast extension not on"  // a message of BEP 6 that was not agreed on
	Unrequested     Reason = "unrequested blocks"     // too many
	RequestFlood    Reason = "request flood"          // more requests than a queue holds
	MessageFlood    Reason = "message flood"          // too many messages that cost it nothing
	ReceiptForged   Reason = "receipt signature"      // not signed by the ticket's leecher
	ReceiptLower    Reason = "receipt lower"          // amounts must rise
	ReceiptOverMost Reason = "receipt over limit"     // above the ticket's limit
	ReceiptUnsent   Reason = "receipt over what was sent"
)

// Next returns the next effect; false when there is none left. All must be taken before the next input.
func (s *Swarm) Next() (Effect, bool) {
	if s.taken == len(s.effects) {
		return Effect{}, false
	}
	e := s.effects[s.taken]
	s.effects[s.taken].Message.Data, s.effects[s.taken].Block = nil, nil
	s.taken++
	return e, true
}

func (s *Swarm) emit(e Effect) { s.effects = append(s.effects, e) }

func (s *Swarm) send(p *peer, m wire.Message) {
	p.spoken = s.now
	s.emit(Effect{Kind: Send, Peer: p.id, Message: m})
}

// sendExtended sends an extended message (BEP 10) under the Ext that the peer wants for it.
func (s *Swarm) sendExtended(p *peer, ext uint8, payload interface{ Append([]byte) []byte }) {
	start := len(s.payloads)
	s.payloads = payload.Append(s.payloads)
	s.send(p, wire.Message{Kind: wire.KindExtended, Ext: ext, Data: s.payloads[start:]})
}
