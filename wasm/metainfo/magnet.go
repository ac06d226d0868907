package metainfo

import (
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Magnet is a link to a torrent by its infohash (BEP 9).
type Magnet struct {
	Infohash [HashSize]byte
	Name     string   // dn; may be empty
	Trackers []string // tr
	Webseeds []string // ws
	Length   int64    // xl: bytes; 0 when unknown
}

// maxMagnet bounds a link, in bytes.
const maxMagnet = 64 << 10

const (
	magnetScheme = "magnet:?"
	btih         = "urn:btih:"
)

// ParseMagnet reads a magnet link. The infohash may be in hexadecimal or in base32. It ignores parameters that it does not know and
// URLs that are of no use, and refuses a link with no infohash of version 1 or with two different ones.
func ParseMagnet(link string) (Magnet, error) {
	m, err := parseMagnet(link)
	if err != nil {
		return Magnet{}, fmt.Errorf("read magnet link: %w", err)
	}
	return m, nil
}

func parseMagnet(link string) (m Magnet, err error) {
	if len(link) > maxMagnet {
		return m, fmt.Errorf("%d bytes, at most %d are allowed", len(link), maxMagnet)
	}
	query, ok := cutPrefixFold(link, magnetScheme)
	if !ok {
		return m, errors.New("it does not begin with " + magnetScheme)
	}
	query, _, _ = strings.Cut(query, "#")
	found := false
	for parameter := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(parameter, "=")
		key, _, _ = strings.Cut(key, ".") // tr.1, tr.2, …
		if err := m.set(key, value, &found); err != nil {
			return m, fmt.Errorf("%s: %w", key, err)
		}
	}
	if !found {
		return m, errors.New("no infohash")
	}
	return m, nil
}

func (m *Magnet) set(key, value string, found *bool) error {
	if key == "dn" {
		value = strings.ReplaceAll(value, "+", " ")
	}
	value, err := unescape(value)
	if err != nil {
		return err
	}
	switch key {
	case "xt":
		return m.setTopic(value, found)
	case "xl":
		return m.setLength(value)
	case "dn":
		if m.Name == "" {
			m.Name = strings.ToValidUTF8(value, "\uFFFD")
		}
	case "tr":
		if usable(value, trackerSchemes) {
			m.Trackers = append(m.Trackers, value)
		}
	case "ws":
		if usable(value, webseedSchemes) {
			m.Webseeds = append(m.Webseeds, value)
		}
	}
	return nil
}

func (m *Magnet) setTopic(value string, found *bool) error {
	digits, ok := cutPrefixFold(value, btih)
	if !ok {
		return nil // a topic of another kind, such as the infohash of version 2
	}
	infohash, err := parseInfohash(digits)
	if err != nil {
		return err
	}
	if *found && infohash != m.Infohash {
		return errors.New("two different infohashes")
	}
	m.Infohash, *found = infohash, true
	return nil
}

func (m *Magnet) setLength(value string) error {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 || n > MaxLength {
		return errors.New("not a length")
	}
	m.Length = n
	return nil
}

func parseInfohash(s string) (infohash [HashSize]byte, err error) {
	var b []byte
	switch len(s) {
	case 2 * HashSize:
		b, err = hex.DecodeString(s)
	case base32.StdEncoding.EncodedLen(HashSize):
		b, err = base32.StdEncoding.DecodeString(strings.ToUpper(s))
	}
	if err != nil || len(b) != HashSize {
		return infohash, errors.New("not an infohash")
	}
	return [HashSize]byte(b), nil
}

// String returns the link, the infohash in hexadecimal.
func (m Magnet) String() string {
	b := []byte(magnetScheme + "xt=" + btih)
	b = hex.AppendEncode(b, m.Infohash[:])
	if m.Name != "" {
		b = appendParameter(b, "dn", m.Name)
	}
	if m.Length > 0 {
		b = appendParameter(b, "xl", strconv.FormatInt(m.Length, 10))
	}
	for _, url := range m.Trackers {
		b = appendParameter(b, "tr", url)
	}
	for _, url := range m.Webseeds {
		b = appendParameter(b, "ws", url)
	}
	return string(b)
}

func appendParameter(dst []byte, key, value string) []byte {
	dst = append(dst, '&')
	dst = append(dst, key...)
	dst = append(dst, '=')
	return appendEscaped(dst, value)
}
