package node

import "sync"

// inbox holds one peer's messages until the loop reads them, in order.
type inbox struct {
	mu       sync.Mutex
	messages [][]byte
	size     int
}

type inboxState uint8

const (
	inboxWaiting inboxState = iota // the loop knows of messages already
	inboxFirst                     // the loop must be told
	inboxFull                      // too much waits: the message was thrown away
)

func (b *inbox) put(message []byte) inboxState {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.size+len(message) > maxInbox {
		return inboxFull
	}
	b.messages = append(b.messages, message)
	b.size += len(message)
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
