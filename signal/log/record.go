package log

import (
	"fmt"
	"strings"
)

// MaxRecord is the most bytes of a record.
const MaxRecord = 4096

// Kind is what a record tells of.
type Kind string

// The kinds of records.
const (
	KindReceipt  Kind = "receipt"  // bytes were credited: a salted hash of what was settled
	KindDeposit  Kind = "deposit"  // credits came into the treasury
	KindBoost    Kind = "boost"    // credits were locked on a work
	KindPool     Kind = "pool"     // a creator funded a work's bytes
	KindGrant    Kind = "grant"    // a new account's first credits
	KindAudit    Kind = "audit"    // a proof of storage that failed
	KindTakedown Kind = "takedown" // a work was removed by the operator
	KindEpoch    Kind = "epoch"    // an epoch was closed and divided
)

// Record is one leaf of the log. It is made by the types named like the kinds, or by ParseRecord, so that every one can be read back.
//
// Its form is lines that end in a newline: the kind, then a key and its words, parted by single spaces, in the kind's order.
type Record struct {
	kind  Kind
	lines []line
}

// A line is a key and the words after it.
type line struct {
	key   string
	words []string
}

// Kind returns what the record tells of.
func (r Record) Kind() Kind { return r.kind }

// Value returns the words of the first line with this key, "" when there is none.
func (r Record) Value(key string) string {
	for _, l := range r.lines {
		if l.key == key {
			return strings.Join(l.words, " ")
		}
	}
	return ""
}

// Append appends the record's one form to dst.
func (r Record) Append(dst []byte) []byte {
	dst = append(append(dst, r.kind...), '\n')
	for _, l := range r.lines {
		dst = append(dst, l.key...)
		for _, word := range l.words {
			dst = append(append(dst, ' '), word...)
		}
		dst = append(dst, '\n')
	}
	return dst
}

// Leaf is the hash by which the tree has the record.
func (r Record) Leaf() Hash { return LeafHash(r.Append(nil)) }

// ParseRecord reads one whole record. An error is ErrRecord.
func ParseRecord(b []byte) (Record, error) {
	if len(b) > MaxRecord {
		return Record{}, fmt.Errorf("%w: %d bytes, of which %d are allowed", ErrRecord, len(b), MaxRecord)
	}
	text, whole := strings.CutSuffix(string(b), "\n")
	parts := strings.Split(text, "\n")
	r := Record{kind: Kind(parts[0])}
	forms, known := schemas[r.kind]
	if !whole || !known {
		return Record{}, fmt.Errorf("%w: it is of no known kind, or its last line does not end", ErrRecord)
	}
	for _, part := range parts[1:] {
		words := strings.Split(part, " ")
		r.lines = append(r.lines, line{words[0], words[1:]})
	}
	if err := forms.check(r.lines); err != nil {
		return Record{}, fmt.Errorf("%w: %s: %v", ErrRecord, r.kind, err)
	}
	return r, nil
}
