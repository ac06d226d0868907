package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"fanseed/signal/audit"
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
	eventually(t, "an audit was served by the publisher", func() bool { // the server's own copy may be quicker
		p.must(s.auditor.Audit(t.Context()))
		return s.auditor.Count(audit.Served) > 0
	})
	p.stop()
	eventually(t, "only the server's copy is left", func() bool { return s.others(work.Infohash) == 0 })
	before := metrics(t, s)
	p.must(s.auditor.Audit(context.WithoutCancel(t.Context())))
	after := metrics(t, s)
	for name, want := range map[string]int64{"served": s.auditor.Count(audit.Served), "busy": s.auditor.Count(audit.Busy), "unreachable": s.auditor.Count(audit.Unreachable),
		"refused": 0, "corrupt": 0, "failed": 0} {
		line := fmt.Sprintf("\nfanseed_audits_%s_total %d\n", name, want)
		if !strings.Contains(before, line) || !strings.Contains(after, line) {
			t.Errorf("no %q in\n%s\nor in\n%s", line, before, after)
		}
	}
}

// metrics are the operator's numbers.
func metrics(t *testing.T, s *server) string {
	_, text := request(t, "GET", "http://"+s.admin.accept.Addr().String()+"/metrics")
	return text
}
