package audit

import (
	"math/rand/v2"
	"slices"
	"time"
)

const (
	maxSuspicions = 10_000             // the oldest are forgotten
	suspectedFor  = 7 * 24 * time.Hour // without another refusal
)

// suspicions are the refusals that no other audit has confirmed. They are forgotten when the server stops: in favour of the seeders.
type suspicions struct{ list []suspicion } // the oldest first

// suspicion is a refusal of an account, met by another.
type suspicion struct {
	account, by [16]byte
	infohash    [20]byte
	at          time.Time
}

// heard takes a result of an audit, and says whether it is a failure. Who serves is not suspected any more.
func (s *suspicions) heard(now time.Time, rules Rules, by [16]byte, r *Result) (failed bool) {
	at := slices.IndexFunc(s.list, func(old suspicion) bool { return old.account == r.Account })
	switch r.Outcome {
	case Corrupt:
		return true
	case Served:
		if at >= 0 {
			s.list = slices.Delete(s.list, at, at+1)
		}
	case Refused:
		if at < 0 || now.Sub(s.list[at].at) > suspectedFor {
			s.suspect(suspicion{r.Account, by, r.Infohash, now})
			return false
		}
		if old := s.list[at]; old.by != by && now.Sub(old.at) >= rules.Apart {
			s.list = slices.Delete(s.list, at, at+1)
			return true
		}
	}
	return false
}

func (s *suspicions) suspect(next suspicion) {
	s.list = slices.DeleteFunc(s.list, func(old suspicion) bool { return old.account == next.account })
	s.list = append(s.list[max(0, len(s.list)+1-maxSuspicions):], next)
}

// due returns the work of one of the refusals that may be confirmed now: any of them, as a seeder that has left would keep the others waiting.
func (s *suspicions) due(now time.Time, rules Rules, r *rand.Rand) (infohash [20]byte, ok bool) {
	s.list = slices.DeleteFunc(s.list, func(old suspicion) bool { return now.Sub(old.at) > suspectedFor })
	ripe := slices.IndexFunc(s.list, func(young suspicion) bool { return now.Sub(young.at) < rules.Apart })
	if ripe < 0 {
		ripe = len(s.list)
	}
	if ripe == 0 {
		return infohash, false
	}
	return s.list[r.IntN(ripe)].infohash, true
}
