// Package ticket owns the statement by which the server says who may earn from
// whom: a ticket names one seeder, one leecher, one torrent and one data
// channel, and how many bytes of it can be credited. It also owns the other
// byte strings that a key signs for the server: the login and the HTTP request.
//
// It promises exact sizes and one encoding for each value. It never signs,
// verifies, reads a clock or keeps anything.
package ticket

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

const prefix = "fanseed ticket v1\n"

// MessageSize is the length in bytes of what the server signs, and Size that of
// a whole ticket with its signature.
const (
	MessageSize = len(prefix) + 16 + 4 + 4*32 + 8 + 3*8 + 4
	Size        = MessageSize + 64
)

// Traded is the flag of a ticket whose seeder still lacked a part of the work. Who downloads the same work is paid in kind: what such a
// ticket confirms is kept, and no pool pays for it.
const Traded = 1

// MaxLimit is the most bytes that one ticket can be for. No number of tickets that an epoch can see signs for more bytes than can be added up.
const MaxLimit = 256 << 30

// Errors of Parse.
var (
	ErrSize   = errors.New("ticket: wrong size")
	ErrPrefix = errors.New("ticket: not a ticket of version 1")
)

// Ticket lets Seeder earn up to Limit bytes that Leecher confirms by receipts.
// Times are Unix milliseconds of the server's clock.
type Ticket struct {
	Serial    [16]byte // random, never used twice
	Epoch     uint32   // in which it was issued
	Seeder    [32]byte // Ed25519 public key of the one who is paid
	Leecher   [32]byte // Ed25519 public key of the one who signs receipts
	Infohash  [32]byte // see Infohash
	Channel   [32]byte // see Channel
	Limit     uint64   // bytes
	Issued    uint64
	Expires   uint64 // after it no new bytes should be sent on it
	SettleBy  uint64 // after it no receipt is accepted
	Flags     uint32 // see Traded
	Signature [64]byte
}

// Message returns the MessageSize bytes that the server signs.
func (t *Ticket) Message() []byte {
	return t.appendMessage(make([]byte, 0, Size))
}

// Append appends the Size bytes of the ticket to dst.
func (t *Ticket) Append(dst []byte) []byte {
	return append(t.appendMessage(dst), t.Signature[:]...)
}

func (t *Ticket) appendMessage(dst []byte) []byte {
	dst = append(dst, prefix...)
	dst = append(dst, t.Serial[:]...)
	dst = binary.BigEndian.AppendUint32(dst, t.Epoch)
	dst = append(dst, t.Seeder[:]...)
	dst = append(dst, t.Leecher[:]...)
	dst = append(dst, t.Infohash[:]...)
	dst = append(dst, t.Channel[:]...)
	dst = binary.BigEndian.AppendUint64(dst, t.Limit)
	dst = binary.BigEndian.AppendUint64(dst, t.Issued)
	dst = binary.BigEndian.AppendUint64(dst, t.Expires)
	dst = binary.BigEndian.AppendUint64(dst, t.SettleBy)
	return binary.BigEndian.AppendUint32(dst, t.Flags)
}

// Parse reads one whole ticket. It does not verify the signature.
func Parse(b []byte) (Ticket, error) {
	if len(b) != Size {
		return Ticket{}, fmt.Errorf("%w: %d bytes, not %d", ErrSize, len(b), Size)
	}
	if string(b[:len(prefix)]) != prefix {
		return Ticket{}, ErrPrefix
	}
	var t Ticket
	b = b[len(prefix):]
	b = b[copy(t.Serial[:], b):]
	t.Epoch, b = binary.BigEndian.Uint32(b), b[4:]
	b = b[copy(t.Seeder[:], b):]
	b = b[copy(t.Leecher[:], b):]
	b = b[copy(t.Infohash[:], b):]
	b = b[copy(t.Channel[:], b):]
	t.Limit, b = binary.BigEndian.Uint64(b), b[8:]
	t.Issued, b = binary.BigEndian.Uint64(b), b[8:]
	t.Expires, b = binary.BigEndian.Uint64(b), b[8:]
	t.SettleBy, b = binary.BigEndian.Uint64(b), b[8:]
	t.Flags, b = binary.BigEndian.Uint32(b), b[4:]
	copy(t.Signature[:], b)
	return t, nil
}

// Infohash returns the name that tickets and the ledger use for a torrent that
// is known by its BitTorrent v1 infohash (BEP 3).
func Infohash(v1 [20]byte) [32]byte {
	return sha256.Sum256(append([]byte("v1"), v1[:]...))
}
