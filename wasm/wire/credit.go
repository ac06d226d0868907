package wire

import (
	"fmt"
	"math"
	"strings"

	"fanseed/wasm/bencode"
)

// CreditType tells what an fs_receipt message is.
type CreditType uint8

// The messages of fs_receipt. Any other type is to be ignored.
const (
	CreditHello   CreditType = 0 // Version, and Serial when there is a ticket: the sender speaks fs_receipt
	CreditReceipt CreditType = 1 // Serial, Amount, Signature: the downloader acknowledges so many bytes in all
	CreditMore    CreditType = 2 // Serial: the ticket is nearly used up, a new one is wanted
	CreditBye     CreditType = 3 // Serial, Why, and the last receipt when there is one: the sender is about to leave
)

// CreditVersion is the version of fs_receipt that this package writes.
const CreditVersion = 1

// Credit is the payload of an fs_receipt message: a bencoded dictionary. Its Type tells which fields count.
type Credit struct {
	Type      CreditType // t
	Version   int        // v
	Serial    [16]byte   // s: of the ticket
	Amount    uint64     // a: bytes verified under this ticket so far; at most 2⁵³-1
	Signature [64]byte   // g: Ed25519 of the downloader over the receipt
	Why       string     // why: at most MaxWhy bytes of text
}

// MaxWhy bounds the text that says why a peer leaves, in bytes.
const MaxWhy = 200

// maxAmount is the largest amount that every reader of a receipt, JavaScript included, can hold exactly.
const maxAmount = 1<<53 - 1

var creditLimits = bencode.Limits{Depth: 4, Items: 64, Unsorted: true}

// Append appends the payload to dst, with those fields that belong to its Type.
func (c Credit) Append(dst []byte) []byte {
	d := bencode.Dict{"t": int(c.Type)}
	switch c.Type {
	case CreditHello:
		d["v"] = c.Version
		if c.Serial != [16]byte{} {
			d["s"] = c.Serial[:]
		}
	case CreditReceipt:
		c.putReceipt(d)
	case CreditMore:
		d["s"] = c.Serial[:]
	case CreditBye:
		c.putBye(d)
	}
	return bencode.Append(dst, d)
}

func (c *Credit) putReceipt(d bencode.Dict) {
	d["s"] = c.Serial[:]
	d["a"] = int64(c.Amount)
	d["g"] = c.Signature[:]
}

func (c *Credit) putBye(d bencode.Dict) {
	if c.Amount != 0 || c.Signature != [64]byte{} {
		c.putReceipt(d)
	} else if c.Serial != [16]byte{} {
		d["s"] = c.Serial[:]
	}
	d["why"] = text(c.Why[:min(len(c.Why), MaxWhy)])
}

// ParseCredit reads the payload of an fs_receipt message and keeps those fields that belong to its Type. It does not verify the
// signature. A message of an unknown type is returned with its Type alone.
func ParseCredit(b []byte) (Credit, error) {
	v, err := bencode.Decode(b, creditLimits)
	if err != nil {
		return Credit{}, fmt.Errorf("fs_receipt: %w", err)
	}
	f := fields{dict: v}
	c := Credit{Type: CreditType(f.integer("t", math.MaxUint8))}
	c.read(&f)
	if f.err != nil {
		return Credit{}, fmt.Errorf("fs_receipt: %w", f.err)
	}
	return c, nil
}

func (c *Credit) read(f *fields) {
	switch c.Type {
	case CreditHello:
		c.Version = int(f.integer("v", math.MaxInt32))
		c.readSerial(f)
	case CreditReceipt:
		c.readReceipt(f)
	case CreditMore:
		f.fixed("s", c.Serial[:])
	case CreditBye:
		c.readBye(f)
	}
}

// readSerial reads a serial that may be missing.
func (c *Credit) readSerial(f *fields) {
	if f.has("s") {
		f.fixed("s", c.Serial[:])
	}
}

func (c *Credit) readReceipt(f *fields) {
	f.fixed("s", c.Serial[:])
	c.Amount = uint64(f.integer("a", maxAmount))
	f.fixed("g", c.Signature[:])
}

func (c *Credit) readBye(f *fields) {
	if f.has("a") {
		c.readReceipt(f)
	} else {
		c.readSerial(f)
	}
	c.Why = text(f.optionalText("why", MaxWhy))
}

// text drops what is not UTF-8.
func text(s string) string { return strings.ToValidUTF8(s, "") }
