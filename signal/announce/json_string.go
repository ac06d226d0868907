package announce

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// quoted reads a string, whose opening quote comes next.
func (r *reader) quoted() string {
	r.at++
	r.buf = r.buf[:0]
	for r.err == nil {
		plain := r.plain()
		switch r.next() {
		case '"':
			if len(r.buf) == 0 {
				return plain
			}
			return string(append(r.buf, plain...))
		case '\\':
			if r.buf == nil {
				r.buf = make([]byte, 0, len(r.json))
			}
			r.buf = append(r.buf, plain...)
			r.escape()
		default:
			r.broken("string without an end")
		}
	}
	return ""
}

// plain reads the part of a string that stands for itself.
func (r *reader) plain() string {
	rest := r.json[r.at:]
	n := 0
	for n < len(rest) && !needsEscape(rest[n]) {
		n++
	}
	r.at += n
	return rest[:n]
}

// escape reads what follows a backslash into buf.
func (r *reader) escape() {
	switch c := r.next(); c {
	case '"', '\\', '/':
		r.buf = append(r.buf, c)
	case 'b':
		r.buf = append(r.buf, '\b')
	case 'f':
		r.buf = append(r.buf, '\f')
	case 'n':
		r.buf = append(r.buf, '\n')
	case 'r':
		r.buf = append(r.buf, '\r')
	case 't':
		r.buf = append(r.buf, '\t')
	case 'u':
		r.buf = utf8.AppendRune(r.buf, r.codePoint())
	default:
		r.broken("unknown escape")
	}
}

// codePoint reads what follows \u: one UTF-16 code unit, or a surrogate, \u and another.
func (r *reader) codePoint() rune {
	c := r.codeUnit()
	if !utf16.IsSurrogate(c) {
		return c
	}
	if r.accept('\\') && r.accept('u') {
		if c = utf16.DecodeRune(c, r.codeUnit()); c != utf8.RuneError {
			return c
		}
	}
	r.broken("half of a surrogate pair")
	return 0
}

func (r *reader) codeUnit() rune {
	digits := r.json[r.at:min(r.at+4, len(r.json))]
	r.at += len(digits)
	n, err := strconv.ParseUint(digits, 16, 16)
	if err != nil || len(digits) < 4 {
		r.broken("no four hex digits")
	}
	return rune(n)
}
