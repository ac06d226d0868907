package announce

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Errors of text that is no message at all; whoever sends it does not speak the protocol.
var (
	errTooLarge = errors.New("message is longer than " + strconv.Itoa(MaxMessage) + " bytes")
	errTooDeep  = errors.New("message is nested deeper than " + strconv.Itoa(MaxDepth) + " levels")
	errTrailing = errors.New("more than one JSON value in a message")
)

// reader walks the tokens of one message. Its two errors are sticky: err is final (no JSON, or over a limit), fault is the first
// field that breaks the protocol; after a fault the walk goes on, so that the refusal can name action and info_hash.
type reader struct {
	dec   *jsontext.Decoder
	err   error
	fault string
}

func newReader(text []byte) *reader {
	r := &reader{dec: jsontext.NewDecoder(bytes.NewBuffer(text))}
	if len(text) > MaxMessage {
		r.err = errTooLarge
	}
	return r
}

func (r *reader) fail(fault string) {
	if r.fault == "" {
		r.fault = fault
	}
}

// token reads one token. It is lent until the next read.
func (r *reader) token() jsontext.Token {
	if r.err != nil {
		return jsontext.Token{}
	}
	t, err := r.dec.ReadToken()
	if err == nil && r.dec.StackDepth() > MaxDepth {
		err = errTooDeep
	}
	r.err = err
	return t
}

// kind returns the kind of the next value, 0 after an error.
func (r *reader) kind() jsontext.Kind {
	if r.err != nil {
		return 0
	}
	return r.dec.PeekKind()
}

// skip walks over the next value, to the depth limit.
func (r *reader) skip() {
	depth := r.dec.StackDepth()
	for r.token(); r.err == nil && r.dec.StackDepth() > depth; {
		r.token()
	}
}

// null skips a null and says so.
func (r *reader) null() bool {
	if r.kind() != 'n' {
		return false
	}
	r.token()
	return true
}

// open enters an object ('{') or array ('['). Any other value is skipped, and is a fault unless it is null.
func (r *reader) open(kind jsontext.Kind, name string) bool {
	if r.kind() == kind {
		r.token()
		return r.err == nil
	}
	if !r.null() {
		r.fail(name + " has the wrong type")
		r.skip()
	}
	return false
}

// more says whether the object or array that was opened goes on; where it does not, it leaves it.
func (r *reader) more(end jsontext.Kind) bool {
	if r.err != nil {
		return false
	}
	if r.dec.PeekKind() == end {
		r.token()
		return false
	}
	return true
}

// object opens an object and yields its member names; the loop's body must read each value.
func (r *reader) object(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if !r.open('{', name) {
			return
		}
		for r.more('}') {
			if member := r.token().String(); r.err == nil {
				yield(member)
			}
		}
	}
}

// array opens an array and yields the index of each element; the loop's body must read each.
func (r *reader) array(name string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		if !r.open('[', name) {
			return
		}
		for i := 0; r.more(']'); i++ {
			yield(i)
		}
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
	s := r.token().String()
	if r.err != nil {
		return ""
	}
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
	t := r.token()
	if r.err != nil {
		return absent
	}
	f, _ := t.Float() // ±Inf beside the error of a number that is too large
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

// end checks that nothing follows the message.
func (r *reader) end() error {
	if r.err == nil {
		if _, err := r.dec.ReadToken(); err == nil {
			r.err = errTrailing
		} else if err != io.EOF {
			r.err = err
		}
	}
	return r.err
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
