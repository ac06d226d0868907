package ledger

import (
	"bytes"
	"cmp"
	"slices"

	"fanseed/signal/reward"
)

// Presence says in which network an account was first seen in an epoch. The tag is made with the server's key, see Ledger.net.
type Presence struct {
	Epoch   uint32
	Account [16]byte
	Net     reward.Tag
}

// Stay is for how long an account seeded a work, and how its storage proofs ended. Stays of one account, work and epoch add up; one of an
// account or a work that is not known, or of an epoch that is closed, is lost.
type Stay struct {
	Epoch         uint32
	Account       [16]byte
	Work          [20]byte
	Minutes       uint64
	Asked, Passed uint64 // leaves or pieces
}

// Told is a list of stays with an id of its own: the same list again, as when nobody knows whether it was kept, adds nothing.
type Told struct {
	ID    [16]byte
	Stays []Stay
}

// Gave is what one leecher confirmed to have got of a work from one seeder.
type Gave struct {
	Seeder, Leecher [16]byte
	Work            [20]byte
	Bytes           uint64 // while the seeder had all of it
	Traded          uint64 // while it had not
	Capped          bool   // some receipts counted in part only
}

// Person is what is known of an account beyond the epoch.
type Person struct {
	Account    [16]byte
	Registered uint64 // Unix milliseconds
	Reputation uint64 // in 1,000ths
	Granted    bool   // it has had its grant
	Longest    uint64 // minutes for which it seeded one work, in all epochs together
}

// Tried is what a leecher did with its tickets of an epoch, by pairs of a seeder and a work.
type Tried struct {
	Leecher    [16]byte
	Pairs      uint64
	Successful uint64 // something was confirmed
}

// Facts is what the books say of an epoch, in no particular order.
type Facts struct {
	Treasury  uint64 // µ-credits
	Works     []Work // all that the others name
	Gave      []Gave
	Stays     []Stay
	Tried     []Tried
	Presences []Presence // at most one for each account that the others name
	People    []Person   // all that the others name
	Reached   []Reached  // by those works in the six epochs before, added up
	Due       []Holding  // that become payable with this epoch
	Slices    []Slice    // of boosts, for this epoch
	Funds     []Fund     // pools that have something left
	Failed    []Failed   // of the accounts that failed an audit
}

// keep leaves so many transfers and stays of each kind, those that count for most, and returns how many rows there are no more.
func (f *Facts) keep(most int) (left int) {
	before := len(f.Gave) + len(f.Stays)
	if len(f.Gave) > most {
		slices.SortFunc(f.Gave, func(a, b Gave) int {
			return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Traded, a.Traded), bytes.Compare(a.Seeder[:], b.Seeder[:]),
				bytes.Compare(a.Leecher[:], b.Leecher[:]), bytes.Compare(a.Work[:], b.Work[:]))
		})
		f.Gave = f.Gave[:most]
	}
	if len(f.Stays) > most {
		slices.SortFunc(f.Stays, func(a, b Stay) int {
			return cmp.Or(cmp.Compare(min(b.Passed, 1), min(a.Passed, 1)), cmp.Compare(b.Minutes, a.Minutes), bytes.Compare(a.Account[:], b.Account[:]),
				bytes.Compare(a.Work[:], b.Work[:]))
		})
		f.Stays = f.Stays[:most]
	}
	return before - len(f.Gave) - len(f.Stays)
}

// Input makes the inputs of the epoch's division. tag gives a leecher the name that it has in this epoch alone.
func (f *Facts) Input(number, minutes uint32, most uint64, tag func(account [16]byte) reward.Tag) *reward.Input {
	in := &reward.Input{Number: number, Minutes: minutes, Treasury: f.Treasury, Most: most}
	net := f.nets(tag)
	works := f.works(in, f.reached(net))
	seeders := f.seeders(in, net)
	leechers := f.leechers(in, net, tag)
	for _, g := range f.Gave {
		in.Transfers = append(in.Transfers, reward.Transfer{
			Seeder: seeders[g.Seeder], Leecher: leechers[g.Leecher], Work: works[g.Work], Bytes: g.Bytes, Traded: g.Traded, Capped: g.Capped,
		})
	}
	slices.SortFunc(in.Transfers, func(a, b reward.Transfer) int {
		return cmp.Or(a.Seeder-b.Seeder, a.Leecher-b.Leecher, a.Work-b.Work)
	})
	for _, s := range f.Stays {
		in.Stays = append(in.Stays, reward.Stay{
			Seeder: seeders[s.Account], Work: works[s.Work], Minutes: min(s.Minutes, uint64(minutes)), Asked: s.Asked, Passed: s.Passed,
		})
	}
	slices.SortFunc(in.Stays, func(a, b reward.Stay) int { return cmp.Or(a.Seeder-b.Seeder, a.Work-b.Work) })
	for _, s := range f.Slices {
		in.Boosts = append(in.Boosts, reward.Boost{ID: s.ID, Work: works[s.Work], Amount: s.Amount})
	}
	slices.SortFunc(in.Boosts, func(a, b reward.Boost) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for _, p := range f.Funds {
		in.Pools = append(in.Pools, reward.Pool{ID: p.ID, Work: works[p.Work], Rate: p.Rate, Left: p.Left, Ends: p.Last <= number})
	}
	slices.SortFunc(in.Pools, func(a, b reward.Pool) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return in
}

// nets tells each account's network; one of which nobody knows counts as its own.
func (f *Facts) nets(own func([16]byte) reward.Tag) func(account [16]byte) reward.Tag {
	nets := map[[16]byte]reward.Tag{}
	for _, p := range f.Presences {
		nets[p.Account] = p.Net
	}
	return func(account [16]byte) reward.Tag {
		if n, seen := nets[account]; seen {
			return n
		}
		return own(account)
	}
}

// reached tells how many networks downloaded each work in this epoch.
func (f *Facts) reached(net func([16]byte) reward.Tag) map[[20]byte]uint64 {
	type pair struct {
		work [20]byte
		net  reward.Tag
	}
	seen, reached := map[pair]bool{}, map[[20]byte]uint64{}
	for _, g := range f.Gave {
		if p := (pair{g.Work, net(g.Leecher)}); g.Bytes+g.Traded > 0 && !seen[p] {
			seen[p] = true
			reached[g.Work]++
		}
	}
	return reached
}

// works adds the works, and tells where each one is.
func (f *Facts) works(in *reward.Input, reached map[[20]byte]uint64) map[[20]byte]int {
	before := map[[20]byte]uint64{}
	for _, r := range f.Reached {
		before[r.Work] = r.Nets
	}
	for _, w := range f.Works {
		in.Works = append(in.Works, reward.Work{
			Infohash: w.Infohash, Leaves: w.Leaves, Nets: before[w.Infohash] + reached[w.Infohash], Weak: w.Weak, Common: w.Common,
		})
	}
	slices.SortFunc(in.Works, func(a, b reward.Work) int { return bytes.Compare(a.Infohash[:], b.Infohash[:]) })
	at := map[[20]byte]int{}
	for i, w := range in.Works {
		at[w.Infohash] = i
	}
	return at
}

// seeders adds those who gave something or stayed, and tells where each one is.
func (f *Facts) seeders(in *reward.Input, net func([16]byte) reward.Tag) map[[16]byte]int {
	at, gave, proved := map[[16]byte]int{}, map[[16]byte]bool{}, map[[16]byte]bool{}
	for _, g := range f.Gave {
		at[g.Seeder] = 0
		gave[g.Seeder] = gave[g.Seeder] || g.Bytes > 0
	}
	for _, s := range f.Stays {
		at[s.Account] = 0
		proved[s.Account] = proved[s.Account] || s.Passed > 0
	}
	failed := map[[16]byte]uint64{}
	for _, a := range f.Failed {
		at[a.Account] = 0
		failed[a.Account] = a.Times
	}
	for _, p := range f.People {
		if _, seeds := at[p.Account]; seeds {
			done := gave[p.Account] && proved[p.Account] && p.Longest >= uint64(in.Minutes)
			in.Seeders = append(in.Seeders, reward.Seeder{Account: p.Account, Net: net(p.Account), Reputation: p.Reputation, New: done && !p.Granted, Failed: min(failed[p.Account], reward.MaxFailed)})
		}
	}
	slices.SortFunc(in.Seeders, func(a, b reward.Seeder) int { return bytes.Compare(a.Account[:], b.Account[:]) })
	for i, s := range in.Seeders {
		at[s.Account] = i
	}
	return at
}

// leechers adds those who confirmed something, under the names of this epoch, and tells where each one is.
func (f *Facts) leechers(in *reward.Input, net func([16]byte) reward.Tag, tag func([16]byte) reward.Tag) map[[16]byte]int {
	tried := map[[16]byte]Tried{}
	for _, t := range f.Tried {
		tried[t.Leecher] = t
	}
	names, at := map[reward.Tag][16]byte{}, map[[16]byte]int{}
	for _, g := range f.Gave {
		if _, known := at[g.Leecher]; !known {
			at[g.Leecher] = 0
			name, t := tag(g.Leecher), tried[g.Leecher]
			names[name] = g.Leecher
			in.Leechers = append(in.Leechers, reward.Leecher{Tag: name, Net: net(g.Leecher), Tickets: t.Pairs, Used: t.Successful})
		}
	}
	slices.SortFunc(in.Leechers, func(a, b reward.Leecher) int { return bytes.Compare(a.Tag[:], b.Tag[:]) })
	for i, l := range in.Leechers {
		at[names[l.Tag]] = i
	}
	return at
}
