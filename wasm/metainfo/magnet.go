package metainfo

import (
	"bytes"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fanseed/wasm/merkle"
)

// Magnet is a link to a torrent by its infohash (BEP 9), or by both of a hybrid.
type Magnet struct {
	Infohash   [HashSize]byte // names the swarm: of version 1; where only the other is known, the beginning of InfohashV2
	InfohashV2 merkle.Hash    // of version 2; zero when unknown
	Name       string         // dn; may be empty
	Trackers   []string       // tr
	Webseeds   []string       // ws
	Length     int64          // xl: bytes; 0 when unknown
	Select     []int          // so: numbers in Info.Files, in order and each once; nil for all files (BEP 53)
}

// maxMagnet bounds a link, in bytes.
const maxMagnet = 64 << 10

const (
	magnetScheme = "magnet:?"
	btih         = "urn:btih:"
	btmh         = "urn:btmh:1220" // as a multihash: SHA-256, 32 bytes
)

// ParseMagnet reads a magnet link. The infohash of version 1 may be in hexadecimal or in base32. It ignores parameters that it does not
// know and URLs that are of no use, and refuses a link with no infohash or with two different ones of a version.
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
	for parameter := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(parameter, "=")
		key, _, _ = strings.Cut(key, ".") // tr.1, tr.2, …
		if err := m.set(key, value); err != nil {
			return m, fmt.Errorf("%s: %w", key, err)
		}
	}
	switch {
	case m.Infohash != [HashSize]byte{}:
	case m.InfohashV2 != merkle.Hash{}:
		copy(m.Infohash[:], m.InfohashV2[:])
	default:
		return m, errors.New("no infohash")
	}
	return m, nil
}

func (m *Magnet) set(key, value string) error {
	if key == "dn" {
		value = strings.ReplaceAll(value, "+", " ")
	}
	value, err := unescape(value)
	if err != nil {
		return err
	}
	switch key {
	case "xt":
		return m.setTopic(value)
	case "xl":
		return m.setLength(value)
	case "so":
		files, err := ParseSelect(value)
		m.Select = slices.Concat(m.Select, files)
		slices.Sort(m.Select)
		m.Select = slices.Compact(m.Select)
		return err
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

func (m *Magnet) setTopic(value string) (err error) {
	if digits, ok := cutPrefixFold(value, btih); ok {
		return assign(m.Infohash[:], parseInfohash, digits)
	}
	if digits, ok := cutPrefixFold(value, btmh); ok {
		return assign(m.InfohashV2[:], hex.DecodeString, digits)
	}
	return nil // a topic of another kind
}

var errInfohash = errors.New("not an infohash")

// assign sets an infohash, unless it is zero or another one was set before.
func assign(infohash []byte, decode func(string) ([]byte, error), digits string) error {
	b, err := decode(digits)
	if err != nil || len(b) != len(infohash) || allZero(b) {
		return errInfohash
	}
	if !allZero(infohash) && !bytes.Equal(infohash, b) {
		return errors.New("two different infohashes")
	}
	copy(infohash, b)
	return nil
}

func allZero(b []byte) bool { return bytes.Count(b, []byte{0}) == len(b) }

func (m *Magnet) setLength(value string) error {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 || n > MaxLength {
		return errors.New("not a length")
	}
	m.Length = n
	return nil
}

// maxSelected bounds how many files a link selects.
const maxSelected = MaxFiles

var errSelect = errors.New("not a list of files")

// ParseSelect reads numbers of files and ranges of them, as in 0,2,4-8 (BEP 53). It gives them in order and each once.
func ParseSelect(value string) (files []int, err error) {
	for part := range strings.SplitSeq(value, ",") {
		from, to, ok := strings.Cut(part, "-")
		if !ok {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 31)
		last, err2 := strconv.ParseUint(to, 10, 31)
		if err != nil || err2 != nil || first > last || last >= maxSelected || len(files) > maxSelected {
			return nil, errSelect
		}
		for n := first; n <= last; n++ {
			files = append(files, int(n))
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

func parseInfohash(digits string) ([]byte, error) {
	if len(digits) == base32.StdEncoding.EncodedLen(HashSize) {
		return base32.StdEncoding.DecodeString(strings.ToUpper(digits))
	}
	return hex.DecodeString(digits)
}

// String returns the link, the infohashes in hexadecimal.
func (m Magnet) String() string {
	b := m.appendTopics([]byte(magnetScheme))
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
	if len(m.Select) > 0 {
		b = appendSelect(append(b, "&so="...), m.Select)
	}
	return string(b)
}

func (m Magnet) appendTopics(b []byte) []byte {
	v2 := m.InfohashV2 != merkle.Hash{}
	if v1 := !v2 || m.Infohash != [HashSize]byte(m.InfohashV2[:]); v1 {
		b = hex.AppendEncode(append(b, "xt="+btih...), m.Infohash[:])
		if v2 {
			b = append(b, '&')
		}
	}
	if v2 {
		b = hex.AppendEncode(append(b, "xt="+btmh...), m.InfohashV2[:])
	}
	return b
}

// appendSelect writes numbers, those that follow one another as a range.
func appendSelect(b []byte, files []int) []byte {
	for n := 0; n < len(files); n++ {
		first := n
		for n+1 < len(files) && files[n+1] == files[n]+1 {
			n++
		}
		if first > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(files[first]), 10)
		if n > first {
			b = strconv.AppendInt(append(b, '-'), int64(files[n]), 10)
		}
	}
	return b
}

func appendParameter(dst []byte, key, value string) []byte {
	dst = append(dst, '&')
	dst = append(dst, key...)
	dst = append(dst, '=')
	return appendEscaped(dst, value)
}
