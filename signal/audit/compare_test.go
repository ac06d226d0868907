package audit_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"fanseed/signal/audit"
	"fanseed/wasm/node"
)

// alike are rules of a visit that goes on to the end, as fast as it can, as the fans in this test do.
var alike = audit.Rules{
	Patience: time.Minute, Silence: time.Minute, Connect: time.Minute, Stay: 500 * time.Millisecond, Enough: 1 << 40,
	Slowest: 1 << 40, Fastest: 1 << 40, Uses: 1,
}

// rounds is how many audits and downloads are seen at most. What only a slow moment brings, as a receipt before its MiB is full, comes to either
// kind by then; what one kind never shows does not.
const rounds = 6

// An audit cannot be told from a download by what a seeder sees: all that comes from the server and on the wire is compared field by field, random
// values by their form; and the order of requests by how much of it goes on where the one before has ended.
func TestAuditLooksLikeADownload(t *testing.T) {
	r := newRig(t, 4<<20)
	w := &witness{}
	w.begin()
	r.seed(patient{r.whole(), w}, node.Limits{}, w.parts)
	a, results := r.auditor(alike)
	audits, downloads := fields{}, fields{}
	var auditRuns, downloadRuns []float64
	for round := range rounds {
		auditRuns = append(auditRuns, r.watch(w, audits, func() {
			if err := a.Audit(t.Context()); err != nil {
				t.Fatal(err)
			}
		}))
		if len(results.results) != round+1 || results.results[round].Outcome != audit.Served {
			t.Fatalf("got results %+v, want one more that was served", results.results)
		}
		downloadRuns = append(downloadRuns, r.watch(w, downloads, r.fan))
		if round > 0 && len(audits.differ(downloads))+len(downloads.differ(audits)) == 0 {
			break
		}
	}
	for _, name := range []string{"announce with offer peer_id", "ticket limit", "channel label", "handshake reserved", "extended payload", "request", "receipt"} {
		if len(downloads[name]) == 0 {
			t.Errorf("nothing is seen of %s", name)
		}
	}
	for _, only := range audits.differ(downloads) {
		t.Errorf("only audits have %s", only)
	}
	for _, only := range downloads.differ(audits) {
		t.Errorf("only downloads have %s", only)
	}
	if got, want := mean(auditRuns), mean(downloadRuns); got < want-0.2 || got > want+0.2 {
		t.Errorf("%.2f of the audits' requests follow the one before, and %.2f of the downloads'", got, want)
	}
}

// watch adds what the seeder sees of a visit, and returns which part of its requests go on where the one before has ended.
func (r *rig) watch(w *witness, into fields, visit func()) float64 {
	r.t.Helper()
	w.begin()
	visit()
	r.until("the visitor leaves", func() bool {
		seeders, leechers := r.hub.Counts(r.torrent.Infohash)
		return seeders == 1 && leechers == 0
	})
	r.until("what it has signed for is settled", func() bool {
		s := w.seen()
		amount := fmt.Appendf(nil, `"amount":%d`, r.signed(s.wire))
		return slices.ContainsFunc(s.texts, func(text []byte) bool { return bytes.Contains(text, amount) })
	})
	s := w.seen()
	for name, values := range r.examine(s) {
		for value := range values {
			into.add(name, "%s", value)
		}
	}
	blocks := r.requests(s.wire)
	follow := 0
	for i := 1; i < len(blocks); i++ {
		if blocks[i] == blocks[i-1]+1 {
			follow++
		}
	}
	return float64(follow) / float64(max(1, len(blocks)-1))
}

// until waits for something that comes by and by.
func (r *rig) until(what string, there func() bool) {
	r.t.Helper()
	for end := time.Now().Add(30 * time.Second); !there(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("it never comes that %s", what)
		}
	}
}

// fan streams the work from somewhere to its end, as a person does, stays until it has everything, and leaves.
func (r *rig) fan() {
	r.t.Helper()
	e := r.start(r.empty(), node.Limits{}, nil)
	defer e.stop()
	for at := rand.Int64N(r.torrent.Info.Length); at < r.torrent.Info.Length; {
		b, err := e.Read(r.t.Context(), r.torrent.Infohash, 0, at, r.torrent.Info.Length)
		if err != nil {
			r.t.Fatal(err)
		}
		at += int64(len(b))
	}
	r.until("the work is whole", func() bool { return e.store.Have().Count() == r.torrent.Info.NumPieces() })
	time.Sleep(alike.Stay)
}

func mean(list []float64) (m float64) {
	for _, x := range list {
		m += x / float64(len(list))
	}
	return m
}
