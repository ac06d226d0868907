package announce

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
)

// ErrUnknown is the error of a message whose action this package does not know: a newer server's, to be ignored.
var ErrUnknown = errors.New("unknown action")

// serverFields holds every field that a server may send.
type serverFields struct {
	action                                  string
	infohash, peerID, offerID               string // binary or hex: the action decides
	complete, incomplete, interval, minimum int
	failure, warning, code, text            string
	offer, answer                           description
	files                                   []File
	flagged                                 int
	nonce, serverKey, account, hexInfohash  string
	time, id, count, deadline               uint64
	length, lasts                           uint64
	ticket                                  string
	results                                 []Result
}

// ParseServer decodes what a server sent: this one, or a stock tracker.
func ParseServer(text []byte) (ServerMessage, error) {
	r := newReader(text)
	f := serverFields{complete: -1, incomplete: -1}
	for name := range r.object("message") {
		f.read(r, name)
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("parse message: %w", err)
	}
	m, err := f.message(r)
	if err != nil {
		return nil, err
	}
	if r.fault != "" {
		return nil, &Malformed{Reason: r.fault}
	}
	return m, nil
}

func (f *serverFields) read(r *reader, name string) {
	if f.readStock(r, name) {
		return
	}
	switch name {
	case "nonce":
		f.nonce = r.text(name, 64)
	case "server_key":
		f.serverKey = r.text(name, 64)
	case "time":
		f.time = r.amount(name)
	case "account":
		f.account = r.text(name, 32)
	case "code":
		f.code = r.text(name, maxText)
	case "message":
		f.text = r.text(name, maxText)
	case "infohash":
		f.hexInfohash = r.text(name, 40)
	case "ticket":
		f.ticket = r.text(name, 2*maxTicket)
	case "id":
		f.id = r.amount(name)
	case "count":
		f.count = r.amount(name)
	case "deadline":
		f.deadline = r.amount(name)
	case "length":
		f.length = r.amount(name)
	case "lasts":
		f.lasts = r.amount(name)
	case "results":
		f.results = r.results(name)
	default:
		r.skip()
	}
}

func (f *serverFields) readStock(r *reader, name string) bool {
	switch name {
	case "action":
		f.action = r.text(name, maxText)
	case "info_hash":
		f.infohash = r.text(name, 40)
	case "peer_id":
		f.peerID = r.text(name, 40)
	case "offer_id":
		f.offerID = r.text(name, 40)
	case "complete":
		f.complete = max(-1, r.count(-1))
	case "incomplete":
		f.incomplete = max(-1, r.count(-1))
	case "interval":
		f.interval = max(0, r.count(0))
	case "min interval":
		f.minimum = max(0, r.count(0))
	case "failure reason":
		f.failure = r.text(name, maxText)
	case "warning message":
		f.warning = r.text(name, maxText)
	case "offer":
		f.offer = r.description(name)
	case "answer":
		f.answer = r.description(name)
	case "files":
		f.files = r.files(name)
	case "flags":
		f.flagged = r.flags(name)
	default:
		return false
	}
	return true
}

func (f *serverFields) message(r *reader) (ServerMessage, error) {
	if f.failure != "" {
		// The reference server refuses without an action; an info_hash that is missing or malformed stays all zero.
		infohash, _ := binary(f.infohash)
		return &Failure{f.action == "scrape", infohash, f.failure}, nil
	}
	switch f.action {
	case "announce":
		return f.announceMessage(r), nil
	case "scrape":
		return &ScrapeReply{f.files, f.flagged}, nil
	case "hello":
		m := &Hello{Time: f.time}
		r.decode("nonce", m.Nonce[:], f.nonce)
		r.decode("server_key", m.ServerKey[:], f.serverKey)
		return m, nil
	case "account":
		m := &Account{}
		r.decode("account", m.ID[:], f.account)
		return m, nil
	case "ticket":
		return f.ticketMessage(r), nil
	case "settled":
		return &Settled{f.id, f.results}, nil
	case "revoked":
		m := &Revoked{Message: f.text}
		r.decode("infohash", m.Infohash[:], f.hexInfohash)
		return m, nil
	case "ping":
		m := &Ping{}
		r.decode("nonce", m.Nonce[:], f.nonce)
		return m, nil
	case "challenge":
		return f.challengeMessage(r), nil
	case "help":
		m := &Help{Length: f.length, Lasts: f.lasts}
		r.decode("infohash", m.Infohash[:], f.hexInfohash)
		return m, nil
	case "error":
		return &Error{f.code, f.text}, nil
	}
	return nil, ErrUnknown
}

func (f *serverFields) announceMessage(r *reader) ServerMessage {
	infohash := r.binary("info_hash", f.infohash)
	if !f.offer.there && !f.answer.there {
		return &Reply{infohash, f.complete, f.incomplete, max(f.interval, f.minimum), f.warning}
	}
	peerID, offerID := r.binary("peer_id", f.peerID), r.binary("offer_id", f.offerID)
	if f.offer.there {
		return &RelayedOffer{infohash, peerID, offerID, f.offer.sdp}
	}
	return &RelayedAnswer{infohash, peerID, offerID, f.answer.sdp}
}

func (f *serverFields) ticketMessage(r *reader) ServerMessage {
	m := &Ticket{}
	r.decode("infohash", m.Infohash[:], f.hexInfohash)
	r.decode("offer_id", m.OfferID[:], f.offerID)
	r.decode("peer_id", m.PeerID[:], f.peerID)
	m.Ticket = make([]byte, len(f.ticket)/2)
	r.decode("ticket", m.Ticket, f.ticket)
	return m
}

func (f *serverFields) challengeMessage(r *reader) ServerMessage {
	m := &Challenge{ID: f.id, Deadline: f.deadline}
	r.decode("infohash", m.Infohash[:], f.hexInfohash)
	r.decode("nonce", m.Nonce[:], f.nonce)
	if f.count < 1 || f.count > MaxAsked {
		r.fail("count must be from 1 to 32")
		return m
	}
	m.Count = int(f.count)
	return m
}

// decode decodes a hex field that must be there.
func (r *reader) decode(name string, dst []byte, s string) {
	if len(s) != hex.EncodedLen(len(dst)) {
		r.fail(name + " has the wrong length")
		return
	}
	if _, err := hex.Decode(dst, []byte(s)); err != nil {
		r.fail(name + " must be hex")
	}
}

// binary decodes a binary string that must be there.
func (r *reader) binary(name, s string) [20]byte {
	id, ok := binary(s)
	if !ok {
		r.fail(name + " must be 20 bytes")
	}
	return id
}

func (r *reader) files(name string) (files []File) {
	for key := range r.object(name) {
		infohash, ok := binary(key)
		if !ok || len(files) == MaxInfohashes {
			r.skip()
			continue
		}
		file := File{Infohash: infohash}
		for member := range r.object("file") {
			switch member {
			case "complete":
				file.Complete = max(0, r.count(0))
			case "incomplete":
				file.Incomplete = max(0, r.count(0))
			case "downloaded":
				file.Downloaded = max(0, r.count(0))
			default:
				r.skip()
			}
		}
		files = append(files, file)
	}
	return files
}

func (r *reader) flags(name string) (interval int) {
	for member := range r.object(name) {
		if member == "min_request_interval" {
			interval = max(0, r.count(0))
		} else {
			r.skip()
		}
	}
	return interval
}

func (r *reader) results(name string) (results []Result) {
	for i := range r.array(name) {
		one := r.result()
		if i < MaxReceipts {
			results = append(results, one)
		} else {
			r.fail("more than 1000 results")
		}
	}
	return results
}

func (r *reader) result() (result Result) {
	var hasSerial bool
	for name := range r.object("results") {
		switch name {
		case "serial":
			hasSerial = r.hex(name, result.Serial[:])
		case "amount":
			result.Amount = r.amount(name)
		case "reason":
			result.Reason = r.text(name, maxText)
		case "promise":
			result.Promise = r.promise(name)
		default:
			r.skip()
		}
	}
	if !hasSerial || result.Reason == "" {
		r.fail("a result needs serial and reason")
	}
	return result
}

// promise reads a whole promise; the zero one for null.
func (r *reader) promise(name string) (p Promise) {
	if r.null() {
		return p
	}
	var salted, signed bool
	for member := range r.object(name) {
		switch member {
		case "salt":
			salted = r.hex(member, p.Salt[:])
		case "epoch":
			p.Epoch = r.epoch(member)
		case "by":
			p.By = r.amount(member)
		case "signature":
			signed = r.hex(member, p.Signature[:])
		default:
			r.skip()
		}
	}
	if !salted || !signed || p.By == 0 {
		r.fail("a promise needs salt, by and signature")
	}
	return p
}

// epoch reads an integer of 32 bits.
func (r *reader) epoch(name string) uint32 {
	n := r.amount(name)
	if n > math.MaxUint32 {
		r.fail(name + " must be an integer from 0 to 2^32-1")
		return 0
	}
	return uint32(n)
}
