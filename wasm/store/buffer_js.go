package store

import (
	"errors"
	"syscall/js"
)

// buffer holds the bytes of one piece in a Uint8Array.
type buffer struct {
	array js.Value
}

// newBuffer copies piece. ErrFull means that the browser has no memory left.
func newBuffer(piece []byte) (buffer, error) {
	array, err := construct("Uint8Array", len(piece))
	if err != nil {
		return buffer{}, errors.Join(ErrFull, err)
	}
	js.CopyBytesToJS(array, piece)
	return buffer{array}, nil
}

func (b buffer) read(begin int, dst []byte) {
	js.CopyBytesToGo(dst, b.slice(begin, begin+len(dst)))
}

// slice returns a view on a part of the piece.
func (b buffer) slice(begin, end int) js.Value { return b.array.Call("subarray", begin, end) }

func (b buffer) free() { release(b.array.Get("buffer")) }

// release frees the memory of an ArrayBuffer now. It would be kept until Go's collector finds that nothing refers to it any more, and
// of all its bytes Go's collector, which runs when Go's own memory fills, sees a few. Browsers from before 2024 cannot do this and wait.
func release(arrayBuffer js.Value) {
	if arrayBuffer.Get("transfer").Type() == js.TypeFunction {
		arrayBuffer.Call("transfer", 0)
	}
}
