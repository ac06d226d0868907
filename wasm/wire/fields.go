package wire

import (
	"errors"
	"fmt"

	"fanseed/wasm/bencode"
)

var errNotDictionary = errors.New("not a dictionary")

// fields reads the entries of a dictionary and keeps the first thing that was wrong with one.
type fields struct {
	dict bencode.Value
	err  error
}

func (f *fields) fail(key string) {
	if f.err == nil {
		f.err = fmt.Errorf("bad %q", key)
	}
}

func (f *fields) has(key string) bool { return f.dict.Get(key).Kind() != bencode.None }

// integer reads a number that must be there and lie between 0 and most.
func (f *fields) integer(key string, most int64) int64 {
	n, ok := f.dict.Get(key).Int()
	if !ok || n < 0 || n > most {
		f.fail(key)
		return 0
	}
	return n
}

// optionalInt reads a number between 0 and most, 0 when it is not there.
func (f *fields) optionalInt(key string, most int64) int {
	if !f.has(key) {
		return 0
	}
	return int(f.integer(key, most))
}

// optionalText reads a string of at most so many bytes, "" when it is not there.
func (f *fields) optionalText(key string, most int) string {
	if !f.has(key) {
		return ""
	}
	b, ok := f.dict.Get(key).Bytes()
	if !ok || len(b) > most {
		f.fail(key)
		return ""
	}
	return string(b)
}

// optionalDictionary reads a dictionary, the zero Value when it is not there.
func (f *fields) optionalDictionary(key string) bencode.Value {
	v := f.dict.Get(key)
	if v.Kind() != bencode.None && v.Kind() != bencode.Dictionary {
		f.fail(key)
	}
	return v
}

// fixed fills dst with a string that must be there and have its length.
func (f *fields) fixed(key string, dst []byte) {
	b, ok := f.dict.Get(key).Bytes()
	if !ok || len(b) != len(dst) {
		f.fail(key)
		return
	}
	copy(dst, b)
}
