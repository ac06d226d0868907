package api

import (
	"encoding/hex"
	"errors"
)

// Byte strings are hex in JSON and in paths.
type (
	account   [16]byte
	serial    [16]byte
	infohash  [20]byte
	publicKey [32]byte
	signature [64]byte
)

var errHex = errors.New("not hex of the right length")

func unhex(dst, text []byte) error {
	if len(text) != hex.EncodedLen(len(dst)) {
		return errHex
	}
	if _, err := hex.Decode(dst, text); err != nil {
		return errHex
	}
	return nil
}

func (b account) MarshalText() ([]byte, error)       { return hex.AppendEncode(nil, b[:]), nil }
func (b serial) MarshalText() ([]byte, error)        { return hex.AppendEncode(nil, b[:]), nil }
func (b infohash) MarshalText() ([]byte, error)      { return hex.AppendEncode(nil, b[:]), nil }
func (b publicKey) MarshalText() ([]byte, error)     { return hex.AppendEncode(nil, b[:]), nil }
func (b signature) MarshalText() ([]byte, error)     { return hex.AppendEncode(nil, b[:]), nil }
func (b *account) UnmarshalText(text []byte) error   { return unhex(b[:], text) }
func (b *serial) UnmarshalText(text []byte) error    { return unhex(b[:], text) }
func (b *infohash) UnmarshalText(text []byte) error  { return unhex(b[:], text) }
func (b *publicKey) UnmarshalText(text []byte) error { return unhex(b[:], text) }
func (b *signature) UnmarshalText(text []byte) error { return unhex(b[:], text) }
