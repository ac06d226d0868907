package node

import "sync"

// mailbox brings what happens elsewhere to the loop, in order. Posting never
// blocks, so it may be done inside a browser's event.
type mailbox struct {
	mu      sync.Mutex
	letters []func()
	spare   []func()
	wake    chan struct{}
}

func (m *mailbox) post(letter func()) {
	m.mu.Lock()
	m.letters = append(m.letters, letter)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// deliver runs what was posted before it was called.
func (m *mailbox) deliver() {
	m.mu.Lock()
	letters := m.letters
	m.letters = m.spare[:0]
	m.mu.Unlock()
	for i, letter := range letters {
		letter()
		letters[i] = nil
	}
	m.spare = letters
}
