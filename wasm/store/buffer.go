//go:build !js

package store

import "bytes"

// buffer holds the bytes of one piece.
type buffer []byte

func newBuffer(piece []byte) (buffer, error) { return bytes.Clone(piece), nil }

func (b buffer) read(begin int, dst []byte) { copy(dst, b[begin:]) }

// free does nothing: the collector will.
func (b buffer) free() {}
