package store

import (
	"fmt"
	"syscall/js"
)

// Blob implements Blobber. The Blob is a copy, which stays good after the store is closed.
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
		n := min(length, m.info.PieceLength-begin)
		held := max(0, min(n, m.info.PieceSize(index)-begin)) // behind a piece that is cut at its file's end is padding (BEP 52)
		if held > 0 {
			parts = append(parts, m.pieces[index].slice(int(begin), int(begin+held)))
		}
		if n > held {
			parts = append(parts, zeros(n-held))
		}
		offset, length = offset+n, length-n
	}
	return parts, nil
}
