package node

import (
	"context"
	"time"

	"fanseed/wasm/metainfo"
)

// Torrent is a work as the bytes of a .torrent. Errors: ErrNoWork, and
// ErrMissing until its metadata is known.
func (n *Node) Torrent(ctx context.Context, infohash [20]byte) ([]byte, error) {
	var t *metainfo.Torrent
	if err := n.with(ctx, infohash, func(w *work, _ time.Time) { t = w.torrent }); err != nil {
		return nil, err
	}
	if t == nil {
		return nil, ErrMissing
	}
	return t.Bytes(), nil
}
