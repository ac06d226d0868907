package audit

import (
	"math/rand/v2"
	"slices"
	"time"
)

// candidates is how many works are looked at for each audit: to ask after the seeders of all would take the server's time.
const candidates = 64

// choose returns the work to visit: about every second time one where a refusal waits to be confirmed, if there is any; else one at random by
// what is at stake there, which is its length times its seeders.
func (a *Auditor) choose(now time.Time) (infohash [20]byte, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if again, due := a.suspicions.due(now, a.Rules, a.rand); due && a.rand.IntN(2) == 0 && a.Seeders(again) > 0 {
		return again, true
	}
	var all []stake
	for infohash, length := range a.Works.Lengths() {
		all = append(all, stake{infohash, float64(length)})
	}
	slices.SortFunc(all, func(a, b stake) int { return slices.Compare(a.infohash[:], b.infohash[:]) })
	few := all
	if len(all) > candidates { // drawn by length, they are weighed by their seeders alone
		few = nil
		for range candidates {
			one, _ := draw(a.rand, all)
			few = append(few, stake{one.infohash, 1})
		}
	}
	for i := range few {
		few[i].weight *= float64(a.Seeders(few[i].infohash))
	}
	chosen, ok := draw(a.rand, few)
	return chosen.infohash, ok
}

// stake is a work and how likely it is to be chosen.
type stake struct {
	infohash [20]byte
	weight   float64
}

// draw picks one by weight; false where nothing has any.
func draw(r *rand.Rand, list []stake) (stake, bool) {
	total := 0.0
	for _, s := range list {
		total += s.weight
	}
	at := r.Float64() * total
	for _, s := range list {
		if at -= s.weight; at < 0 {
			return s, true
		}
	}
	return stake{}, false
}
