package main

import (
	"context"

	"fanseed/signal/hub"
	"fanseed/signal/ledger"
)

// seeding writes down who seeded for how long, and how their storage proofs ended. It implements hub.Seeding.
type seeding struct{ ledger *ledger.Ledger }

// Stayed implements hub.Seeding. Where accounts are is told with their minutes.
func (s seeding) Stayed(ctx context.Context, told hub.Told) error {
	stays, nets := []ledger.Stay{}, []string{}
	for _, m := range told.Minutes {
		stays = append(stays, ledger.Stay{Epoch: m.Epoch, Account: m.Account, Work: m.Infohash, Minutes: uint64(m.Minutes)})
		nets = append(nets, m.Net)
	}
	for _, p := range told.Proofs {
		stays = append(stays, ledger.Stay{Epoch: p.Epoch, Account: p.Account, Work: p.Infohash, Asked: uint64(p.Asked), Passed: uint64(p.Passed)})
		nets = append(nets, "")
	}
	return s.ledger.Stayed(ctx, ledger.Told{ID: told.ID, Stays: stays}, nets)
}
