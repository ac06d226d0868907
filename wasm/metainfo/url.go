package metainfo

import (
	"encoding/hex"
	"errors"
	"strings"
)

var (
	trackerSchemes = []string{"wss://", "ws://", "https://", "http://", "udp://"}
	webseedSchemes = []string{"https://", "http://"}
)

// maxURL bounds a URL, in bytes.
const maxURL = 2048

// usable tells whether url has one of the schemes and is text of a sane length.
func usable(url string, schemes []string) bool {
	if len(url) > maxURL || validText(url) != nil {
		return false
	}
	for _, scheme := range schemes {
		if rest, ok := cutPrefixFold(url, scheme); ok && rest != "" {
			return true
		}
	}
	return false
}

// cutPrefixFold is strings.CutPrefix for an ASCII prefix in any case.
func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

var errEscape = errors.New("malformed percent-encoding")

// unescape resolves percent-encoding (RFC 3986 section 2.1).
func unescape(s string) (string, error) {
	var b []byte
	for {
		before, after, found := strings.Cut(s, "%")
		b = append(b, before...)
		if !found {
			return string(b), nil
		}
		if len(after) < 2 {
			return "", errEscape
		}
		var err error
		if b, err = hex.AppendDecode(b, []byte(after[:2])); err != nil {
			return "", errEscape
		}
		s = after[2:]
	}
}

// appendEscaped percent-encodes all but the unreserved characters (RFC 3986 section 2.3).
func appendEscaped(dst []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range []byte(s) {
		if unreserved(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
