package log

import (
	"context"
	"sync"
)

// Memory is a log that is kept in memory: a Source for servers that end with their process.
type Memory struct {
	signer *Signer

	mu     sync.RWMutex
	tree   Tree
	signed []byte
	tiles  map[place][]byte
	found  map[Hash]int64
	tables map[[32]byte][]byte
}

type place struct {
	level int
	n     int64
}

// NewMemory returns a log without records.
func NewMemory(s *Signer) (*Memory, error) {
	signed, err := s.Checkpoint(Empty)
	return &Memory{
		signer: s, tree: Empty, signed: signed,
		tiles: map[place][]byte{}, found: map[Hash]int64{}, tables: map[[32]byte][]byte{},
	}, err
}

// Append writes records and signs the tree that has them.
func (m *Memory) Append(ctx context.Context, records ...Record) (Tree, error) {
	entries := make([][]byte, len(records))
	for i, r := range records {
		entries[i] = r.Append(nil)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	a, err := Append(ctx, held{m}, m.tree, entries)
	if err != nil {
		return m.tree, err
	}
	signed, err := m.signer.Checkpoint(a.Tree)
	if err != nil {
		return m.tree, err
	}
	m.keep(a)
	m.signed = signed
	return m.tree, nil
}

func (m *Memory) keep(a Appended) {
	for _, t := range a.Tiles {
		m.tiles[place{t.Level, t.N}] = t.Data
	}
	for i, h := range a.Leaves {
		if _, again := m.found[h]; !again {
			m.found[h] = m.tree.N + int64(i)
		}
	}
	m.tree = a.Tree
}

// Keep keeps an epoch's table.
func (m *Memory) Keep(document []byte) Table {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := TableOf(document)
	m.tables[t.Hash] = document
	return t
}

// held is the store of a Memory whose lock is held.
type held struct{ *Memory }

func (m held) ReadTile(_ context.Context, level int, n int64) ([]byte, error) {
	return m.tiles[place{level, n}], nil
}

// ReadTile returns what is kept of a tile.
func (m *Memory) ReadTile(ctx context.Context, level int, n int64) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return held{m}.ReadTile(ctx, level, n)
}

// Checkpoint returns the newest signed checkpoint.
func (m *Memory) Checkpoint(context.Context) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.signed, nil
}

// Find returns the number of a record.
func (m *Memory) Find(_ context.Context, leaf Hash) (int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if n, ok := m.found[leaf]; ok {
		return n, nil
	}
	return 0, ErrNone
}

// Table returns a document.
func (m *Memory) Table(_ context.Context, hash [32]byte) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if document, ok := m.tables[hash]; ok {
		return document, nil
	}
	return nil, ErrNone
}
