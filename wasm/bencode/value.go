// Package bencode reads and writes bencoding, the data format of .torrent files and of BitTorrent's extension messages (BEP 3).
//
// Decode checks an input once, within Limits, and hands out a Value: a view on the checked bytes that is taken apart
// without errors, allocations or reflection, and that still knows its exact bytes, which an infohash needs. Append writes the
// canonical form. The package never copies what it reads, and never guesses: malformed input is refused.
package bencode

import (
	"bytes"
	"iter"
	"strconv"
)

// Kind is the type of a Value.
type Kind uint8

// The four types of BEP 3. None is the Kind of the zero Value, which stands for "not there".
const (
	None Kind = iota
	Integer
	String
	List
	Dictionary
)

func kindOf(first byte) Kind {
	switch {
	case first == 'i':
		return Integer
	case first == 'l':
		return List
	case first == 'd':
		return Dictionary
	case first >= '0' && first <= '9':
		return String
	}
	return None
}

// Value is one value that Decode has checked. The zero Value is absent: its Kind is None and every getter answers with false.
type Value struct {
	raw []byte
}

// Kind tells what v is.
func (v Value) Kind() Kind {
	if len(v.raw) == 0 {
		return None
	}
	return kindOf(v.raw[0])
}

// Raw returns the exact bytes of v, delimiters included, as they stood in the input.
func (v Value) Raw() []byte { return v.raw }

// Int returns the number that v holds; false when v is no integer.
func (v Value) Int() (int64, bool) {
	if v.Kind() != Integer {
		return 0, false
	}
	n, err := strconv.ParseInt(string(v.raw[1:len(v.raw)-1]), 10, 64)
	return n, err == nil
}

// Bytes returns the bytes of the string that v holds; false when v is no string. They are part of the input, not a copy.
func (v Value) Bytes() ([]byte, bool) {
	if v.Kind() != String {
		return nil, false
	}
	return v.raw[bytes.IndexByte(v.raw, ':')+1:], true
}

// Text returns a copy of the string that v holds; false when v is no string. It need not be UTF-8.
func (v Value) Text() (string, bool) {
	b, ok := v.Bytes()
	return string(b), ok
}

// Get returns what the dictionary v holds under key: the zero Value when the key is not there or v is no dictionary.
func (v Value) Get(key string) Value {
	for k, value := range v.Entries() {
		if string(k) == key {
			return value
		}
	}
	return Value{}
}

// Items goes through a list in order. Anything but a list has no items.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != List {
			return
		}
		for rest := v.raw[1:]; rest[0] != 'e'; {
			var item Value
			if item, rest = cut(rest); !yield(item) {
				return
			}
		}
	}
}

// Entries goes through a dictionary in the order of the input. Anything but a dictionary has no entries.
func (v Value) Entries() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		if v.Kind() != Dictionary {
			return
		}
		for rest := v.raw[1:]; rest[0] != 'e'; {
			var key, value Value
			key, rest = cut(rest)
			value, rest = cut(rest)
			name, _ := key.Bytes()
			if !yield(name, value) {
				return
			}
		}
	}
}

// cut parts the first value of checked input from the rest.
func cut(in []byte) (Value, []byte) {
	end := skip(in, 0)
	return Value{in[:end:end]}, in[end:]
}

// skip returns where the value at in[at] ends. The input has been checked.
func skip(in []byte, at int) int {
	for open := 0; ; {
		switch kindOf(in[at]) {
		case Integer:
			at += bytes.IndexByte(in[at:], 'e') + 1
		case String:
			start, length, _ := stringAt(in, at)
			at = start + length
		case List, Dictionary:
			open++
			at++
		default: // 'e'
			open--
			at++
		}
		if open == 0 {
			return at
		}
	}
}
