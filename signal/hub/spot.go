package hub

import (
	"context"
	"maps"
	"math"
	"time"

	"fanseed/signal/proof"
	"fanseed/wasm/metainfo"
)

// The rules of spot checks. A downloader that has signed for half of a work or more, since it came, is challenged for a few of its leaves at a random
// moment, as seeders are. The server does not know which pieces it has signed for; so of a part it asks for more leaves, of which one that has what
// it has signed for has two by all odds, see spotLeaves.
//
// A check is failed where fewer than two pass, whatever the reason: silence cannot be told from having nothing. So one failure is forgiven, as of a
// page that was closed or a phone that slept just then. A second one, with no passed check in between, means that the account's receipts are not
// believed: it is planned no further tickets for a day, so that nobody earns by it. It may download as before, and what was credited stays: the
// seeder on the other side may be honest. Who has removed the work, and said so by leaving its swarm, is not asked, and what it has signed for
// before is forgotten, also when it comes back: so one that signs for less than half at a time, and leaves each time, is never asked. How much it
// can say so is bounded as for everybody, by what its copy lacks and by the tickets of a copy.
const (
	spotWithin = 5 * time.Minute
	spotPassed = 2
	spotFails  = 2
	distrusted = 24 * time.Hour
)

// spots are the spot checks of downloaders.
type spots struct {
	due    agenda[*spot]
	failed map[[16]byte]failures // of accounts
}

// spot is a check of what a client has signed for.
type spot struct {
	client   *client
	infohash [20]byte
	signed   *signed
}

// signed is what a client has signed for of a work since it came to its swarm.
type signed struct {
	bytes, length uint64
	checked       bool // or will be
}

type failures struct {
	times int
	until time.Time // after which they are forgotten
}

func newSpots() spots { return spots{failed: map[[16]byte]failures{}} }

// signedFor notes that a leecher has signed for more, and plans its check.
func (h *Hub) signedFor(in *introduction, more uint64) {
	c := in.leecher
	if h.config.Seeding == nil || h.config.Torrents == nil || h.config.Uncredited[c.account] || more == 0 {
		return
	}
	s := c.signed[in.infohash]
	if s == nil {
		s = &signed{length: in.length}
		c.signed[in.infohash] = s
	}
	s.bytes += more
	if !s.checked && 2*s.bytes >= s.length {
		s.checked = true
		h.spots.due.add(h.now.Add(h.within(spotWithin)), &spot{c, in.infohash, s})
	}
}

// there says whether the client is still where it has signed.
func (h *Hub) there(s *spot) bool {
	return h.clients[s.client.handle] == s.client && s.client.signed[s.infohash] == s.signed
}

// beginSpot loads the torrent of a work, and challenges.
func (h *Hub) beginSpot(ctx context.Context, s *spot) {
	if _, listed := h.config.Works.Work(s.infohash); !listed || !h.there(s) {
		return
	}
	h.withTorrent(ctx, s.infohash, "no spot check", func(l *listed) {
		if count := spotLeaves(l.torrent.Info, s.signed); count > 0 && h.there(s) {
			h.proofs.pace(h.now, h.challenge(s.client, &round{listed: l, count: count}, s))
		}
	})
}

// spotLeaves returns for how many leaves a client is asked: two where it has signed for everything, else so many that one which has half or more of
// the work, as much as it has signed for, would have fewer than two of them once in a million times. Where so many cannot be asked for it is 0: of
// a small work, or of one in version 1 alone, of which only whole pieces can be asked for, a part proves nothing.
func spotLeaves(info *metainfo.Info, s *signed) int {
	if s.bytes >= s.length {
		return proof.Count(info, spotPassed)
	}
	lacks := float64(s.length-s.bytes) / float64(s.length)
	count := 5 + int(math.Ceil(44*lacks))
	if !info.HasV2() || proof.Count(info, count) < count {
		return 0
	}
	return count
}

// spotted judges a check.
func (h *Hub) spotted(s *spot, asked, passed int) {
	all, account := h.spots.failed, s.client.account
	if passed >= min(spotPassed, asked) {
		delete(all, account)
		return
	}
	if _, known := all[account]; !known && len(all) >= maxKnown {
		maps.DeleteFunc(all, func(_ [16]byte, f failures) bool { return !h.now.Before(f.until) })
		if len(all) >= maxKnown {
			return
		}
	}
	times := 1
	if f := all[account]; h.now.Before(f.until) {
		times += f.times
	}
	all[account] = failures{times, h.now.Add(distrusted)}
	if times < spotFails && h.there(s) {
		h.spots.due.add(h.now.Add(h.within(spotWithin)), s)
	}
}

// believed says whether an account's receipts are.
func (h *Hub) believed(account [16]byte) bool {
	f := h.spots.failed[account]
	return f.times < spotFails || !h.now.Before(f.until)
}
