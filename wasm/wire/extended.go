package wire

import (
	"errors"
	"fmt"
	"math"

	"fanseed/wasm/bencode"
)

// ExtHandshake is the Ext of the message whose payload is an ExtendedHandshake (BEP 10).
const ExtHandshake uint8 = 0

// Names of the extensions that we speak, as they stand in the extended handshake.
const (
	nameMetadata = "ut_metadata" // BEP 9
	nameReceipt  = "fs_receipt"
)

// MaxMetadataSize is the largest info dictionary, in bytes, that a peer may offer.
const MaxMetadataSize = 10 << 20

const (
	maxExtended = 64 << 10 // bytes of an extended handshake
	maxVersion  = 256      // bytes of a client's name
)

// extendedLimits fit a handshake that names every extension there is.
var extendedLimits = bencode.Limits{Depth: 8, Items: 2048, Unsorted: true}

// ExtendedHandshake is the payload of the first extended message (BEP 10).
type ExtendedHandshake struct {
	Metadata     uint8  // the Ext that the sender wants on ut_metadata messages to it; 0 when it does not speak it
	Receipt      uint8  // the same for fs_receipt
	MetadataSize int    // bytes of the info dictionary; 0 when the sender has none (BEP 9)
	Reqq         int    // requests that the sender keeps in its queue; 0 when it did not say
	Version      string // the client's name and version; may be empty
	UploadOnly   bool   // the sender wants no pieces (BEP 21)
}

// Append appends the bencoded handshake to dst, leaving out what is zero.
func (h ExtendedHandshake) Append(dst []byte) []byte {
	ids := bencode.Dict{}
	putNonzero(ids, nameMetadata, int(h.Metadata))
	putNonzero(ids, nameReceipt, int(h.Receipt))
	d := bencode.Dict{"m": ids}
	putNonzero(d, "metadata_size", h.MetadataSize)
	putNonzero(d, "reqq", h.Reqq)
	if h.UploadOnly {
		d["upload_only"] = 1
	}
	if h.Version != "" {
		d["v"] = h.Version
	}
	return bencode.Append(dst, d)
}

func putNonzero(d bencode.Dict, key string, n int) {
	if n != 0 {
		d[key] = n
	}
}

// ParseExtendedHandshake reads the payload of an extended message with Ext 0. It ignores keys and extensions that it does not
// know, and refuses known ones with a wrong type or an impossible value.
func ParseExtendedHandshake(b []byte) (ExtendedHandshake, error) {
	h, err := parseExtendedHandshake(b)
	if err != nil {
		return ExtendedHandshake{}, fmt.Errorf("extended handshake: %w", err)
	}
	return h, nil
}

func parseExtendedHandshake(b []byte) (h ExtendedHandshake, err error) {
	if len(b) > maxExtended {
		return h, fmt.Errorf("%d bytes, at most %d are allowed", len(b), maxExtended)
	}
	v, err := bencode.Decode(b, extendedLimits)
	if err != nil {
		return h, err
	}
	if v.Kind() != bencode.Dictionary {
		return h, errNotDictionary
	}
	f := fields{dict: v}
	ids := fields{dict: f.optionalDictionary("m")}
	h.Metadata = uint8(ids.optionalInt(nameMetadata, math.MaxUint8))
	h.Receipt = uint8(ids.optionalInt(nameReceipt, math.MaxUint8))
	h.MetadataSize = f.optionalInt("metadata_size", MaxMetadataSize)
	h.Reqq = f.optionalInt("reqq", math.MaxInt32)
	h.UploadOnly = f.optionalInt("upload_only", math.MaxInt32) != 0
	h.Version = f.optionalText("v", maxVersion)
	if h.Metadata != 0 && h.Metadata == h.Receipt {
		return h, errors.New("two extensions with one id")
	}
	return h, errors.Join(f.err, ids.err)
}
