package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"fanseed/signal/seedbox"
)

// What an audit of somebody's work has come to stands among the operator's numbers; the server's own copy is not audited.
func TestAudits(t *testing.T) {
	s, stop := run(t, flags(t, "-audits", "1"))
	defer stop()
	s.auditor.Rules.Stay = time.Second
	s.auditor.Rules.Slowest = s.auditor.Rules.Fastest
	work := newSong(1, 1<<20)
	p := publishes(t, s, "", work)
	becomes(t, s, work, seedbox.Whole)
	p.must(s.auditor.Audit(t.Context()))
	p.stop()
	eventually(t, "only the server's copy is left", func() bool { return s.others(work.Infohash) == 0 })
	p.must(s.auditor.Audit(context.WithoutCancel(t.Context())))
	_, metrics := request(t, "GET", "http://"+s.admin.accept.Addr().String()+"/metrics")
	for name, want := range map[string]int{"served": 1, "busy": 0, "unreachable": 0, "refused": 0, "corrupt": 0, "failed": 0} {
		if line := fmt.Sprintf("\nfanseed_audits_%s_total %d\n", name, want); !strings.Contains(metrics, line) {
			t.Errorf("no %q in\n%s", line, metrics)
		}
	}
}
