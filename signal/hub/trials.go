package hub

import "time"

// trials remembers who was tried with whom, for two lifetimes at most, so that nobody can try until the server names an accomplice.
//
// A leecher could ask again and again: so a copy may be tried in vain with so many seeders, and with one more for each that came to something.
// A seeder could offer itself to everybody: so of its own offers no more bring a ticket than of the leechers' offers that the server gave it,
// and planned more.
type trials struct {
	now, before generation
	since       time.Time
}

type generation struct {
	copies  map[copyKey]map[[16]byte]bool // by seeder: it came to something
	seeders map[copyKey]*offersOf         // of a seeder for a work
}

// offersOf counts the introductions of a seeder for a work.
type offersOf struct{ own, given int }

func newGeneration() generation {
	return generation{map[copyKey]map[[16]byte]bool{}, map[copyKey]*offersOf{}}
}

func newTrials() trials { return trials{now: newGeneration(), before: newGeneration()} }

// allow says whether a copy may be tried with a seeder.
func (t *trials) allow(in *introduction, spare int, now time.Time) bool {
	switch age := now.Sub(t.since); {
	case age >= 2*triedLifetime:
		*t = trials{newGeneration(), newGeneration(), now}
	case age >= triedLifetime:
		*t = trials{newGeneration(), t.now, now}
	}
	seeders := recall(t.now.copies, t.before.copies, in.copy())
	if _, again := seeders[in.seeder.account]; again {
		return true
	}
	if o := recall(t.now.seeders, t.before.seeders, in.gift()); in.own && o != nil && o.own >= o.given+planned {
		return false
	}
	inVain := 0
	for _, came := range seeders {
		if !came {
			inVain++
		}
	}
	return inVain < spare+len(seeders)-inVain
}

// tried keeps that a copy is tried with a seeder.
func (t *trials) tried(in *introduction) {
	seeders := recall(t.now.copies, t.before.copies, in.copy())
	if seeders == nil {
		seeders = map[[16]byte]bool{}
		t.now.copies[in.copy()] = seeders
	}
	if _, again := seeders[in.seeder.account]; again {
		return
	}
	seeders[in.seeder.account] = false
	o := recall(t.now.seeders, t.before.seeders, in.gift())
	if o == nil {
		o = &offersOf{}
		t.now.seeders[in.gift()] = o
	}
	if in.own {
		o.own++
	} else {
		o.given++
	}
}

// came keeps that a copy was tried with success.
func (t *trials) came(in *introduction) {
	if seeders := recall(t.now.copies, t.before.copies, in.copy()); seeders != nil {
		seeders[in.seeder.account] = true
	}
}

// gift names what a seeder gives of a torrent.
func (in *introduction) gift() copyKey { return copyKey{in.seeder.account, in.infohash} }

// recall finds what either generation knows, and keeps it in the newer one.
func recall[V any](now, before map[copyKey]V, key copyKey) V {
	value, known := now[key]
	if !known {
		if value, known = before[key]; known {
			now[key] = value
		}
	}
	return value
}
