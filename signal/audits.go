package main

import (
	"context"
	"encoding/hex"
	"errors"
	"iter"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"fanseed/signal/api"
	"fanseed/signal/audit"
	"fanseed/signal/ledger"
	"fanseed/wasm/rtc"
)

// audits are the server's own downloaders, which look how seeders serve. A nil one is off.
type audits struct {
	*audit.Auditor
	loop *loop
}

// openAudits makes the auditor. Nothing is visited before begin.
func (s *server) openAudits(own net.Addr, ice []api.ICEServer) error {
	if s.audits == 0 {
		return nil
	}
	if s.auditRelay && !slices.ContainsFunc(ice, relays) {
		return errors.New("-audit-relay needs a TURN server in -ice-servers")
	}
	c := audit.Config{
		Server: s.origins[0], Dial: own.String(), PerHour: s.audits, Works: works{s.listing, s.db}, Seeders: s.others,
		Results: outcomes{s.ledger, s.log}, Relay: s.auditRelay, Log: s.log,
	}
	for _, server := range ice {
		c.ICE = append(c.ICE, rtc.ICEServer(server))
	}
	s.auditor = &audits{Auditor: audit.New(c)}
	return nil
}

func relays(server api.ICEServer) bool {
	return slices.ContainsFunc(server.URLs, func(url string) bool { return strings.HasPrefix(url, "turn") })
}

// others is how many seed a work besides this server.
func (s *server) others(infohash [20]byte) int {
	if s.copies != nil {
		return s.copies.Others(infohash)
	}
	seeders, _ := s.hub.Counts(infohash)
	return seeders
}

// Lengths implements audit.Works.
func (w works) Lengths() iter.Seq2[[20]byte, int64] {
	return func(yield func([20]byte, int64) bool) {
		for infohash, listed := range w.All() {
			if !yield(infohash, listed.Length) {
				return
			}
		}
	}
}

// outcomes keeps how audits ended, and writes the failed ones to the log.
type outcomes struct {
	ledger *ledger.Ledger
	log    *slog.Logger
}

// Audited implements audit.Results.
func (f outcomes) Audited(ctx context.Context, results []audit.Result) error {
	list, now := make([]ledger.Audited, len(results)), uint64(time.Now().UnixMilli())
	for i, r := range results {
		list[i] = ledger.Audited{Epoch: r.Epoch, Account: r.Account, Work: r.Infohash, Passed: !r.Failed, Why: r.Outcome.String(), Time: now}
		if r.Failed {
			f.log.Info("a seeder has failed an audit", "account", hex.EncodeToString(r.Account[:]), "infohash", hex.EncodeToString(r.Infohash[:]),
				"epoch", r.Epoch, "why", r.Outcome.String())
		}
	}
	return f.ledger.Audited(ctx, list)
}

func (a *audits) begin(failed chan<- error) {
	if a != nil {
		a.loop = begin(a.Run, failed)
	}
}

// end leaves what is being visited.
func (a *audits) end() {
	if a != nil {
		a.loop.end()
	}
}

func (a *audits) metrics() []api.Metric {
	if a == nil {
		return nil
	}
	list := []api.Metric{{
		Name: "fanseed_audits_failed_total", Help: "Seeders that have failed an audit: what they gave was corrupt, or they have refused twice.", Type: "counter",
		Value: a.Failed,
	}}
	for _, o := range slices.Sorted(slices.Values(audit.Outcomes[:])) {
		list = append(list, api.Metric{
			Name: "fanseed_audits_" + o.String() + "_total", Help: "Audits of a seeder that ended so: " + o.String() + ".", Type: "counter",
			Value: func() int64 { return a.Count(o) },
		})
	}
	return list
}
