package wire

import (
	"errors"
	"fmt"
)

// HandshakeSize is the length of a handshake in bytes.
const HandshakeSize = 68

// protocol opens every handshake: the length of the protocol's name, and the name (BEP 3).
const protocol = "\x13BitTorrent protocol"

var errProtocol = errors.New("not a BitTorrent handshake")

// Handshake is the first thing that a peer says (BEP 3).
type Handshake struct {
	Reserved [8]byte // feature bits
	Infohash [20]byte
	PeerID   [20]byte
}

const (
	extendedByte, extendedBit = 5, 0x10 // BEP 10
	fastByte, fastBit         = 7, 0x04 // BEP 6
	v2Byte, v2Bit             = 7, 0x10 // BEP 52
)

// NewHandshake returns our handshake: it offers the fast extension (BEP 6) and the extension protocol (BEP 10).
func NewHandshake(infohash, peerID [20]byte) Handshake {
	h := Handshake{Infohash: infohash, PeerID: peerID}
	h.Reserved[extendedByte] |= extendedBit
	h.Reserved[fastByte] |= fastBit
	return h
}

// Fast tells whether the sender speaks the fast extension (BEP 6).
func (h Handshake) Fast() bool { return h.Reserved[fastByte]&fastBit != 0 }

// Extended tells whether the sender speaks the extension protocol (BEP 10).
func (h Handshake) Extended() bool { return h.Reserved[extendedByte]&extendedBit != 0 }

// V2 tells whether the sender speaks version 2 of the protocol for this torrent (BEP 52).
func (h Handshake) V2() bool { return h.Reserved[v2Byte]&v2Bit != 0 }

// WithV2 returns the handshake with the bit set that says so.
func (h Handshake) WithV2() Handshake {
	h.Reserved[v2Byte] |= v2Bit
	return h
}

// Append appends the 68 bytes of the handshake to dst.
func (h Handshake) Append(dst []byte) []byte {
	dst = append(dst, protocol...)
	dst = append(dst, h.Reserved[:]...)
	dst = append(dst, h.Infohash[:]...)
	return append(dst, h.PeerID[:]...)
}

// ParseHandshake reads a handshake of exactly HandshakeSize bytes. It does not judge the infohash.
func ParseHandshake(b []byte) (Handshake, error) {
	if len(b) != HandshakeSize {
		return Handshake{}, fmt.Errorf("handshake of %d bytes, not %d", len(b), HandshakeSize)
	}
	if string(b[:len(protocol)]) != protocol {
		return Handshake{}, errProtocol
	}
	var h Handshake
	b = b[len(protocol):]
	b = b[copy(h.Reserved[:], b):]
	b = b[copy(h.Infohash[:], b):]
	copy(h.PeerID[:], b)
	return h, nil
}
