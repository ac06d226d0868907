package rtc

import "sync"

// room is how many bytes Handler.Received gets at most at a time, in a browser.
const room = 128 << 10

// keptBuffers is how many buffers wait for the next message at most.
const keptBuffers = 16

// buffers holds messages that were given back. All have that room.
var buffers struct {
	sync.Mutex
	free [][]byte
}

// small is a message that gets a slice of its own, lest many of them that wait
// hold a whole buffer each.
const small = 4 << 10

// buffer returns a slice of n bytes. What is longer than room (a peer may
// send it), or small, is allocated, and never kept.
func buffer(n int) []byte {
	if n > room || n < small {
		return make([]byte, n)
	}
	buffers.Lock()
	defer buffers.Unlock()
	last := len(buffers.free) - 1
	if last < 0 {
		return make([]byte, n, room)
	}
	b := buffers.free[last]
	buffers.free = buffers.free[:last]
	return b[:n]
}

// Recycle takes back a message that Handler.Received gave out.
func Recycle(message []byte) {
	buffers.Lock()
	defer buffers.Unlock()
	if cap(message) == room && len(buffers.free) < keptBuffers {
		buffers.free = append(buffers.free, message)
	}
}
