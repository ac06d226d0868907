// Package receipt owns the statement that a leecher signs for a seeder: so many
// bytes of this ticket reached me and passed their hash. It also owns the closed
// list of reasons that the server answers a receipt with.
//
// It promises exact sizes and one encoding for each value. It never signs,
// verifies or keeps anything.
package receipt

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const prefix = "fanseed receipt v1\n"

// MessageSize is the length in bytes of what the leecher signs, and Size that of
// a whole receipt with its signature.
const (
	MessageSize = len(prefix) + 16 + 8
	Size        = MessageSize + 64
)

// Errors of Parse.
var (
	ErrSize   = errors.New("receipt: wrong size")
	ErrPrefix = errors.New("receipt: not a receipt of version 1")
)

// Receipt says that Amount bytes, counted from the ticket's beginning, were
// received and verified. A newer receipt of a ticket replaces an older one.
type Receipt struct {
	Serial    [16]byte // the ticket's
	Amount    uint64   // bytes, cumulative
	Signature [64]byte // Ed25519, by the ticket's leecher
}

// Result is the server's answer to one receipt.
type Result struct {
	Serial [16]byte
	Amount uint64 // cumulative bytes that the server now holds for the ticket
	Reason Reason
	// Promise is the zero one where nothing is stored, and from a server that promises nothing.
	Promise Promise
}

// Promise says that what is stored will be in the server's public log: package log's promise over the record of the ticket's newest
// increase, which is made of Salt, the result's Serial and Amount, and Epoch.
type Promise struct {
	Salt      [16]byte // keeps the record secret from others
	Epoch     uint32   // in which the increase counts
	By        uint64   // Unix milliseconds; 0: there is no promise
	Signature [64]byte // Ed25519, by the log's key
}

// Message returns the MessageSize bytes that the leecher signs.
func Message(serial [16]byte, amount uint64) []byte {
	return appendMessage(make([]byte, 0, Size), serial, amount)
}

// Append appends the Size bytes of the receipt to dst.
func (r Receipt) Append(dst []byte) []byte {
	return append(appendMessage(dst, r.Serial, r.Amount), r.Signature[:]...)
}

func appendMessage(dst []byte, serial [16]byte, amount uint64) []byte {
	dst = append(dst, prefix...)
	dst = append(dst, serial[:]...)
	return binary.BigEndian.AppendUint64(dst, amount)
}

// Parse reads one whole receipt. It does not verify the signature.
func Parse(b []byte) (Receipt, error) {
	if len(b) != Size {
		return Receipt{}, fmt.Errorf("%w: %d bytes, not %d", ErrSize, len(b), Size)
	}
	if string(b[:len(prefix)]) != prefix {
		return Receipt{}, ErrPrefix
	}
	var r Receipt
	b = b[len(prefix):]
	b = b[copy(r.Serial[:], b):]
	r.Amount, b = binary.BigEndian.Uint64(b), b[8:]
	copy(r.Signature[:], b)
	return r, nil
}
