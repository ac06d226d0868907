package audit

import (
	"context"
	"time"
)

// Results takes how audits ended: the ledger. It may block, and is called by several audits at a time.
//
// Of each result it keeps a row: epoch, account, infohash, whether it passed, which is !Failed, and why, which is Outcome.String(). The failed rows of
// an account in an epoch are its reward.Seeder.Failed of that epoch: each halves its reputation. The others change nothing, and are kept for the
// account's own statement, and because what is away or busy at every audit may be worth a look. How much came, and how fast, need not be kept.
//
// Accounts and works are known to the ledger, since a ticket named them. An account may come again in an epoch, also for the same work. A result of an
// epoch that is closed is lost, and that is no error: a visit that began before the end of an epoch ends minutes after it.
type Results interface {
	// Audited takes the results of one audit, all or none: one for each seeder that had a ticket for it and could be judged, at least one and no
	// more than a copy has tickets. After an error they are lost, in favour of the seeders: nothing is handed in twice.
	Audited(ctx context.Context, results []Result) error
}

// Result is how one seeder has served one audit.
type Result struct {
	Account  [16]byte // of the seeder
	Infohash [20]byte
	Epoch    uint32 // of its ticket
	Outcome  Outcome
	// Failed says that the seeder is to answer for it: for bytes that failed their hash, or for a refusal that an audit by another account has
	// met before, some time ago.
	Failed bool
	Bytes  int64         // verified
	Took   time.Duration // from the first request to the last block; 0 where none came
}

// Outcome is what came of an audit with one seeder.
type Outcome uint8

// The outcomes.
const (
	// Served: bytes came, and passed their hash.
	Served Outcome = iota
	// Busy: it said no as honest seeders do, at the end of a budget or with its slots full, or gave too little to be judged.
	Busy
	// Unreachable: it was introduced, and no connection came of it, or one that it has left.
	Unreachable
	// Refused: it was connected and there for everybody, and nothing came.
	Refused
	// Corrupt: it gave bytes that failed their hash.
	Corrupt
)

var outcomes = [...]string{Served: "served", Busy: "busy", Unreachable: "unreachable", Refused: "refused", Corrupt: "corrupt"}

// Outcomes are all there are.
var Outcomes = [...]Outcome{Served, Busy, Unreachable, Refused, Corrupt}

func (o Outcome) String() string { return outcomes[o] }

// Rules are how an audit goes. A zero field means its default.
type Rules struct {
	Patience time.Duration // in which a seeder that is connected must have unchoked; 90 s: tabs in the background wake once a minute
	Silence  time.Duration // in which one that has unchoked must answer something; 5 minutes: at 16 KiB in that time nobody's cap is too low
	Connect  time.Duration // in which connections must come; 40 s
	Stay     time.Duration // for which a visit stays at least, and up to twice as long; 15 s
	Enough   int64         // verified bytes by which a seeder has served; 1 MiB
	Most     int64         // bytes that a visit takes; 64 MiB
	Slowest  int64         // bytes a second that a visit takes, as lines differ; from 32 KiB …
	Fastest  int64         // … to 2 MiB
	Apart    time.Duration // by which two refusals must be apart; 20 minutes
	Uses     int           // visits of one account at most; 3
}

func (r Rules) withDefaults() Rules {
	set(&r.Patience, 90*time.Second)
	set(&r.Silence, 5*time.Minute)
	set(&r.Connect, 40*time.Second)
	set(&r.Stay, 15*time.Second)
	set(&r.Enough, 1<<20)
	set(&r.Most, 64<<20)
	set(&r.Slowest, 32<<10)
	set(&r.Fastest, 2<<20)
	set(&r.Apart, 20*time.Minute)
	set(&r.Uses, 3)
	return r
}

func set[N ~int | ~int64](n *N, standard N) {
	if *n == 0 {
		*n = standard
	}
}
