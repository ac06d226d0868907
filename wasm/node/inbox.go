package node

import "sync"

// inbox holds one peer's messages until the loop reads them, in order.
type inbox struct {
	mu       sync.Mutex
	messages [][]byte
	size     int  // bytes that they hold
	full     bool // for good
}

// letterhead is what a message costs beside its bytes, be it empty.
const letterhead = 64

type inboxState uint8

const (
	inboxWaiting inboxState = iota // the loop knows of messages already
	inboxFirst                     // the loop must be told
	inboxFull                      // too much waits: this message and all after it are thrown away
)

func (b *inbox) put(message []byte) inboxState {
	b.mu.Lock()
	defer b.mu.Unlock()
	size := cap(message) + letterhead
	switch {
	case b.full:
		return inboxWaiting
	case b.size+size > maxInbox:
		b.full = true
		return inboxFull
	}
	b.messages = append(b.messages, message)
	b.size += size
	if len(b.messages) == 1 {
		return inboxFirst
	}
	return inboxWaiting
}

func (b *inbox) take() [][]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	messages := b.messages
	b.messages, b.size = nil, 0
	return messages
}
