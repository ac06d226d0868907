package announce

import (
	"encoding/hex"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// writer appends JSON, member by member in the order of the calls.
type writer []byte

// open starts a message of an action.
func open(dst []byte, action string) writer {
	w := writer(append(dst, '{'))
	w.text("action", action)
	return w
}

func (w writer) close() []byte { return append(w, '}') }

// comma separates an element from the one before it.
func (w *writer) comma() {
	if last := (*w)[len(*w)-1]; last != '{' && last != '[' {
		*w = append(*w, ',')
	}
}

// name writes a member's name, which needs no escape.
func (w *writer) name(name string) {
	w.comma()
	*w = append(append(append(*w, '"'), name...), '"', ':')
}

// quote writes a string. Invalid UTF-8 becomes U+FFFD, which is all that the error would report.
func (w *writer) quote(s string) {
	b, _ := jsontext.AppendQuote([]byte(*w), s)
	*w = b
}

func (w *writer) text(name, s string) {
	w.name(name)
	w.quote(s)
}

func (w *writer) optional(name, s string) {
	if s != "" {
		w.text(name, s)
	}
}

// latin1 writes a stock binary string: each byte one code point.
func (w *writer) latin1(b [20]byte) {
	var buf [40]byte
	s := buf[:0]
	for _, c := range b {
		s = utf8.AppendRune(s, rune(c))
	}
	quoted, _ := jsontext.AppendQuote([]byte(*w), s)
	*w = quoted
}

func (w *writer) binary(name string, b [20]byte) {
	w.name(name)
	w.latin1(b)
}

func (w *writer) hex(name string, b []byte) {
	w.name(name)
	*w = append(hex.AppendEncode(append(*w, '"'), b), '"')
}

func (w *writer) integer(name string, n uint64) {
	w.name(name)
	*w = strconv.AppendUint(*w, n, 10)
}

// number writes a float; null where JSON has none, as JSON.stringify does.
func (w *writer) number(name string, f float64) {
	w.name(name)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		*w = append(*w, "null"...)
		return
	}
	*w = strconv.AppendFloat(*w, f, 'f', -1, 64)
}

func (w *writer) description(kind, sdp string) {
	w.name(kind)
	*w = append(*w, '{')
	w.text("type", kind)
	w.text("sdp", sdp)
	*w = append(*w, '}')
}

func (w *writer) openArray(name string) {
	w.name(name)
	*w = append(*w, '[')
}

func (w *writer) openElement() {
	w.comma()
	*w = append(*w, '{')
}

func (w *writer) closeElement() { *w = append(*w, '}') }
func (w *writer) closeArray()   { *w = append(*w, ']') }
