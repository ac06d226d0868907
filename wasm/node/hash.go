package node

import (
	"context"
	"crypto/sha256"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/swarm"
	"fanseed/wasm/wire"
)

// hash has a whole piece hashed, as the swarm wants it.
func (w *work) hash(e swarm.Effect) {
	index, length, piece, t := e.Index, int(e.Length), w.pieces[e.Index], w.torrent
	w.later(func(ctx context.Context) func(time.Time) {
		good, leaves, err := w.node.digest(ctx, t.Info, index, piece, length)
		return func(now time.Time) {
			w.swarm.Hashed(now, index, good, leaves)
			if err != nil {
				w.drain(now)
				w.fail(now, err) // nobody's fault: the browser cannot hash
			}
		}
	})
}

// digest tells whether a piece has its SHA-1, where the torrent has version 1, and hashes the leaves of its first length bytes. An error
// says that the browser could not hash them.
func (n *Node) digest(ctx context.Context, info *metainfo.Info, index int, piece []byte, length int) (good bool, leaves []byte, err error) {
	good = true
	if info.HasV1() {
		sum, err := stubborn(ctx, func() ([20]byte, error) { return n.parts.Hasher.SHA1(ctx, piece) })
		if err != nil {
			return false, nil, err
		}
		good = sum == info.Hash(index)
	}
	if length > 0 {
		leaves, err = stubborn(ctx, func() ([]byte, error) { return n.parts.Hasher.Leaves(ctx, piece[:length]) })
	}
	return good && err == nil, leaves, err
}

// good tells whether the bytes are those of the piece, whose file's layers are known. An error says that the browser could not hash them.
func (n *Node) good(ctx context.Context, t *metainfo.Torrent, index int, piece []byte) (bool, error) {
	length, place := 0, metainfo.Place{}
	if t.Info.HasV2() {
		place = t.Info.Place(index)
		length = int(place.Length)
	}
	good, leaves, err := n.digest(ctx, t.Info, index, piece, length)
	if err != nil || !good || length == 0 {
		return good, err
	}
	want, known := t.Layers.Hash(place)
	if !known {
		return t.Info.HasV1(), nil // the other hash was right
	}
	return t.Info.PieceRoot(index, leaves) == want, nil
}

// loadLeaves hashes a stored piece for somebody who looks for the wrong blocks of his (BEP 52).
func (w *work) loadLeaves(e swarm.Effect) {
	index, from, piece := e.Index, w.store, make([]byte, e.Length)
	w.later(func(ctx context.Context) func(time.Time) {
		var leaves []byte
		err := ErrNoWork
		if from != nil {
			err = from.ReadAt(ctx, index, 0, piece)
		}
		if err == nil {
			leaves, err = w.node.parts.Hasher.Leaves(ctx, piece)
		}
		return func(now time.Time) { w.swarm.LeavesLoaded(now, index, leaves, err) }
	})
}

// layered keeps the piece layers, which have come from peers.
func (w *work) layered() {
	t := *w.torrent // others may be reading the old one
	t.Layers = w.swarm.Layers()
	w.torrent, w.changed = &t, true
}

// check tells the swarm whether the metadata from its peers is the right one.
func (w *work) check(infoBytes []byte) {
	m := w.magnet
	w.later(func(ctx context.Context) func(time.Time) {
		right := w.node.isInfo(ctx, m, infoBytes)
		var t *metainfo.Torrent
		if info, err := metainfo.ParseInfo(infoBytes); right && err == nil {
			t = metainfo.Describe(info, infoBytes)
			t.Infohash = m.Infohash // of a hybrid, the link may have that of version 2 alone
		}
		return func(now time.Time) {
			switch {
			case w.torrent != nil: // it has come from elsewhere
			case !right:
				w.swarm.Described(now, nil)
			case t == nil:
				w.fail(now, ErrTorrent) // the infohash itself is of a broken torrent
			default:
				w.describe(t)
			}
		}
	})
}

// isInfo tells whether these bytes have every infohash that a magnet link names.
func (n *Node) isInfo(ctx context.Context, m metainfo.Magnet, infoBytes []byte) bool {
	if m.InfohashV2 != [32]byte{} {
		if sha256.Sum256(infoBytes) != m.InfohashV2 {
			return false
		}
		if m.Infohash == [20]byte(m.InfohashV2[:]) {
			return true // of version 2 alone
		}
	}
	got, err := n.parts.Hasher.SHA1(ctx, infoBytes)
	return err == nil && got == m.Infohash
}

// infohashV2 is the infohash of version 2; zero where there is none, or it is not known.
func (w *work) infohashV2() [32]byte {
	if w.torrent != nil {
		return w.torrent.InfohashV2
	}
	return w.magnet.InfohashV2
}

// upgrades tells whether a peer has answered with the infohash of version 2
// (https://www.bittorrent.org/beps/bep_0052.html, upgrade path).
func (w *work) upgrades(infohash [20]byte) bool {
	v2 := w.infohashV2()
	return v2 != [32]byte{} && infohash == [20]byte(v2[:])
}

// handshake is what a new peer is greeted with.
func (w *work) handshake() wire.Handshake {
	h := wire.NewHandshake(w.infohash, w.node.peerID)
	if w.infohashV2() != [32]byte{} {
		h = h.WithV2()
	}
	return h
}
