package audit_test

import (
	"context"
	"testing"
	"time"

	"fanseed/signal/audit"
	"fanseed/wasm/node"
	"fanseed/wasm/store"
)

// spoils gives other bytes than it has.
type spoils struct{ store.Store }

func (s spoils) ReadAt(ctx context.Context, index, begin int, dst []byte) error {
	err := s.Store.ReadAt(ctx, index, begin, dst)
	for i := range dst {
		dst[i] ^= 1
	}
	return err
}

// silent takes requests and never answers them.
type silent struct{ store.Store }

func (silent) ReadAt(ctx context.Context, _, _ int, _ []byte) error {
	<-ctx.Done()
	return ctx.Err()
}

var quick = audit.Rules{
	Patience: 4 * time.Second, Silence: 4 * time.Second, Connect: 8 * time.Second, Stay: time.Second, Enough: 256 << 10,
	Slowest: 1 << 20, Fastest: 1 << 20, Apart: time.Millisecond, Uses: 1,
}

// Each seeder is judged by what it gives, also where others serve the same work.
func TestAudit(t *testing.T) {
	r := newRig(t, 24<<20) // three units: as many tickets of a copy as are needed for all of them
	honest := r.seed(r.whole(), node.Limits{}, nil)
	corrupt := r.seed(spoils{r.whole()}, node.Limits{}, nil)
	refuses := r.seed(silent{r.whole()}, node.Limits{}, nil)
	slow := r.seed(r.whole(), node.Limits{UploadRate: 32 << 10}, nil)
	used := r.seed(r.whole(), node.Limits{UploadPerDay: 1}, nil)
	if err := used.SetUsed(t.Context(), node.Used{SentToday: 1}); err != nil {
		t.Fatal(err)
	}
	a, results := r.auditor(quick)
	for range 2 {
		if err := a.Audit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := a.Failed(); got != 3 {
		t.Errorf("got %d failures, want the corrupt one's two and the other's one", got)
	}
	for _, test := range []struct {
		name     string
		e        *engine
		outcomes []audit.Outcome
		failed   []bool
	}{
		{"honest", honest, []audit.Outcome{audit.Served, audit.Served}, []bool{false, false}},
		{"corrupt", corrupt, []audit.Outcome{audit.Corrupt, audit.Corrupt}, []bool{true, true}},
		{"refuses", refuses, []audit.Outcome{audit.Refused, audit.Refused}, []bool{false, true}},
		{"at its rate", slow, []audit.Outcome{audit.Served, audit.Served}, []bool{false, false}},
		{"at the end of its budget", used, []audit.Outcome{audit.Busy, audit.Busy}, []bool{false, false}},
	} {
		got := results.of(test.e.account)
		if len(got) != 2 {
			t.Errorf("%s: %d results %+v", test.name, len(got), got)
			continue
		}
		for i, result := range got {
			if result.Outcome != test.outcomes[i] || result.Failed != test.failed[i] || result.Infohash != r.torrent.Infohash {
				t.Errorf("%s: got %s, failed %v, want %s, %v", test.name, result.Outcome, result.Failed, test.outcomes[i], test.failed[i])
			}
			if (result.Outcome == audit.Served) != (result.Bytes > 0) || result.Outcome == audit.Served && result.Took <= 0 {
				t.Errorf("%s: %d bytes in %v", test.name, result.Bytes, result.Took)
			}
		}
	}
}

// leaves is gone as soon as it is asked for something and has its ticket: without that nobody is judged.
type leaves struct {
	store.Store
	witness *witness
	leave   func()
}

func (l leaves) ReadAt(ctx context.Context, _, _ int, _ []byte) error {
	l.witness.ticketed(ctx)
	go l.leave()
	<-ctx.Done()
	return ctx.Err()
}

// Who leaves while it is audited has not failed, however often it is met.
func TestAuditOfOneThatLeaves(t *testing.T) {
	r := newRig(t, 1<<20)
	a, results := r.auditor(quick)
	for range 2 {
		var e *engine
		w := &witness{}
		w.begin()
		e = r.seed(leaves{r.whole(), w, func() { e.stop() }}, node.Limits{}, w.sockets)
		if err := a.Audit(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := results.of(e.account)
		if len(got) != 1 || got[0].Outcome != audit.Unreachable || got[0].Failed {
			t.Errorf("got %+v, want one result: unreachable, not failed", got)
		}
		r.until("the seeder is gone", func() bool { return r.seeders() == 0 })
	}
	if got := a.Count(audit.Unreachable); got != 2 {
		t.Errorf("got a count of %d, want 2", got)
	}
}

// Where nothing is seeded nothing is audited, and with no audits an hour none begins.
func TestNothingToAudit(t *testing.T) {
	a := audit.New(audit.Config{Works: &rig{t: t, torrent: first(song(1 << 10))}, Seeders: func([20]byte) int { return 0 }})
	if err := a.Audit(t.Context()); err != nil {
		t.Error(err)
	}
	if err := a.Run(t.Context()); err != nil {
		t.Error(err)
	}
	for _, o := range audit.Outcomes {
		if got := a.Count(o); got != 0 {
			t.Errorf("got a count of %d %s", got, o)
		}
	}
}

func first[A, B any](a A, _ B) A { return a }
