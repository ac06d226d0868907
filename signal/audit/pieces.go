package audit

import (
	"context"
	"crypto/sha1"

	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// pieces are a visit's store, in memory. What peers have given is held against every piece that the engine has verified.
type pieces struct {
	store.Store
	info     *metainfo.Info
	verified func(index int, piece []byte)
}

// Put implements store.Store.
func (p *pieces) Put(ctx context.Context, index int, piece []byte) error {
	err := p.Store.Put(ctx, index, piece)
	if err == nil {
		p.verified(index, piece)
	}
	return err
}

// piece returns a verified piece; nil where it is not here.
func (p *pieces) piece(index int) []byte {
	if p == nil || !p.Have().Has(index) {
		return nil
	}
	piece := make([]byte, p.info.PieceSize(index))
	if p.ReadAt(context.Background(), index, 0, piece) != nil {
		return nil
	}
	return piece
}

// spoilt counts the bytes of pieces that one peer has given from their first block to their last and that fail their hash. Of a piece that
// several gave, and that nobody could verify, nothing can be said.
func spoilt(t *metainfo.Torrent, given map[block][]byte) (bad int64) {
	whole := map[int]int64{}
	for at, data := range given {
		whole[int(at.index)] += int64(len(data))
	}
	for index, size := range whole {
		if size != dataSize(t.Info, index) {
			continue
		}
		piece := make([]byte, t.Info.PieceSize(index))
		for at, data := range given {
			if int(at.index) == index {
				copy(piece[at.begin:], data)
			}
		}
		if !passes(t, index, piece) {
			bad += size
		}
	}
	return bad
}

// dataSize is how much of a piece peers give, without padding.
func dataSize(info *metainfo.Info, index int) int64 {
	if info.HasV2() {
		return info.Place(index).Length
	}
	return info.PieceSize(index)
}

// passes says whether a piece has a hash that it must have.
func passes(t *metainfo.Torrent, index int, piece []byte) bool {
	if t.Info.HasV1() {
		return sha1.Sum(piece) == t.Info.Hash(index)
	}
	place := t.Info.Place(index)
	want, known := t.Layers.Hash(place)
	return !known || t.Info.PieceRoot(index, merkle.AppendLeaves(nil, piece[:place.Length])) == want
}
