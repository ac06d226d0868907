package seedbox

import (
	"cmp"
	"context"
	"encoding/hex"
	"math"
	"slices"
	"time"
)

// room tells whether a work fits, after others have made room for it.
func (b *Box) room(ctx context.Context, infohash [20]byte, w wish) (bool, error) {
	all, own := b.taken(w.By)
	if b.Each > 0 && own+w.Size > b.Each {
		return false, nil
	}
	lacking := all + w.Size - b.Budget
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

// taken is what all copies take once they are whole, and those of one publisher.
func (b *Box) taken(account [16]byte) (all, own int64) {
	for _, c := range b.Shelf.Copies() {
		w, _ := b.of(c.infohash)
		size := w.room(c)
		all += size
		if w.By == account {
			own += size
		}
	}
	return all, own
}

// room is what a copy takes once it is whole.
func (w wish) room(c *Copy) int64 { return max(w.Size, c.Bytes()) }

// candidate is a copy that may give way.
type candidate struct {
	infohash [20]byte
	size     int64
	stalled  bool // it is not whole, and nothing comes
	others   int  // that seed it
	asked    time.Time
}

// rank says how soon a copy gives way: first those that stalled, then those that most others seed.
func (c candidate) rank() int {
	if c.stalled {
		return math.MaxInt
	}
	return c.others
}

// candidates are the copies beside one, with who else seeds them.
func (b *Box) candidates(beside [20]byte) (list []candidate) {
	for _, c := range b.Shelf.Copies() {
		w, ok := b.of(c.infohash)
		if !ok || c.infohash == beside {
			continue
		}
		stalled := w.stalled() && b.progress(c.infohash) < 1
		list = append(list, candidate{c.infohash, w.room(c), stalled, b.Others(c.infohash), w.Asked})
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
		return cmp.Or(cmp.Compare(b.rank(), a.rank()), a.asked.Compare(b.asked))
	})
	for i, c := range list {
		if lacking -= c.size; lacking <= 0 {
			return list[:i+1]
		}
	}
	return nil
}
