package announce

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Errors of text that is no message at all; whoever sends it does not speak the protocol.
var (
	errTooLarge = errors.New("message is longer than " + strconv.Itoa(MaxMessage) + " bytes")
	errTooDeep  = errors.New("message is nested deeper than " + strconv.Itoa(MaxDepth) + " levels")
	errNotUTF8  = errors.New("message is not UTF-8")
	errTrailing = errors.New("more than one JSON value in a message")
)

// reader walks the JSON text (RFC 8259) of one message, strictly: valid UTF-8, no name twice in an object, no half of a
// surrogate pair, no more than MaxDepth levels. Its two errors are sticky: err is final (no JSON, or over a limit), fault is the
// first field that breaks the protocol; after a fault the walk goes on, so that the refusal can name action and info_hash.
type reader struct {
	json  string
	at    int // of the byte to read next
	depth int // objects and arrays that are open
	buf   []byte
	err   error
	fault string
}

func newReader(text []byte) *reader {
	if len(text) > MaxMessage {
		return &reader{err: errTooLarge}
	}
	if !utf8.Valid(text) {
		return &reader{err: errNotUTF8}
	}
	return &reader{json: string(text)}
}

// broken says that what was read last is not JSON.
func (r *reader) broken(problem string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s at byte %d", problem, r.at)
	}
}

// next reads a byte; 0 at the end, which JSON allows nowhere.
func (r *reader) next() byte {
	if r.at == len(r.json) {
		return 0
	}
	r.at++
	return r.json[r.at-1]
}

// accept reads c if it comes next.
func (r *reader) accept(c byte) bool {
	if r.at == len(r.json) || r.json[r.at] != c {
		return false
	}
	r.at++
	return true
}

// kind returns the byte that the next value or mark begins with, '0' for any number, and 0 at the end and after an error.
func (r *reader) kind() byte {
	if r.err != nil {
		return 0
	}
	for ; r.at < len(r.json); r.at++ {
		switch c := r.json[r.at]; c {
		case ' ', '\t', '\n', '\r':
		case '-', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			return '0'
		default:
			return c
		}
	}
	return 0
}

// skip walks over the next value.
func (r *reader) skip() {
	switch r.kind() {
	case '{':
		for range r.object("") {
			r.skip()
		}
	case '[':
		for range r.array("") {
			r.skip()
		}
	case '"':
		r.quoted()
	case '0':
		r.numeral()
	default:
		r.literal()
	}
}

// open enters an object ('{') or array ('['). Any other value is skipped, and is a fault unless it is null.
func (r *reader) open(kind byte, name string) bool {
	if r.kind() != kind {
		if !r.null() {
			r.fail(name + " has the wrong type")
			r.skip()
		}
		return false
	}
	if r.depth == MaxDepth {
		r.err = errTooDeep
		return false
	}
	r.at++
	r.depth++
	return true
}

// more says whether the object or array that was opened goes on, and reads the comma; where it does not, it leaves it.
func (r *reader) more(end byte, first bool) bool {
	if r.kind() == end {
		r.at++
		r.depth--
		return false
	}
	if !first && !r.accept(',') {
		r.broken("no comma and no end")
	}
	return r.err == nil
}

// object opens an object and yields its member names; the loop's body must read each value, and never breaks.
func (r *reader) object(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if !r.open('{', name) {
			return
		}
		seen := make(map[string]bool)
		for first := true; r.more('}', first); first = false {
			if member := r.member(seen); r.err == nil {
				yield(member)
			}
		}
	}
}

// member reads a name that was not seen before in this object, and the colon after it.
func (r *reader) member(seen map[string]bool) string {
	if r.kind() != '"' {
		r.broken("no member name")
		return ""
	}
	name := r.quoted()
	if seen[name] {
		r.broken("duplicate member name")
	}
	seen[name] = true
	if r.kind() != ':' {
		r.broken("no colon")
		return ""
	}
	r.at++
	return name
}

// array opens an array and yields the index of each element; the loop's body must read each, and never breaks.
func (r *reader) array(name string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		if !r.open('[', name) {
			return
		}
		for i := 0; r.more(']', i == 0); i++ {
			yield(i)
		}
	}
}

// numeral reads a number.
func (r *reader) numeral() string {
	from := r.at
	r.accept('-')
	if !r.accept('0') {
		r.digits()
	}
	if r.accept('.') {
		r.digits()
	}
	if r.accept('e') || r.accept('E') {
		_ = r.accept('+') || r.accept('-')
		r.digits()
	}
	return r.json[from:r.at]
}

func (r *reader) digits() {
	from := r.at
	for r.at < len(r.json) && '0' <= r.json[r.at] && r.json[r.at] <= '9' {
		r.at++
	}
	if r.at == from {
		r.broken("no digit")
	}
}

// literal reads null, true or false.
func (r *reader) literal() {
	for _, l := range [...]string{"null", "true", "false"} {
		if strings.HasPrefix(r.json[r.at:], l) {
			r.at += len(l)
			return
		}
	}
	r.broken("no JSON value")
}

// null skips a null and says so.
func (r *reader) null() bool {
	if r.kind() != 'n' {
		return false
	}
	r.literal()
	return true
}

// end checks that nothing follows the message.
func (r *reader) end() error {
	if r.kind(); r.err == nil && r.at < len(r.json) {
		r.err = errTrailing
	}
	return r.err
}
