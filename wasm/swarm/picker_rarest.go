package swarm

import "math/rand/v2"

// rarity keeps the open pieces, those that we lack and do not fetch yet, ordered by how many peers have them. Every change takes
// constant time. Peers that have every piece change no order: they are counted in seeds alone.
type rarity struct {
	buckets      [][]int32 // open pieces by availability, each in random order
	availability []int32   // of every piece, seeds not counted
	place        []int32   // of an open piece in its bucket; -1 otherwise
	open         int
	seeds        int
}

func (r *rarity) reset(n int) {
	*r = rarity{availability: make([]int32, n), place: make([]int32, n), seeds: r.seeds}
	for i := range r.place {
		r.place[i] = -1
	}
}

func (r *rarity) isOpen(i int) bool { return r.place[i] >= 0 }

// fetchable returns how many open pieces some peer has.
func (r *rarity) fetchable() int {
	if r.seeds > 0 || r.open == 0 {
		return r.open
	}
	return r.open - len(r.buckets[0])
}

// add makes a piece open.
func (r *rarity) add(rnd *rand.Rand, i int) {
	r.open++
	r.insert(rnd, i)
}

// remove makes a piece not open.
func (r *rarity) remove(i int) {
	r.open--
	r.extract(i)
}

func (r *rarity) increase(rnd *rand.Rand, i int) { r.change(rnd, i, 1) }
func (r *rarity) decrease(rnd *rand.Rand, i int) { r.change(rnd, i, -1) }

func (r *rarity) change(rnd *rand.Rand, i int, by int32) {
	open := r.isOpen(i)
	if open {
		r.extract(i)
	}
	r.availability[i] += by
	if open {
		r.insert(rnd, i)
	}
}

// insert puts a piece at a random place of its bucket, so that ties are broken at random.
func (r *rarity) insert(rnd *rand.Rand, i int) {
	a := int(r.availability[i])
	for len(r.buckets) <= a {
		r.buckets = append(r.buckets, nil)
	}
	b := append(r.buckets[a], int32(i))
	last, at := len(b)-1, rnd.IntN(len(b))
	b[last], b[at] = b[at], b[last]
	r.place[b[last]], r.place[b[at]] = int32(last), int32(at)
	r.buckets[a] = b
}

func (r *rarity) extract(i int) {
	b := r.buckets[r.availability[i]]
	last, at := len(b)-1, r.place[i]
	b[at] = b[last]
	r.place[b[at]] = at
	r.place[i] = -1
	r.buckets[r.availability[i]] = b[:last]
}

// rarest returns the rarest open piece that may is true of, of those that at least so many peers have besides the seeds; -1 if there is
// none.
func (r *rarity) rarest(atLeast int, may func(i int) bool) int {
	for _, bucket := range r.buckets[min(atLeast, len(r.buckets)):] {
		for _, i := range bucket {
			if may(int(i)) {
				return int(i)
			}
		}
	}
	return -1
}
