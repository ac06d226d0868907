package store

import (
	"fmt"
	"syscall/js"
)

// Blob returns a Blob of the given MIME type with length bytes of the torrent from offset on. The Blob is a copy, which stays good
// after the store is closed. ErrMissing means that a piece of the range is not there.
func (m *Memory) Blob(offset, length int64, mime string) (js.Value, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	parts, err := m.slices(offset, length)
	if err != nil {
		return js.Undefined(), fmt.Errorf("make a blob from memory: %w", err)
	}
	return newBlob(parts, mime)
}

// slices returns views on the pieces that hold a range.
func (m *Memory) slices(offset, length int64) ([]any, error) {
	if m.closed {
		return nil, ErrClosed
	}
	if err := checkRange(m.info, offset, length); err != nil {
		return nil, err
	}
	var parts []any
	for length > 0 {
		index := int(offset / m.info.PieceLength)
		if !m.have.Has(index) {
			return nil, fmt.Errorf("piece %d: %w", index, ErrMissing)
		}
		begin := offset % m.info.PieceLength
		n := min(length, m.info.PieceSize(index)-begin)
		parts = append(parts, m.pieces[index].slice(int(begin), int(begin+n)))
		offset, length = offset+n, length-n
	}
	return parts, nil
}
