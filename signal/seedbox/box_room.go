package seedbox

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"time"
)

// room tells whether a work fits, after others have made room for it.
func (b *Box) room(ctx context.Context, infohash [20]byte, w wish) (bool, error) {
	if b.Each > 0 && b.takenBy(w.By)+w.Size > b.Each {
		return false, nil
	}
	lacking := b.taken() + w.Size - b.Budget
	if lacking <= 0 {
		return true, nil
	}
	if w.Size > b.Budget {
		return false, nil
	}
	list := b.candidates(infohash)
	if w.Waits {
		list = slices.DeleteFunc(list, func(c candidate) bool { return !c.stalled })
	}
	list = evictable(list, lacking)
	for _, c := range list {
		b.Log.Info("a copy gives way to a new work", "infohash", hex.EncodeToString(c.infohash[:]), "seeders", c.others)
		b.change(c.infohash, func(w *wish) { w.Waits = true })
		if err := b.drop(ctx, c.infohash); err != nil {
			return false, err
		}
	}
	return len(list) > 0, nil
}

// taken is what all copies take once they are whole.
func (b *Box) taken() (bytes int64) {
	for _, c := range b.Shelf.Copies() {
		w, _ := b.of(c.infohash)
		bytes += max(w.Size, c.Bytes())
	}
	return bytes
}

// takenBy is the same of one publisher's.
func (b *Box) takenBy(account [16]byte) (bytes int64) {
	for _, c := range b.Shelf.Copies() {
		if w, _ := b.of(c.infohash); w.By == account {
			bytes += max(w.Size, c.Bytes())
		}
	}
	return bytes
}

// candidate is a copy that may give way.
type candidate struct {
	infohash [20]byte
	size     int64
	stalled  bool // it is not whole, and nothing comes
	others   int  // that seed it
	asked    time.Time
}

// candidates are the copies beside one, with who else seeds them.
func (b *Box) candidates(beside [20]byte) (list []candidate) {
	for _, c := range b.Shelf.Copies() {
		w, ok := b.of(c.infohash)
		if !ok || c.infohash == beside {
			continue
		}
		stalled := w.stalled() && b.progress(c.infohash) < 1
		list = append(list, candidate{c.infohash, max(w.Size, c.Bytes()), stalled, b.Others(c.infohash), w.Asked})
	}
	return list
}

// Others counts those who seed a work beside the box.
func (b *Box) Others(infohash [20]byte) int {
	seeders, _ := b.Counts(infohash)
	if b.progress(infohash) == 1 {
		seeders--
	}
	return max(0, seeders)
}

// evictable chooses the copies that make room for so many bytes: none where that is not enough, and never a whole one that nobody else seeds.
func evictable(list []candidate, lacking int64) []candidate {
	list = slices.DeleteFunc(list, func(c candidate) bool { return c.others == 0 && !c.stalled })
	slices.SortStableFunc(list, func(a, b candidate) int {
		switch {
		case a.stalled != b.stalled && a.stalled:
			return -1
		case a.stalled != b.stalled:
			return 1
		}
		return cmp.Or(cmp.Compare(b.others, a.others), a.asked.Compare(b.asked))
	})
	for i, c := range list {
		if lacking -= c.size; lacking <= 0 {
			return list[:i+1]
		}
	}
	return nil
}
