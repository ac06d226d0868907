package announce

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
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

// quote writes a string. Each byte that is not UTF-8 becomes U+FFFD.
func (w *writer) quote(s string) {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	b := append(slices.Grow(*w, len(s)+2), '"')
	plain := 0 // where what stands for itself begins
	for i := range len(s) {
		if needsEscape(s[i]) {
			b = appendEscape(append(b, s[plain:i]...), s[i])
			plain = i + 1
		}
	}
	*w = append(append(b, s[plain:]...), '"')
}

// latin1 writes a stock binary string: each byte one code point.
func (w *writer) latin1(b [20]byte) {
	*w = append(*w, '"')
	for _, c := range b {
		if needsEscape(c) {
			*w = appendEscape(*w, c)
		} else {
			*w = utf8.AppendRune(*w, rune(c))
		}
	}
	*w = append(*w, '"')
}

func needsEscape(c byte) bool { return c < ' ' || c == '"' || c == '\\' }

// appendEscape appends the shortest escape of a byte that needs one.
func appendEscape(dst []byte, c byte) []byte {
	dst = append(dst, '\\')
	switch c {
	case '"', '\\':
		return append(dst, c)
	case '\b':
		return append(dst, 'b')
	case '\f':
		return append(dst, 'f')
	case '\n':
		return append(dst, 'n')
	case '\r':
		return append(dst, 'r')
	case '\t':
		return append(dst, 't')
	}
	return hex.AppendEncode(append(dst, "u00"...), []byte{c})
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

func (w *writer) binary(name string, b [20]byte) {
	w.name(name)
	w.latin1(b)
}

func (w *writer) hex(name string, b []byte) {
	w.name(name)
	*w = append(hex.AppendEncode(append(*w, '"'), b), '"')
}

func (w *writer) base64(name string, b []byte) {
	w.name(name)
	*w = append(base64.StdEncoding.AppendEncode(append(*w, '"'), b), '"')
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
