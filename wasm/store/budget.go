package store

import "sync"

// Budget bounds the bytes that stores hold together, in memory and on the disk.
type Budget struct {
	mu   sync.Mutex
	size int64
	left int64
}

// NewBudget returns a budget of so many bytes.
func NewBudget(bytes int64) *Budget { return &Budget{size: bytes, left: bytes} }

// Left returns how many bytes may still be taken; less than none where more is held than there may be.
func (b *Budget) Left() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left
}

// Resize changes how many bytes there may be. What is held stays, even where that is more.
func (b *Budget) Resize(bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += bytes - b.size
	b.size = bytes
}

// take claims bytes, all or none.
func (b *Budget) take(bytes int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bytes > b.left {
		return false
	}
	b.left -= bytes
	return true
}

func (b *Budget) give(bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += bytes
}

// hold claims bytes that are there already, whether or not the budget has them: it may be overdrawn by what an earlier visit left.
func (b *Budget) hold(bytes int64) { b.give(-bytes) }
