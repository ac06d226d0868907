package seedbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/anacrolix/generics"
	"github.com/anacrolix/torrent"
	stock "github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"

	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/wire"
)

// stocked is one work in the stock client: it gives that client its pieces out of a store, and puts into the store what it has verified.
type stocked struct {
	torrent  *metainfo.Torrent
	store    store.Store
	partials *partials
	note     func(change)    // has the client told of a change; never blocks
	ctx      context.Context // ends with the work
	stop     context.CancelFunc

	handle *torrent.Torrent // set before anything is changed

	mu      sync.Mutex
	have    wire.Bitfield
	failure error
	resumed int64 // bytes that had come when fetching was last resumed
}

// OpenTorrent implements storage.ClientImpl. The client goes by what info says from now on; it has compared the infohash before.
func (w *stocked) OpenTorrent(_ context.Context, info *stock.Info, _ stock.Hash) (storage.TorrentImpl, error) {
	ours := w.torrent.Info
	pieces := w.piece
	if ours.HasV2() {
		info.FileTree = widened(ours)
	}
	if !ours.HasV1() {
		if info.Pieces = w.roots(); info.Pieces == nil {
			return storage.TorrentImpl{}, errors.New("a piece layer is missing")
		}
		pieces = w.rootedPiece
	}
	if info.NumPieces() != ours.NumPieces() || info.PieceLength != ours.PieceLength {
		return storage.TorrentImpl{}, errors.New("the stock client reads other pieces in this torrent")
	}
	return storage.TorrentImpl{PieceWithHash: pieces, Close: w.close}, nil
}

// roots returns what stands for the SHA-1 of the pieces where there is none: the beginning of their roots. The client would end the
// process over pieces without a hash; it compares these with what rootedPiece gives it.
func (w *stocked) roots() (pieces []byte) {
	for index := range w.torrent.Info.NumPieces() {
		root, known := w.torrent.Layers.Hash(w.torrent.Info.Place(index))
		if !known {
			return nil
		}
		pieces = append(pieces, root[:metainfo.HashSize]...)
	}
	return pieces
}

func (w *stocked) close() error {
	w.stop()
	w.partials.dropAll(w)
	return nil
}

func (w *stocked) piece(p stock.Piece, _ generics.Option[[]byte]) storage.PieceImpl {
	return storedPiece{w, p.Index()}
}

func (w *stocked) rootedPiece(p stock.Piece, _ generics.Option[[]byte]) storage.PieceImpl {
	return rootedPiece{storedPiece{w, p.Index()}}
}

func (w *stocked) has(index int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.have.Has(index)
}

// mark notes whether a piece is there, and tells whether that is new.
func (w *stocked) mark(index int, there bool) (changed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.have.Has(index) == there {
		return false
	}
	if there {
		w.have.Set(index)
	} else {
		w.have.Clear(index)
	}
	return true
}

// storedPiece is a piece as the client sees it: in memory until it is verified, then in the store.
type storedPiece struct {
	work  *stocked
	index int
}

var (
	_ storage.PieceImpl = storedPiece{}
	_ io.WriterTo       = storedPiece{}
)

func (p storedPiece) key() pieceOf { return pieceOf{p.work, p.index} }

// size is how many bytes of the piece are stored.
func (p storedPiece) size() int64 { return p.work.torrent.Info.PieceSize(p.index) }

// width is the size with padding, as the client has it.
func (p storedPiece) width() int64 {
	info := p.work.torrent.Info
	return wideEnd(info, int64(p.index)*info.PieceLength+1) - int64(p.index)*info.PieceLength
}

// Completion implements storage.PieceImpl. It is always known: the store knows.
func (p storedPiece) Completion() storage.Completion {
	return storage.Completion{Ok: true, Complete: p.work.has(p.index)}
}

// ReadAt implements storage.PieceImpl.
func (p storedPiece) ReadAt(dst []byte, begin int64) (int, error) {
	dst = dst[:max(0, min(int64(len(dst)), p.width()-begin))]
	if !p.work.has(p.index) {
		whole, err := p.work.partials.whole(p.key())
		if err != nil {
			return 0, err
		}
		return copy(dst, whole[begin:]), nil
	}
	stored := max(0, min(int64(len(dst)), p.size()-begin))
	clear(dst[stored:])
	if err := p.work.store.ReadAt(p.work.ctx, p.index, int(min(begin, p.size())), dst[:stored]); err != nil {
		p.missing(err)
		return 0, err
	}
	return len(dst), nil
}

// missing takes note of a piece that the store has no longer.
func (p storedPiece) missing(err error) {
	if errors.Is(err, store.ErrMissing) && p.work.mark(p.index, false) {
		p.changed(lost, nil)
	}
}

func (p storedPiece) changed(what what, err error) {
	p.work.note(change{p.work.torrent.Infohash, p.index, what, err})
}

// WriteTo implements io.WriterTo: the client hashes a piece by it.
func (p storedPiece) WriteTo(into io.Writer) (int64, error) {
	whole, err := p.whole()
	if err != nil {
		return 0, err
	}
	n, err := into.Write(whole)
	return int64(n), err
}

func (p storedPiece) whole() ([]byte, error) {
	if !p.work.has(p.index) {
		return p.work.partials.whole(p.key())
	}
	whole := make([]byte, p.width())
	_, err := p.ReadAt(whole, 0)
	return whole, err
}

// WriteAt implements storage.PieceImpl. Blocks of a piece that another party has put meanwhile are of no use.
func (p storedPiece) WriteAt(data []byte, begin int64) (int, error) {
	if p.work.has(p.index) {
		return len(data), nil
	}
	if err := p.work.partials.put(p.key(), p.width(), begin, data); err != nil {
		return 0, err
	}
	return len(data), nil
}

// MarkComplete implements storage.PieceImpl: the client has found the piece right.
func (p storedPiece) MarkComplete() error {
	defer p.work.partials.drop(p.key())
	if p.work.has(p.index) {
		return nil
	}
	err := p.keep()
	if err != nil { // the client would take the piece for complete all the same
		p.changed(failed, err)
		return fmt.Errorf("keep piece %d: %w", p.index, err)
	}
	p.work.mark(p.index, true)
	return nil
}

func (p storedPiece) keep() error {
	piece, err := p.work.partials.whole(p.key())
	if err != nil {
		return err
	}
	if t := p.work.torrent; t.Info.HasV1() && t.Info.HasV2() && !right(t, p.index, piece) {
		return errors.New("its root of version 2 is another")
	}
	return p.work.store.Put(p.work.ctx, p.index, piece[:p.size()])
}

// right holds a piece against version 2.
func right(t *metainfo.Torrent, index int, piece []byte) bool {
	place := t.Info.Place(index)
	want, known := t.Layers.Hash(place)
	return known && zeros(piece[place.Length:]) && t.Info.PieceRoot(index, merkle.AppendLeaves(nil, piece[:place.Length])) == want
}

func zeros(padding []byte) bool {
	return !slices.ContainsFunc(padding, func(b byte) bool { return b != 0 })
}

// MarkNotComplete implements storage.PieceImpl: the client has found the piece wrong. What the store has is not the client's to judge.
func (p storedPiece) MarkNotComplete() error {
	p.work.partials.drop(p.key())
	if p.work.has(p.index) {
		p.changed(found, nil)
	}
	return nil
}

// rootedPiece is a piece of version 2 alone, which hashes itself: see roots.
type rootedPiece struct{ storedPiece }

var _ storage.SelfHashing = rootedPiece{}

// SelfHash implements storage.SelfHashing.
func (p rootedPiece) SelfHash() (sum stock.Hash, err error) {
	whole, err := p.storedPiece.whole()
	if err != nil {
		return sum, err
	}
	place := p.work.torrent.Info.Place(p.index)
	root, _ := p.work.torrent.Layers.Hash(place)
	copy(sum[:], root[:])
	if !right(p.work.torrent, p.index, whole) {
		sum[0] ^= 0xff
	}
	return sum, nil
}
