package main

import (
	"context"

	"fanseed/signal/hub"
	"fanseed/signal/ledger"
)

// seeding writes down who seeded for how long, and how their storage proofs ended. It implements hub.Seeding.
type seeding struct{ ledger *ledger.Ledger }

func (s seeding) Minutes(ctx context.Context, minutes []hub.Minute) error {
	stays, nets := make([]ledger.Stay, len(minutes)), make([]string, len(minutes))
	for i, m := range minutes {
		stays[i] = ledger.Stay{Epoch: m.Epoch, Account: m.Account, Work: m.Infohash, Minutes: uint64(m.Minutes)}
		nets[i] = m.Net
	}
	return s.ledger.Stayed(ctx, stays, nets)
}

func (s seeding) Proofs(ctx context.Context, proofs []hub.Proof) error {
	stays := make([]ledger.Stay, len(proofs))
	for i, p := range proofs {
		stays[i] = ledger.Stay{Epoch: p.Epoch, Account: p.Account, Work: p.Infohash, Asked: uint64(p.Asked), Passed: uint64(p.Passed)}
	}
	return s.ledger.Stayed(ctx, stays, make([]string, len(stays))) // where they are is told with their minutes
}
