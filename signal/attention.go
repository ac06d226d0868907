package main

import (
	"context"
	"errors"
	"time"

	"fanseed/signal/api"
	"fanseed/signal/hub"
	"fanseed/signal/ledger"
	"fanseed/wasm/metainfo"
)

// boosts tells the hub what is boosted. It implements hub.Boosts.
type boosts struct {
	ledger *ledger.Ledger
	works  ledger.Works
	closed map[[20]byte]bool // whether the works that were boosted at the last call are private
}

func (b *boosts) Boosted(ctx context.Context, now time.Time) (works []hub.Boosted, until time.Time, err error) {
	list, err := b.ledger.Boosted(ctx, hub.MaxBoosted, now)
	if err != nil {
		return nil, until, err
	}
	epochs, closed := b.ledger.Epochs(), make(map[[20]byte]bool, len(list))
	for _, one := range list {
		private, known := b.closed[one.Work]
		if !known {
			if private, err = b.private(ctx, one.Work); err != nil {
				return nil, until, err
			}
		}
		closed[one.Work] = private
		works = append(works, hub.Boosted{Infohash: one.Work, Amount: one.Amount, Ends: epochs.Ends(one.Last), Private: private})
	}
	b.closed = closed
	return works, epochs.Ends(epochs.At(now)), nil
}

// private says whether a work is for those alone whom its publisher asks (BEP 27); so is one that is gone, or that nobody can read.
func (b *boosts) private(ctx context.Context, infohash [20]byte) (bool, error) {
	torrent, err := b.works.Torrent(ctx, infohash)
	if errors.Is(err, ledger.ErrNoWork) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	t, err := metainfo.Parse(torrent)
	return err != nil || t.Info.Private, nil
}

// boosting is the ledger as the API has it: the hub learns at once of a boost that is locked here.
type boosting struct {
	*ledger.Ledger
	hub *hub.Hub
}

func (b boosting) Boost(ctx context.Context, asked ledger.Boost, now time.Time) (ledger.Boost, error) {
	kept, err := b.Ledger.Boost(ctx, asked, now)
	if err == nil {
		b.hub.ReadBoosts()
	}
	return kept, err
}

// swarms are the hub's, as the API has them.
type swarms struct{ *hub.Hub }

func (s swarms) Attention(infohash [20]byte) api.Attention {
	a := s.Hub.Attention(infohash)
	return api.Attention{Helpers: a.Helpers, Introductions: a.Introductions}
}
