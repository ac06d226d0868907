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
	err := n.with(ctx, infohash, func(w *work, _ time.Time) { t = w.torrent })
	if err == nil && t == nil {
		err = ErrMissing
	}
	if err != nil {
		return nil, err
	}
	return t.Bytes(), nil
}
