package node

import "context"

// Torrent is a work as the bytes of a .torrent. Errors: ErrNoWork, and
// ErrMissing until its metadata is known.
func (n *Node) Torrent(ctx context.Context, infohash [20]byte) ([]byte, error) {
	_, t, err := n.store(ctx, infohash)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, ErrMissing
	}
	return t.Bytes(), nil
}
