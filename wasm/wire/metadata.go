package wire

import (
	"fmt"
	"math"

	"fanseed/wasm/bencode"
)

// MetadataType tells what a ut_metadata message is.
type MetadataType uint8

// The messages of BEP 9. Any other type is to be ignored.
const (
	MetadataRequest MetadataType = 0
	MetadataData    MetadataType = 1
	MetadataReject  MetadataType = 2
)

// MetadataPieceSize is the length in bytes of every piece of an info dictionary but the last (BEP 9).
const MetadataPieceSize = 16 << 10

// Metadata is the payload of a ut_metadata message (BEP 9).
type Metadata struct {
	Type      MetadataType
	Piece     int    // counts pieces of MetadataPieceSize
	TotalSize int    // bytes of the whole info dictionary; only in data
	Data      []byte // the piece; only in data
}

var metadataLimits = bencode.Limits{Depth: 4, Items: 64, Unsorted: true}

// Append appends the payload to dst.
func (m Metadata) Append(dst []byte) []byte {
	d := bencode.Dict{"msg_type": int(m.Type), "piece": m.Piece}
	if m.Type != MetadataData {
		return bencode.Append(dst, d)
	}
	d["total_size"] = m.TotalSize
	return append(bencode.Append(dst, d), m.Data...)
}

// ParseMetadata reads the payload of a ut_metadata message. m.Data is part of b. A piece of data must have exactly the length that
// its number and the total size give it. A message of an unknown type is returned with its Type alone.
func ParseMetadata(b []byte) (m Metadata, err error) {
	v, rest, err := bencode.DecodePrefix(b, metadataLimits)
	if err != nil {
		return Metadata{}, fmt.Errorf("ut_metadata: %w", err)
	}
	f := fields{dict: v}
	m.Type = MetadataType(f.integer("msg_type", math.MaxUint8))
	if f.err == nil && m.Type > MetadataReject {
		return m, nil
	}
	m.Piece = int(f.integer("piece", MaxMetadataSize/MetadataPieceSize-1))
	if m.Type == MetadataData {
		m.TotalSize = int(f.integer("total_size", MaxMetadataSize))
		m.Data = rest
	}
	if f.err != nil {
		return Metadata{}, fmt.Errorf("ut_metadata: %w", f.err)
	}
	if want := m.dataSize(); len(rest) != want || m.Type == MetadataData && want == 0 {
		return Metadata{}, fmt.Errorf("ut_metadata: %d bytes of data, not the %d of piece %d", len(rest), want, m.Piece)
	}
	return m, nil
}

// dataSize returns how many bytes must follow the dictionary.
func (m Metadata) dataSize() int {
	if m.Type != MetadataData {
		return 0
	}
	return max(0, min(MetadataPieceSize, m.TotalSize-m.Piece*MetadataPieceSize))
}
