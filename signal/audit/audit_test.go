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
