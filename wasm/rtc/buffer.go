package rtc

import "sync"

// buffers holds messages that were given back. All have room for MaxMessage.
var buffers = sync.Pool{New: func() any { return new([MaxMessage]byte) }}

// small is a message that gets a slice of its own, lest many of them that wait
// hold a whole buffer each.
const small = 4 << 10

// buffer returns a slice of n bytes. What is longer than MaxMessage (a peer
// may send it), or small, is allocated, and never kept.
func buffer(n int) []byte {
	if n > MaxMessage || n < small {
		return make([]byte, n)
	}
	return buffers.Get().(*[MaxMessage]byte)[:n]
}

// Recycle takes back a message that Handler.Received gave out.
func Recycle(message []byte) {
	if cap(message) == MaxMessage {
		buffers.Put((*[MaxMessage]byte)(message[:MaxMessage]))
	}
}
