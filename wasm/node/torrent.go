package node

import (
	"context"
	"time"

	"fanseed/wasm/metainfo"
)

// Torrent is a work as the bytes of a .torrent. Errors: ErrNoWork, and
// ErrMissing until its metadata is known, and of version 2 every piece layer: a
// .torrent without them is not valid.
func (n *Node) Torrent(ctx context.Context, infohash [20]byte) ([]byte, error) {
	var t *metainfo.Torrent
	err := n.with(ctx, infohash, func(w *work, _ time.Time) { t = w.torrent })
	if err == nil && (t == nil || !lastsAlone(t)) {
		err = ErrMissing
	}
	if err != nil {
		return nil, err
	}
	return t.Bytes(), nil
}

// lastsAlone tells whether the bytes of the .torrent lead back to the same work:
// with all layers, and not to the swarm of version 1 of a hybrid whose link
// named version 2 alone.
func lastsAlone(t *metainfo.Torrent) bool {
	for root := range t.Info.Layered() {
		if t.Layers[root] == nil {
			return false
		}
	}
	return !t.Info.HasV1() || t.Infohash != [20]byte(t.InfohashV2[:])
}
