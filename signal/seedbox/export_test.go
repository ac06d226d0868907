package seedbox

import "testing"

// Waited makes a copy one that was begun long ago.
func (b *Box) Waited(t testing.TB, infohash [20]byte) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.orders[infohash].begun = b.orders[infohash].begun.Add(-stalledAfter)
}
