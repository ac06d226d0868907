package announce

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
)

// fail notes a field that breaks the protocol.
func (r *reader) fail(fault string) {
	if r.fault == "" {
		r.fault = fault
	}
}

// text reads a string of at most limit bytes; "" for null.
func (r *reader) text(name string, limit int) string {
	if r.null() {
		return ""
	}
	if r.kind() != '"' {
		r.fail(name + " must be a string")
		r.skip()
		return ""
	}
	s := r.quoted()
	if len(s) > limit {
		r.fail(name + " is longer than " + strconv.Itoa(limit) + " bytes")
		return ""
	}
	return s
}

// number reads a number; absent for null and for anything that is none.
func (r *reader) number(absent float64) float64 {
	if r.kind() != '0' {
		r.skip()
		return absent
	}
	f, _ := strconv.ParseFloat(r.numeral(), 64) // ±Inf beside the error of a number that is too large
	return max(-math.MaxFloat64, min(math.MaxFloat64, f))
}

// count reads a number as an int; absent for null, for anything that is none, and for what no int can hold.
func (r *reader) count(absent int) int {
	f := r.number(float64(absent))
	if math.Abs(f) > math.MaxInt32 {
		return absent
	}
	return int(f)
}

// amount reads an integer from 0 to MaxAmount.
func (r *reader) amount(name string) uint64 {
	f := r.number(-1)
	if f < 0 || f > MaxAmount || f != math.Trunc(f) {
		r.fail(name + " must be an integer from 0 to 2^53-1")
		return 0
	}
	return uint64(f)
}

// hex reads len(dst) bytes of hex into dst, and says whether they were there.
func (r *reader) hex(name string, dst []byte) bool {
	s := r.text(name, 2*len(dst))
	if s == "" {
		return false
	}
	if n, err := hex.Decode(dst, []byte(s)); err != nil || n != len(dst) {
		r.fail(name + " must be " + strconv.Itoa(len(dst)) + " bytes of hex")
		return false
	}
	return true
}

// hashes decodes hex of whole hashes of 32 bytes; nil of none.
func (r *reader) hashes(name, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil || len(b)%32 != 0 {
		r.fail(name + " must be hashes in hex")
	}
	if len(b) == 0 {
		return nil
	}
	return b
}

// base64 decodes canonical base64: the text that the bytes are written as.
func (r *reader) base64(name, s string) []byte {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || base64.StdEncoding.EncodedLen(len(b)) != len(s) || len(b) > MaxBlock { // it skips line ends
		r.fail(name + " must be base64")
	}
	return b
}

// binary decodes a stock binary string: 20 code points up to U+00FF.
func binary(s string) (id [20]byte, ok bool) {
	n := 0
	for _, r := range s {
		if r > 0xff || n == len(id) {
			return id, false
		}
		id[n] = byte(r)
		n++
	}
	return id, n == len(id)
}
