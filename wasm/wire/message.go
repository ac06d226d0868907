// Package wire turns the BitTorrent peer protocol into bytes and back: handshakes, messages, and the payloads of the extension
// messages that we speak (BEP 3, 6, 9, 10, 52, and fs_receipt).
//
// It promises that whatever comes in, decoding neither panics nor holds more than one frame of a bounded size, and that decoding
// what was encoded gives the same message. It never reads a clock or a socket, and judges form alone: whether an index exists
// or a block was asked for is the swarm's to say.
package wire

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// Kind is the type of a message, the byte that follows its length on the wire.
type Kind uint8

// Messages of BEP 3, of BEP 5 (port), of BEP 6 (13–17), of BEP 10 (20) and of BEP 52 (21–23). A keep-alive has no byte of its own on
// the wire.
const (
	KindChoke         Kind = 0
	KindUnchoke       Kind = 1
	KindInterested    Kind = 2
	KindNotInterested Kind = 3
	KindHave          Kind = 4
	KindBitfield      Kind = 5
	KindRequest       Kind = 6
	KindPiece         Kind = 7
	KindCancel        Kind = 8
	KindPort          Kind = 9
	KindSuggest       Kind = 13
	KindHaveAll       Kind = 14
	KindHaveNone      Kind = 15
	KindReject        Kind = 16
	KindAllowedFast   Kind = 17
	KindExtended      Kind = 20
	KindHashRequest   Kind = 21
	KindHashes        Kind = 22
	KindHashReject    Kind = 23
	KindKeepAlive     Kind = 255
)

var kindNames = map[Kind]string{
	KindChoke:         "choke",
	KindUnchoke:       "unchoke",
	KindInterested:    "interested",
	KindNotInterested: "not interested",
	KindHave:          "have",
	KindBitfield:      "bitfield",
	KindRequest:       "request",
	KindPiece:         "piece",
	KindCancel:        "cancel",
	KindPort:          "port",
	KindSuggest:       "suggest",
	KindHaveAll:       "have all",
	KindHaveNone:      "have none",
	KindReject:        "reject",
	KindAllowedFast:   "allowed fast",
	KindExtended:      "extended",
	KindHashRequest:   "hash request",
	KindHashes:        "hashes",
	KindHashReject:    "hash reject",
	KindKeepAlive:     "keep-alive",
}

// String returns the name that the BEP gives to the message.
func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return "kind " + strconv.Itoa(int(k))
}

// Message is one message between peers. Which fields count depends on its Kind:
//
//	have, suggest, allowed fast   Index
//	request, cancel, reject       Index, Begin, Length
//	piece                         Index, Begin, Data (the block)
//	bitfield                      Data (the bits)
//	port                          Port
//	extended                      Ext, Data (the payload)
//	hash request, hash reject     Data (a HashRange)
//	hashes                        Data (a HashRange, its hashes, those of the proof from the lowest layer up)
//
// Index counts pieces; Begin and Length count bytes within the piece.
type Message struct {
	Kind                 Kind
	Index, Begin, Length uint32
	Data                 []byte
	Ext                  uint8
	Port                 uint16
}

// Append appends the message to dst with the four bytes of its length in front. It panics when m.Kind is none of the constants.
func (m Message) Append(dst []byte) []byte {
	switch m.Kind {
	case KindKeepAlive:
		return append(dst, 0, 0, 0, 0)
	case KindChoke, KindUnchoke, KindInterested, KindNotInterested, KindHaveAll, KindHaveNone:
		return appendHeader(dst, m.Kind, 0)
	case KindHave, KindSuggest, KindAllowedFast:
		return appendUint32s(appendHeader(dst, m.Kind, 4), m.Index)
	case KindRequest, KindCancel, KindReject:
		return appendUint32s(appendHeader(dst, m.Kind, 12), m.Index, m.Begin, m.Length)
	case KindPiece:
		return append(AppendPieceHeader(dst, m.Index, m.Begin, uint32(len(m.Data))), m.Data...)
	case KindBitfield, KindHashRequest, KindHashes, KindHashReject:
		return append(appendHeader(dst, m.Kind, len(m.Data)), m.Data...)
	case KindPort:
		return binary.BigEndian.AppendUint16(appendHeader(dst, m.Kind, 2), m.Port)
	case KindExtended:
		return append(append(appendHeader(dst, m.Kind, 1+len(m.Data)), m.Ext), m.Data...)
	}
	panic("wire: cannot encode " + m.Kind.String())
}

// PieceHeaderSize is the number of bytes that stand before the block in a piece message, its length included.
const PieceHeaderSize = 13

// AppendPieceHeader appends all of a piece message but its block, so that the block can follow without being copied.
func AppendPieceHeader(dst []byte, index, begin, blockLength uint32) []byte {
	return appendUint32s(appendHeader(dst, KindPiece, 8+int(blockLength)), index, begin)
}

// appendHeader appends the length of a message and its kind. payload counts what follows the kind.
func appendHeader(dst []byte, k Kind, payload int) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(1+payload))
	return append(dst, byte(k))
}

func appendUint32s(dst []byte, numbers ...uint32) []byte {
	for _, n := range numbers {
		dst = binary.BigEndian.AppendUint32(dst, n)
	}
	return dst
}

// parse reads a frame without its length. The message's Data is part of the frame.
func parse(frame []byte) (Message, error) {
	if len(frame) == 0 {
		return Message{Kind: KindKeepAlive}, nil
	}
	m := Message{Kind: Kind(frame[0])}
	payload := frame[1:]
	least, most := payloadSize(m.Kind)
	if most < 0 {
		return Message{}, fmt.Errorf("unknown message %d", frame[0])
	}
	if len(payload) < least || len(payload) > most || m.Kind == KindHashes && len(payload)%HashSize != HashRangeSize%HashSize {
		return Message{}, fmt.Errorf("%s message with %d bytes of payload", m.Kind, len(payload))
	}
	m.fill(payload)
	return m, nil
}

// payloadSize returns the bounds of what may follow the kind, in bytes; most is negative for an unknown kind.
func payloadSize(k Kind) (least, most int) {
	switch k {
	case KindChoke, KindUnchoke, KindInterested, KindNotInterested, KindHaveAll, KindHaveNone:
		return 0, 0
	case KindHave, KindSuggest, KindAllowedFast:
		return 4, 4
	case KindRequest, KindCancel, KindReject:
		return 12, 12
	case KindPiece:
		return 8, unbounded
	case KindBitfield:
		return 0, unbounded
	case KindPort:
		return 2, 2
	case KindExtended:
		return 1, unbounded
	case KindHashRequest, KindHashReject:
		return HashRangeSize, HashRangeSize
	case KindHashes:
		return HashRangeSize, HashRangeSize + (MaxHashes+MaxProof)*HashSize
	}
	return 0, -1
}

// unbounded stands for payloads that only the Decoder's limit on frames bounds.
const unbounded = 1<<31 - 1

// fill reads a payload whose size fits m.Kind.
func (m *Message) fill(payload []byte) {
	number := func(i int) uint32 { return binary.BigEndian.Uint32(payload[4*i:]) }
	switch m.Kind {
	case KindHave, KindSuggest, KindAllowedFast:
		m.Index = number(0)
	case KindRequest, KindCancel, KindReject:
		m.Index, m.Begin, m.Length = number(0), number(1), number(2)
	case KindPiece:
		m.Index, m.Begin, m.Data = number(0), number(1), payload[8:]
	case KindBitfield, KindHashRequest, KindHashes, KindHashReject:
		m.Data = payload
	case KindPort:
		m.Port = binary.BigEndian.Uint16(payload)
	case KindExtended:
		m.Ext, m.Data = payload[0], payload[1:]
	}
}
