package wire

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// DefaultMaxFrame is the longest message that a Decoder accepts unless told otherwise, in bytes, without the four of its length.
const DefaultMaxFrame = 1<<20 + 16<<10

// keepBuffer is the largest buffer, in bytes, that a Decoder keeps for the next frame: enough for every block of 16 KiB.
const keepBuffer = 32 << 10

// Decoder cuts the byte stream of one peer into messages. The zero value is ready.
//
// A message that lies wholly inside one fed chunk is not copied. The parts of any other are gathered in a buffer that grows with
// what really arrives, to 32 KiB at once.
type Decoder struct {
	MaxFrame int // longest frame in bytes, without the four of its length; 0 means DefaultMaxFrame

	chunk   []byte // lent: what Next has not yet read of the fed chunk
	partial []byte // our own: the beginning of a frame whose end has not arrived
	whole   bool   // partial was a whole frame, and its message is lent until the next call
	err     error
}

// Feed lends a chunk of the stream to the decoder until Next or NextHandshake has said that there is no more. It panics when
// an earlier chunk has not been read to its end. After an error it does nothing.
func (d *Decoder) Feed(chunk []byte) {
	if d.err != nil {
		return
	}
	if len(d.chunk) > 0 {
		panic("wire: fed a chunk before the last one was read")
	}
	d.chunk = chunk
}

// Next returns the next message; ok is false when its end has not arrived. m.Data is lent until the next call of any method.
// An error is final: the stream cannot be read further.
func (d *Decoder) Next() (m Message, ok bool, err error) {
	frame, ok, err := d.next(d.frameSize)
	if err != nil || !ok {
		return Message{}, false, err
	}
	if m, err = parse(frame[lengthSize:]); err != nil {
		return Message{}, false, d.fail(err)
	}
	return m, true, nil
}

// NextHandshake reads the handshake that opens the stream; ok is false when its end has not arrived. An error is final.
func (d *Decoder) NextHandshake() (h Handshake, ok bool, err error) {
	frame, ok, err := d.next(handshakeSize)
	if err != nil || !ok {
		return Handshake{}, false, err
	}
	if h, err = ParseHandshake(frame); err != nil {
		return Handshake{}, false, d.fail(err)
	}
	return h, true, nil
}

const lengthSize = 4

// frameSize returns how many bytes the frame has that begins with b, its length included; while b is too short to tell, how many
// bytes it takes to tell.
func (d *Decoder) frameSize(b []byte) (int, error) {
	if len(b) < lengthSize {
		return lengthSize, nil
	}
	most := uint32(DefaultMaxFrame)
	if d.MaxFrame > 0 {
		most = uint32(d.MaxFrame)
	}
	length := binary.BigEndian.Uint32(b)
	if length > most {
		return 0, fmt.Errorf("message of %d bytes, at most %d are allowed", length, most)
	}
	return lengthSize + int(length), nil
}

// handshakeSize refuses a foreign protocol at its first wrong byte, without waiting for the rest.
func handshakeSize(b []byte) (int, error) {
	n := min(len(b), len(protocol))
	if string(b[:n]) != protocol[:n] {
		return 0, errProtocol
	}
	return HandshakeSize, nil
}

// next returns the bytes of the next frame, whose size the argument reads from its beginning.
func (d *Decoder) next(size func([]byte) (int, error)) (frame []byte, ok bool, err error) {
	if d.err != nil {
		return nil, false, d.err
	}
	if d.whole {
		d.release()
	}
	if len(d.partial) > 0 {
		return d.gather(size)
	}
	n, err := size(d.chunk)
	if err != nil {
		return nil, false, d.fail(err)
	}
	if len(d.chunk) < n {
		return d.gather(size)
	}
	frame, d.chunk = d.chunk[:n:n], d.chunk[n:]
	return frame, true, nil
}

// gather moves bytes from the chunk to partial until the frame there is whole or the chunk is used up.
func (d *Decoder) gather(size func([]byte) (int, error)) (frame []byte, ok bool, err error) {
	for {
		n, err := size(d.partial)
		if err != nil {
			return nil, false, d.fail(err)
		}
		if len(d.partial) == n {
			d.whole = true
			return d.partial, true, nil
		}
		if len(d.chunk) == 0 {
			return nil, false, nil
		}
		d.move(n)
	}
}

// move takes from the chunk what partial lacks of n bytes.
func (d *Decoder) move(n int) {
	if room := min(n, keepBuffer) - len(d.partial); room > 0 {
		d.partial = slices.Grow(d.partial, room)
	}
	part := d.chunk[:min(n-len(d.partial), len(d.chunk))]
	d.partial = append(d.partial, part...)
	d.chunk = d.chunk[len(part):]
}

// release ends the loan of the frame in partial, and forgets a buffer that an unusually long one has left.
func (d *Decoder) release() {
	d.whole = false
	d.partial = d.partial[:0]
	if cap(d.partial) > keepBuffer {
		d.partial = nil
	}
}

func (d *Decoder) fail(err error) error {
	d.err = fmt.Errorf("read peer message: %w", err)
	d.chunk, d.partial = nil, nil
	return d.err
}
