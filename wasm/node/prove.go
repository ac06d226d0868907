package node

import (
	"context"
	"errors"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/proof"
	"fanseed/wasm/announcer"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// proving answers the server's challenges from the stores: one block after another and no faster than the server's socket takes them, so
// that neither what peers wait for nor the announces are held up. What is not here is left out.
type proving struct {
	waiting []*answering
	busy    bool
	pace    pace
}

// The first blocks go at once. With 16 KiB in each, the others are 40 KiB a second: more than the server allows time for.
const (
	provePace  = 400 * time.Millisecond
	proveBurst = 12
	proveSlice = 1 << 20 // bytes of a piece that are read at a time
)

// answering is one challenge.
type answering struct {
	id    uint64
	work  *work
	parts *proof.Parts
	asked []int
	index int // of the next block's part …
	begin int // … and where in it, in version 1
}

// challenged begins an answer, where there is something to answer with.
func (n *Node) challenged(e announcer.Challenged) {
	w := n.find(e.Infohash)
	if w == nil || w.torrent == nil || w.store == nil {
		return
	}
	a := &answering{id: e.ID, work: w, parts: proof.NewParts(w.torrent.Info)}
	a.asked = proof.Challenge{Nonce: e.Nonce, PublicKey: e.PublicKey, Infohash: e.Infohash, Count: e.Count}.Asked(a.parts.Len())
	n.proving.waiting = append(n.proving.waiting, a)
}

// prove reads the next block when it is time.
func (n *Node) prove(now time.Time) {
	p := &n.proving
	for len(p.waiting) > 0 && !p.busy {
		a := p.waiting[0]
		if a.index == len(a.asked) || a.work.removed || a.work.store == nil || !n.announcer.Waits(now, a.id) {
			p.waiting = p.waiting[1:]
			continue
		}
		if !p.pace.take(now) {
			return
		}
		p.busy = true
		n.readProof(a)
	}
}

// proveDue is when the next block may go; zero when none waits.
func (n *Node) proveDue(now time.Time) time.Time {
	p := &n.proving
	if len(p.waiting) == 0 || p.busy {
		return time.Time{}
	}
	return later(now, p.pace.next.Add(-(proveBurst-1)*provePace))
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// readProof reads a block off the loop, and sends it.
func (n *Node) readProof(a *answering) {
	w, s, t, from := a.work, a.work.store, a.work.torrent, *a
	part := a.parts.Part(a.asked[a.index])
	n.jobs.do(func(ctx context.Context) func() {
		m, err := n.proofOf(ctx, s, t, &from, part)
		return func() {
			now := time.Now()
			n.proving.busy = false
			if err == nil && n.announcer.Prove(now, m) {
				n.drainAnnouncer(now)
			}
			a.next(part, err)
			if err != nil && !w.removed && w.store == s {
				w.unproven(now, part.Piece, err)
			}
		}
	})
}

// next goes to the next block: after an error, to the next part.
func (a *answering) next(part proof.Part, err error) {
	a.begin += proof.BlockSize
	if err != nil || a.work.torrent.Info.HasV2() || a.begin >= part.Length {
		a.index, a.begin = a.index+1, 0
	}
}

// proofOf reads the next block of an answer: in version 1 and of a piece, or a leaf with its path.
func (n *Node) proofOf(ctx context.Context, s store.Store, t *metainfo.Torrent, a *answering, part proof.Part) (m announce.Proof, err error) {
	m = announce.Proof{ID: a.id, Index: a.index, Begin: a.begin}
	if t.Info.HasV2() {
		m.Path, m.Block, err = n.leafOf(ctx, s, t, part)
		return m, err
	}
	m.Block = make([]byte, min(proof.BlockSize, part.Length-a.begin))
	return m, s.ReadAt(ctx, part.Piece, a.begin, m.Block)
}

var errDamaged = errors.New("a stored piece is damaged")

// leafOf reads a whole piece, a slice at a time: a leaf's path takes all of its leaves.
func (n *Node) leafOf(ctx context.Context, s store.Store, t *metainfo.Torrent, part proof.Part) (path, leaf []byte, err error) {
	place := t.Info.Place(part.Piece)
	var leaves []byte
	slice := make([]byte, min(proveSlice, place.Length))
	for begin := 0; begin < int(place.Length); begin += len(slice) {
		slice = slice[:min(len(slice), int(place.Length)-begin)]
		if err := s.ReadAt(ctx, part.Piece, begin, slice); err != nil {
			return nil, nil, err
		}
		hashes, err := stubborn(ctx, func() ([]byte, error) { return n.parts.Hasher.Leaves(ctx, slice) })
		if err != nil {
			return nil, nil, err
		}
		leaves = append(leaves, hashes...)
		if at := part.Begin - begin; at >= 0 && at < len(slice) { // slices are whole leaves
			leaf = append(leaf, slice[at:at+part.Length]...)
		}
	}
	if want, known := t.Layers.Hash(place); known && t.Info.PieceRoot(part.Piece, leaves) != want {
		return nil, nil, lose(ctx, s, part.Piece)
	}
	return proof.Path(t.Info, part.Piece, part.Begin, leaves), leaf, nil
}

// lose has a store forget a damaged piece, where it can.
func lose(ctx context.Context, s store.Store, index int) error {
	if l, can := s.(interface {
		Lose(ctx context.Context, index int) error
	}); can {
		return errors.Join(errDamaged, l.Lose(ctx, index))
	}
	return errDamaged
}

// unproven handles damage as an upload does: what is gone is fetched again.
func (w *work) unproven(now time.Time, piece int, err error) {
	if errors.Is(err, store.ErrLost) {
		w.fail(now, ErrLost)
		return
	}
	w.reconcile(now, piece)
}
