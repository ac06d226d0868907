package seedbox

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// keepers is how many others must seed a work at the least for the server's copy to make way. One is too few: it may be the artist's own
// tab, who was told that it can be closed.
const keepers = 2

// candidate is a copy that is whole, as far as eviction looks at it.
type candidate struct {
	infohash [20]byte
	size     int64     // bytes
	others   int       // who seed it
	asked    time.Time // for some of it, last
}

// makeWay chooses the copies that make way for so many bytes: never what fewer than two others seed; of the rest first what most others
// seed, and of those what nobody has asked for longest. It chooses none, and returns false, where that is not enough.
func makeWay(bytes int64, candidates []candidate) ([]candidate, bool) {
	candidates = slices.DeleteFunc(slices.Clone(candidates), func(c candidate) bool { return c.others < keepers })
	slices.SortFunc(candidates, compareCandidates)
	for n, c := range candidates {
		if bytes <= 0 {
			return candidates[:n], true
		}
		bytes -= c.size
	}
	return candidates, bytes <= 0
}

func compareCandidates(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.others, a.others), a.asked.Compare(b.asked), bytes.Compare(a.infohash[:], b.infohash[:]))
}

// makeRoom lets others make way for a work, if they may and must; false when there is no room for it.
func (b *Box) makeRoom(o *order, mayEvict bool) bool {
	needed := b.taken(o) + o.size - b.config.Disk
	if needed <= 0 {
		return true
	}
	if !mayEvict || o.size > b.config.Disk {
		return false
	}
	return b.evict(needed - b.park(needed))
}

// shrink lets copies make way where they take more than they may, as when that has become less.
func (b *Box) shrink() {
	if over := b.taken(nil) - b.config.Disk; over > 0 {
		b.evict(over - b.park(over))
	}
}

// evict lets copies make way for so many bytes; false when that is not enough, and none did.
func (b *Box) evict(bytes int64) bool {
	chosen, enough := makeWay(bytes, b.candidates())
	if !enough {
		return false
	}
	for _, c := range chosen {
		err := b.record.note(c.infohash, gone)
		if err == nil {
			err = b.finish(c.infohash, Evicted)
		}
		if err != nil {
			b.config.Log.Error("a copy did not make way", "err", err)
			return false
		}
	}
	return true
}

// taken is the room that works other than one have, or will need.
func (b *Box) taken(but *order) (bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.list {
		if o != but {
			bytes += o.claim
		}
	}
	return bytes
}

// stalledAfter is how long a work is waited for of which nobody has the rest.
const stalledAfter = 2 * time.Minute

// park takes the room for what has not come from works that nobody seeds, up to so many bytes, and returns how many that are. What is
// here of them stays, and the rest is fetched when there is room again.
func (b *Box) park(needed int64) (freed int64) {
	for _, o := range b.stalled(time.Now()) {
		if freed >= needed {
			break
		}
		if b.others(o.infohash) > 0 {
			continue
		}
		if err := b.halt(o); err != nil {
			b.config.Log.Warn("a copy was not halted", "err", err)
		}
		b.mu.Lock()
		here := int64(o.progress * float64(o.size))
		freed += o.claim - here
		o.state, o.claim = NoRoom, here
		b.mu.Unlock()
	}
	return freed
}

func (b *Box) stalled(now time.Time) (all []*order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.list {
		if o.state == Pulling && o.runs() && now.Sub(o.begun) >= stalledAfter {
			all = append(all, o)
		}
	}
	return all
}

// candidates are the copies that are whole.
func (b *Box) candidates() []candidate {
	b.mu.Lock()
	var all []candidate
	for _, o := range b.list {
		if o.state == Whole {
			all = append(all, candidate{infohash: o.infohash, size: o.size, asked: o.asked})
		}
	}
	b.mu.Unlock()
	for i := range all {
		all[i].others = b.others(all[i].infohash)
	}
	return all
}
