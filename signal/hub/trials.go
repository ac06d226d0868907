package hub

import "time"

// trials knows with which seeders each copy was tried, and whether any came to something. A leecher that could try as often as it likes would
// wait for a seeder of its own: so a copy may be tried in vain with so many, and with one more for each that was not in vain. What is older
// than two lifetimes is forgotten.
type trials struct {
	now, before map[copyKey]map[[16]byte]bool // by seeder: it came to something
	since       time.Time
}

func newTrials() trials { return trials{now: map[copyKey]map[[16]byte]bool{}} }

// allow says whether a copy may be tried with one more seeder.
func (t *trials) allow(in *introduction, spare int, now time.Time) bool {
	if now.Sub(t.since) >= triedLifetime {
		t.now, t.before, t.since = map[copyKey]map[[16]byte]bool{}, t.now, now
	}
	seeders := t.of(in.copy())
	if _, again := seeders[in.seeder.account]; again {
		return true
	}
	inVain := 0
	for _, came := range seeders {
		if !came {
			inVain++
		}
	}
	return inVain < spare+len(seeders)-inVain
}

// note keeps that a copy is tried with a seeder, and whether it came to something.
func (t *trials) note(in *introduction, came bool) {
	seeders := t.of(in.copy())
	if seeders == nil {
		seeders = map[[16]byte]bool{}
		t.now[in.copy()] = seeders
	}
	seeders[in.seeder.account] = seeders[in.seeder.account] || came
}

func (t *trials) of(copy copyKey) map[[16]byte]bool {
	if seeders := t.now[copy]; seeders != nil {
		return seeders
	}
	seeders := t.before[copy]
	if seeders != nil {
		t.now[copy] = seeders
	}
	return seeders
}
