package announce

import (
	"fmt"
	"math"
)

// Malformed is the error of a message that is JSON but breaks the protocol.
type Malformed struct {
	Scrape   bool     // its action is scrape
	Infohash [20]byte // all zero when it names none
	Reason   string   // for the sender
}

func (e *Malformed) Error() string { return "malformed message: " + e.Reason }

// Failure is the refusal to send.
func (e *Malformed) Failure() *Failure { return &Failure{e.Scrape, e.Infohash, e.Reason} }

// clientFields holds every field that a client may send; which of them count is known only when the whole message is read.
type clientFields struct {
	action                         string
	infohashes                     []id
	peerID, to, offerID            id
	numWant                        int
	uploaded, downloaded, left     float64
	event                          string
	offers                         []Offer
	answer                         description
	publicKey                      [32]byte
	signature                      [64]byte
	hasKey, hasSignature, hasOffer bool
	id                             uint64
	receipts                       []Receipt
	nonce                          [16]byte
	hasNonce                       bool
	index, begin, room             uint64
	path, block                    string
}

// id is a binary string that was there, well-formed or not.
type id struct {
	bytes       [20]byte
	there, good bool
}

// description is an SDP session description that was there.
type description struct {
	kind, sdp string
	there     bool
}

// ParseClient decodes what a client sent. An error is a *[Malformed] where the text is JSON that breaks the protocol; any other
// error means that the sender does not speak it.
func ParseClient(text []byte) (ClientMessage, error) {
	r := newReader(text)
	f := clientFields{numWant: -1, left: LeftUnknown}
	for name := range r.object("message") {
		f.read(r, name)
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("parse message: %w", err)
	}
	m := f.message(r)
	if r.fault != "" {
		e := &Malformed{Scrape: f.action == "scrape", Reason: r.fault}
		if len(f.infohashes) > 0 && f.infohashes[0].good {
			e.Infohash = f.infohashes[0].bytes
		}
		return nil, e
	}
	return m, nil
}

func (f *clientFields) read(r *reader, name string) {
	switch name {
	case "action":
		f.action = r.text(name, maxText)
	case "info_hash":
		f.infohashes = r.ids(name)
	case "peer_id":
		f.peerID = r.id(name)
	case "to_peer_id":
		f.to = r.id(name)
	case "offer_id":
		f.offerID = r.id(name)
	case "numwant":
		f.numWant = max(-1, r.count(-1))
	case "uploaded":
		f.uploaded = max(0, r.number(0))
	case "downloaded":
		f.downloaded = max(0, r.number(0))
	case "left":
		f.left = max(LeftUnknown, r.number(LeftUnknown))
	case "event":
		f.event = r.text(name, maxText)
	case "offers":
		f.offers = r.offers(name)
	case "answer":
		f.answer = r.description(name)
	case "public_key":
		f.hasKey = r.hex(name, f.publicKey[:])
	case "signature":
		f.hasSignature = r.hex(name, f.signature[:])
	case "id":
		f.id = r.amount(name)
	case "receipts":
		f.receipts = r.receipts(name)
	case "nonce":
		f.hasNonce = r.hex(name, f.nonce[:])
	case "index":
		f.index = r.amount(name)
	case "begin":
		f.begin = r.amount(name)
	case "room":
		f.room = r.amount(name)
	case "path":
		f.path = r.text(name, 2*MaxPath)
	case "block":
		f.block = r.text(name, (MaxBlock+2)/3*4)
	default:
		r.skip()
	}
}

func (f *clientFields) message(r *reader) ClientMessage {
	switch f.action {
	case "announce":
		if f.answer.there {
			return f.answerMessage(r)
		}
		return f.announceMessage(r)
	case "scrape":
		return f.scrapeMessage(r)
	case "login":
		if !f.hasKey || !f.hasSignature {
			r.fail("login needs public_key and signature")
		}
		return &Login{f.publicKey, f.signature}
	case "settle":
		return &Settle{f.id, f.receipts}
	case "pong":
		if !f.hasNonce {
			r.fail("pong needs a nonce")
		}
		return &Pong{f.nonce}
	case "idle":
		return &Idle{f.room}
	case "proof":
		return f.proofMessage(r)
	}
	r.fail("unknown action")
	return nil
}

func (f *clientFields) announceMessage(r *reader) ClientMessage {
	event, ok := parseEvent(f.event)
	if !ok {
		r.fail("unknown event")
	}
	return &Announce{
		Infohash: f.infohash(r), PeerID: f.peerID.need(r, "peer_id"), NumWant: f.numWant,
		Uploaded: f.uploaded, Downloaded: f.downloaded, Left: f.left, Event: event, Offers: f.offers,
	}
}

func (f *clientFields) answerMessage(r *reader) ClientMessage {
	if f.answer.kind != "answer" {
		r.fail("the type of answer must be answer")
	}
	return &Answer{
		Infohash: f.infohash(r), PeerID: f.peerID.need(r, "peer_id"), To: f.to.need(r, "to_peer_id"),
		OfferID: f.offerID.need(r, "offer_id"), SDP: f.answer.sdp,
	}
}

func (f *clientFields) scrapeMessage(r *reader) ClientMessage {
	m := &Scrape{}
	for _, infohash := range f.infohashes {
		m.Infohashes = append(m.Infohashes, infohash.need(r, "info_hash"))
	}
	return m
}

func (f *clientFields) proofMessage(r *reader) ClientMessage {
	if f.index >= MaxAsked || f.begin > math.MaxInt32 {
		r.fail("index or begin is beyond what can be asked for")
	}
	if f.block == "" {
		r.fail("proof needs a block")
	}
	return &Proof{ID: f.id, Index: int(f.index), Begin: int(f.begin & math.MaxInt32), Path: r.hashes("path", f.path), Block: r.base64("block", f.block)}
}

func (f *clientFields) infohash(r *reader) [20]byte {
	if len(f.infohashes) != 1 {
		r.fail("info_hash must be 20 bytes")
		return [20]byte{}
	}
	return f.infohashes[0].need(r, "info_hash")
}

func (i id) need(r *reader, name string) [20]byte {
	if !i.good {
		r.fail(name + " must be 20 bytes")
	}
	return i.bytes
}

func parseEvent(s string) (Event, bool) {
	switch s {
	case "", "empty", "update", "paused":
		return EventUpdate, true
	case "started":
		return EventStarted, true
	case "completed":
		return EventCompleted, true
	case "stopped":
		return EventStopped, true
	}
	return EventUpdate, false
}

func (r *reader) id(name string) id {
	if r.null() {
		return id{}
	}
	bytes, good := binary(r.text(name, 2*len(id{}.bytes)))
	return id{bytes, true, good}
}

// ids reads one binary string, or an array of them.
func (r *reader) ids(name string) (ids []id) {
	if r.kind() != '[' {
		if one := r.id(name); one.there {
			return []id{one}
		}
		return nil
	}
	for i := range r.array(name) {
		one := r.id(name)
		if i < MaxInfohashes {
			ids = append(ids, one)
		} else {
			r.fail("more than 64 of " + name)
		}
	}
	return ids
}

func (r *reader) offers(name string) (offers []Offer) {
	for i := range r.array(name) {
		if i >= MaxOffers {
			r.skip()
			continue
		}
		offers = append(offers, r.offer())
	}
	return offers
}

func (r *reader) offer() Offer {
	var offerID id
	var d description
	for name := range r.object("offers") {
		switch name {
		case "offer":
			d = r.description(name)
		case "offer_id":
			offerID = r.id(name)
		default:
			r.skip()
		}
	}
	if d.kind != "offer" {
		r.fail("the type of offer must be offer")
	}
	return Offer{offerID.need(r, "offer_id"), d.sdp}
}

// description reads {type, sdp}; whatever else is in it is dropped.
func (r *reader) description(name string) (d description) {
	if r.null() {
		return d
	}
	d.there = true
	for member := range r.object(name) {
		switch member {
		case "type":
			d.kind = r.text("type", maxText)
		case "sdp":
			d.sdp = r.text("sdp", MaxSDP)
		default:
			r.skip()
		}
	}
	if d.sdp == "" {
		r.fail(name + " needs an sdp")
	}
	return d
}

func (r *reader) receipts(name string) (receipts []Receipt) {
	for i := range r.array(name) {
		one := r.receipt()
		if i < MaxReceipts {
			receipts = append(receipts, one)
		} else {
			r.fail("more than 1000 receipts")
		}
	}
	return receipts
}

func (r *reader) receipt() (receipt Receipt) {
	var hasSerial, hasSignature bool
	for name := range r.object("receipts") {
		switch name {
		case "serial":
			hasSerial = r.hex(name, receipt.Serial[:])
		case "amount":
			receipt.Amount = r.amount(name)
		case "signature":
			hasSignature = r.hex(name, receipt.Signature[:])
		default:
			r.skip()
		}
	}
	if !hasSerial || !hasSignature {
		r.fail("a receipt needs serial, amount and signature")
	}
	return receipt
}
