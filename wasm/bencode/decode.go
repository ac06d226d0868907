package bencode

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// Limits bound what Decode accepts. A zero field means its default.
type Limits struct {
	Depth    int  // lists and dictionaries inside one another; default and most: MaxDepth
	Items    int  // values and keys in all; default DefaultItems
	Unsorted bool // accept dictionaries whose keys are out of order, though never a key twice
}

// MaxDepth is the deepest nesting that Decode can be told to accept.
const MaxDepth = 64

// DefaultItems is the number of values and keys that Decode accepts in one input.
const DefaultItems = 1 << 20

// Decode checks that b holds exactly one value and returns a view of it. Nothing is copied: the Value is good for as long as b is.
func Decode(b []byte, l Limits) (Value, error) {
	v, rest, err := DecodePrefix(b, l)
	if err != nil {
		return Value{}, err
	}
	if len(rest) > 0 {
		return Value{}, fmt.Errorf("bencode: %d bytes after the value", len(rest))
	}
	return v, nil
}

// DecodePrefix checks the value that b begins with and returns a view of it and the bytes that follow.
func DecodePrefix(b []byte, l Limits) (v Value, rest []byte, err error) {
	c := newChecker(b, l)
	if err := c.value(); err != nil {
		return Value{}, nil, fmt.Errorf("bencode: at byte %d: %w", c.at, err)
	}
	return Value{b[:c.at:c.at]}, b[c.at:], nil
}

var (
	errShort   = errors.New("input ends inside a value")
	errDepth   = errors.New("nested too deeply")
	errItems   = errors.New("too many values")
	errOrder   = errors.New("dictionary keys out of order")
	errTwice   = errors.New("dictionary key twice")
	errInteger = errors.New("malformed integer")
	errLength  = errors.New("malformed string length")
	errKind    = errors.New("no value begins with this byte")
	errKey     = errors.New("dictionary key is not a string")
)

// checker walks the input once. What it has passed, a Value may walk again without a check.
type checker struct {
	in       []byte
	at       int
	depth    int // levels that may still be opened
	items    int // values and keys that may still come
	unsorted bool
}

func newChecker(b []byte, l Limits) *checker {
	if l.Depth <= 0 || l.Depth > MaxDepth {
		l.Depth = MaxDepth
	}
	if l.Items <= 0 {
		l.Items = DefaultItems
	}
	return &checker{in: b, depth: l.Depth, items: l.Items, unsorted: l.Unsorted}
}

func (c *checker) value() error {
	if c.at >= len(c.in) {
		return errShort
	}
	switch kindOf(c.in[c.at]) {
	case Integer:
		return c.integer()
	case String:
		_, err := c.str()
		return err
	case List:
		return c.nested(c.list)
	case Dictionary:
		return c.nested(c.dictionary)
	}
	return errKind
}

func (c *checker) count() error {
	if c.items == 0 {
		return errItems
	}
	c.items--
	return nil
}

// integer accepts what strconv would print, and nothing else: no leading zeros, no "-0", no plus sign.
func (c *checker) integer() error {
	if err := c.count(); err != nil {
		return err
	}
	end := c.at + 1
	for end < len(c.in) && c.in[end] != 'e' {
		if end-c.at > maxDigits {
			return errInteger
		}
		end++
	}
	if end == len(c.in) {
		return errShort
	}
	digits := string(c.in[c.at+1 : end])
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != digits {
		return errInteger
	}
	c.at = end + 1
	return nil
}

// maxDigits is the length of the longest int64, its sign included.
const maxDigits = 20

func (c *checker) str() ([]byte, error) {
	if err := c.count(); err != nil {
		return nil, err
	}
	start, length, err := stringAt(c.in, c.at)
	if err != nil {
		return nil, err
	}
	c.at = start + length
	return c.in[start:c.at], nil
}

// nested walks what lies between the opening byte and its 'e'.
func (c *checker) nested(walk func() error) error {
	if err := c.count(); err != nil {
		return err
	}
	if c.depth == 0 {
		return errDepth
	}
	c.depth--
	c.at++
	if err := walk(); err != nil {
		return err
	}
	c.depth++
	c.at++
	return nil
}

func (c *checker) atEnd() bool { return c.at < len(c.in) && c.in[c.at] == 'e' }

func (c *checker) list() error {
	for !c.atEnd() {
		if err := c.value(); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) dictionary() error {
	start := c.at - 1
	var last []byte
	sorted := true
	for n := 0; !c.atEnd(); n++ {
		key, err := c.key()
		if err != nil {
			return err
		}
		if n > 0 {
			switch order := bytes.Compare(last, key); {
			case order == 0:
				return errTwice
			case order > 0 && !c.unsorted:
				return errOrder
			case order > 0:
				sorted = false
			}
		}
		last = key
		if err := c.value(); err != nil {
			return err
		}
	}
	if !sorted {
		return distinctKeys(Value{c.in[start : c.at+1]})
	}
	return nil
}

func (c *checker) key() ([]byte, error) {
	if c.at >= len(c.in) {
		return nil, errShort
	}
	if kindOf(c.in[c.at]) != String {
		return nil, errKey
	}
	return c.str()
}

func distinctKeys(dict Value) error {
	seen := make(map[string]bool)
	for key := range dict.Entries() {
		if seen[string(key)] {
			return errTwice
		}
		seen[string(key)] = true
	}
	return nil
}

// stringAt reads the "length:" at in[at] and returns where the string's bytes start and how many they are.
func stringAt(in []byte, at int) (start, length int, err error) {
	for i := at; i < len(in); i++ {
		switch ch := in[i]; {
		case ch == ':' && i > at:
			if start = i + 1; length > len(in)-start {
				return 0, 0, errShort
			}
			return start, length, nil
		case ch < '0' || ch > '9', i > at && in[at] == '0', i-at >= maxLengthDigits:
			return 0, 0, errLength
		default:
			length = length*10 + int(ch-'0')
		}
	}
	return 0, 0, errShort
}

// maxLengthDigits keeps a string's length below 10⁹, so that it fits in an int of 32 bits.
const maxLengthDigits = 9
