package store

import (
	"context"
	"fmt"
	"sync"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// Memory is a Store that forgets everything when it is closed. In a browser its pieces lie outside of the memory of WebAssembly, which
// never shrinks.
type Memory struct {
	info   *metainfo.Info
	budget *Budget

	mu     sync.RWMutex
	pieces []buffer
	have   wire.Bitfield
	held   int64 // bytes taken from the budget
	closed bool
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store whose pieces are paid for from budget.
func NewMemory(info *metainfo.Info, budget *Budget) *Memory {
	return &Memory{
		info:   info,
		budget: budget,
		pieces: make([]buffer, info.NumPieces()),
		have:   wire.NewBitfield(info.NumPieces()),
	}
}

func (m *Memory) forget() {
	for i := range m.pieces {
		if m.have.Has(i) {
			m.pieces[i].free()
		}
	}
	clear(m.pieces)
	clear(m.have)
	m.budget.give(m.held)
	m.held = 0
}

// Put implements Store.
func (m *Memory) Put(ctx context.Context, index int, piece []byte) error {
	if err := m.put(ctx, index, piece); err != nil {
		return fmt.Errorf("store piece %d in memory: %w", index, err)
	}
	return nil
}

func (m *Memory) put(ctx context.Context, index int, piece []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(ctx); err != nil {
		return err
	}
	if err := checkPut(m.info, index, len(piece)); err != nil {
		return err
	}
	if m.have.Has(index) {
		return nil
	}
	return m.keep(index, piece)
}

func (m *Memory) keep(index int, piece []byte) error {
	size := int64(len(piece))
	if !m.budget.take(size) {
		return ErrFull
	}
	b, err := newBuffer(piece)
	if err != nil {
		m.budget.give(size)
		return err
	}
	m.held += size
	m.pieces[index] = b
	m.have.Set(index)
	return nil
}

// ReadAt implements Store.
func (m *Memory) ReadAt(ctx context.Context, index, begin int, dst []byte) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.readAt(ctx, index, begin, dst); err != nil {
		return fmt.Errorf("read piece %d from memory: %w", index, err)
	}
	return nil
}

func (m *Memory) readAt(ctx context.Context, index, begin int, dst []byte) error {
	if err := m.ready(ctx); err != nil {
		return err
	}
	if err := checkRead(m.info, index, begin, len(dst)); err != nil {
		return err
	}
	if !m.have.Has(index) {
		return ErrMissing
	}
	m.pieces[index].read(begin, dst)
	return nil
}

func (m *Memory) ready(ctx context.Context) error {
	if m.closed {
		return ErrClosed
	}
	return ctx.Err()
}

// Have implements Store.
func (m *Memory) Have() wire.Bitfield {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.have.Clone()
}

// Doubtful implements Store: there are none.
func (m *Memory) Doubtful() wire.Bitfield { return wire.NewBitfield(m.info.NumPieces()) }

// Settle implements Store.
func (m *Memory) Settle(ctx context.Context, index int, _ bool) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.ready(ctx); err != nil {
		return fmt.Errorf("settle piece %d in memory: %w", index, err)
	}
	return nil
}

// Lasts says that the pieces end with the engine.
func (m *Memory) Lasts() bool { return false }

// Delete implements Store.
func (m *Memory) Delete(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(ctx); err != nil {
		return fmt.Errorf("delete pieces from memory: %w", err)
	}
	m.forget()
	return nil
}

// Close implements Store. The pieces are lost.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed = true
		m.forget()
	}
	return nil
}
