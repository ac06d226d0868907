package hub

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/receipt"
	"fanseed/signal/reward"
	"fanseed/signal/ticket"
	"fanseed/signal/tracker"
)

// crowd plays one epoch of one work with the tracker, the rules of tickets and the division as they are, but without sockets: honest seeders
// and leechers, and a farm of sybils whose leechers sign for whatever a seeder of the farm has a ticket for.
type crowd struct {
	*testing.T
	hub     *Hub
	now     time.Time
	members []*member
	by      map[*client]*member
	at      map[tracker.Conn]*member
	often   int // times that a leecher announces in a step; 0 for once
	books   *crowdBooks
	rand    *rand.Rand
	length  uint64
	// everyTry undoes a rule before each introduction; nil for none.
	everyTry func(*trials)
}

// member is one account.
type member struct {
	*client
	id    [20]byte
	sybil bool
	seeds bool
}

// crowdBooks is the ledger of a crowd.
type crowdBooks struct {
	issued   []ticket.Ticket
	amounts  map[[16]byte]uint64
	credited map[[32]byte]uint64 // by leecher
}

func (b *crowdBooks) Register(context.Context, [32]byte, time.Time) error { return nil }

func (b *crowdBooks) Issue(_ context.Context, tickets []ticket.Ticket, _ [][2]string) error {
	b.issued = append(b.issued, tickets...)
	return nil
}

func (b *crowdBooks) Settle(context.Context, [16]byte, []receipt.Receipt, time.Time) ([]receipt.Result, error) {
	panic("nobody settles by a socket")
}

func (b *crowdBooks) Credited(_ context.Context, leecher, _ [32]byte) (uint64, error) {
	return b.credited[leecher], nil
}

func newCrowd(t *testing.T, length uint64) *crowd {
	c := &crowd{
		T: t, now: time.Unix(1_800_000_000, 0), by: map[*client]*member{}, at: map[tracker.Conn]*member{}, length: length,
		books: &crowdBooks{amounts: map[[16]byte]uint64{}, credited: map[[32]byte]uint64{}}, rand: rand.New(rand.NewPCG(7, 7)),
	}
	c.hub = New(Config{
		Key: serverKey, Origins: []string{origin}, Epoch: func(time.Time) uint32 { return 7 }, Ledger: c.books,
		Works: &works{lengths: map[[20]byte]int64{workA: int64(length)}}, Rand: rand.New(rand.NewPCG(1, 1)),
		Tracker: tracker.Config{RelayBurst: 1 << 20}, // what comes in half an hour comes at once here: no offer waits
	})
	return c
}

// join adds an account to the swarm.
func (c *crowd) join(net string, sybil, seeds bool) {
	n := len(c.members) + 1
	m := &member{client: &client{handle: tracker.Conn(n), loggedIn: true, net: net}, sybil: sybil, seeds: seeds}
	binary.BigEndian.PutUint64(m.publicKey[:], uint64(n))
	m.account = ticket.Account(m.publicKey)
	binary.BigEndian.PutUint64(m.id[:], uint64(n))
	c.members, c.by[m.client], c.at[m.handle] = append(c.members, m), m, m
	c.hub.clients[m.handle] = m.client
	c.hub.tracker.Place(m.handle, net)
	c.announce(m, 0)
}

// announce makes offers; whoever gets one answers it, and the tickets that come of it are used.
func (c *crowd) announce(m *member, offers int) {
	left := float64(c.length - c.books.credited[m.publicKey])
	if m.seeds {
		left = 0
	}
	a := &announce.Announce{Infohash: workA, PeerID: m.id, Left: left}
	for range offers {
		o := announce.Offer{SDP: sdpOf(m)}
		binary.BigEndian.PutUint64(o.ID[:], c.rand.Uint64())
		a.Offers = append(a.Offers, o)
	}
	c.hub.now = c.now
	c.hub.tracker.Receive(c.now, m.handle, a)
	c.carryOut()
}

func sdpOf(m *member) string {
	pair := fmt.Sprintf("%02X", byte(m.handle)) + ":" + fmt.Sprintf("%02X", byte(m.handle>>8))
	return "v=0\r\na=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat(pair+":", 16), ":") + "\r\n"
}

func (c *crowd) carryOut() {
	for e, ok := c.hub.tracker.Next(); ok; e, ok = c.hub.tracker.Next() {
		switch e := e.(type) {
		case tracker.Send:
			if offer, is := e.Message.(*announce.RelayedOffer); is {
				m := c.at[e.Conn]
				c.hub.tracker.Receive(c.now, m.handle, &announce.Answer{Infohash: workA, PeerID: m.id, To: offer.PeerID, OfferID: offer.OfferID, SDP: sdpOf(m)})
			}
		case tracker.Introduced:
			if c.everyTry != nil {
				c.everyTry(&c.hub.tickets.trials)
			}
			c.hub.introduced(e)
		}
	}
	c.useTickets()
}

// useTickets issues what was asked for, and has the two sides use it.
func (c *crowd) useTickets() {
	for len(c.hub.tickets.asked) > 0 {
		asked := c.hub.tickets.asked
		c.hub.tickets.asked = nil
		for i := range asked { // one after the other: each use changes what the copy lacks
			issued, err := c.hub.issue(c.Context(), asked[i:i+1], c.now)
			if err != nil {
				c.Fatal(err)
			}
			if issued[0].Limit == 0 {
				c.hub.tickets.close(asked[i])
				continue
			}
			asked[i].ticket = issued[0]
			c.hub.tickets.bySerial[issued[0].Serial] = asked[i]
			c.use(asked[i])
		}
	}
}

// use signs for a ticket: a sybil whatever its own seeder could be paid, and nothing for others; an honest leecher its part, if the seeder is honest.
func (c *crowd) use(in *introduction) {
	seeder, leecher := c.by[in.seeder], c.by[in.leecher]
	if seeder.sybil != leecher.sybil || leecher.sybil && in.traded {
		return // what is traded is not paid: a sybil does not sign for it
	}
	c.sign(in, in.ticket.Limit)
}

func (c *crowd) sign(in *introduction, amount uint64) {
	serial := in.ticket.Serial
	c.books.amounts[serial] = amount
	c.books.credited[in.leecher.publicKey] += amount
	c.hub.progress(serial, amount)
}

// day lets a day pass in steps of five minutes: who lacks something makes offers, as often as a stock client, and the farm's seeders all the time.
func (c *crowd) day() {
	for step := range 48 {
		c.now = c.now.Add(30 * time.Minute)
		for _, i := range c.rand.Perm(len(c.members)) {
			switch m := c.members[i]; {
			case m.sybil && m.seeds:
				for range 20 {
					c.announce(m, announce.MaxOffers)
				}
			case m.seeds:
				c.announce(m, 0)
			case m.sybil && c.books.credited[m.publicKey] < c.length, !m.sybil && c.books.credited[m.publicKey] < c.length && step >= i%40:
				for n := 0; n < max(1, c.often) && c.books.credited[m.publicKey] < c.length; n++ {
					c.announce(m, 5)
				}
			}
		}
		c.hub.tracker.Tick(c.now)
		c.carryOut()
	}
}

// inputs is the epoch as the ledger would write it down. reputation is the farm's.
func (c *crowd) inputs(reputation uint64) *reward.Input {
	in := &reward.Input{
		Number: 7, Minutes: 1440, Treasury: 400_000_000_000, Most: reward.MaxAmount,
		Works: []reward.Work{{Infohash: workA, Leaves: c.length >> 14, Nets: 1000, Common: true}},
	}
	tag := func(n int) (t reward.Tag) { binary.BigEndian.PutUint64(t[:], uint64(n)); return t }
	nets := map[string]reward.Tag{}
	net := func(name string) reward.Tag {
		if _, known := nets[name]; !known {
			nets[name] = tag(len(nets))
		}
		return nets[name]
	}
	sorted := slices.Clone(c.members)
	slices.SortFunc(sorted, func(a, b *member) int { return slices.Compare(a.account[:], b.account[:]) })
	index := map[[32]byte]int{}
	for i, m := range sorted {
		index[m.publicKey] = i
		rep := uint64(reward.FullReputation)
		if m.sybil {
			rep = reputation
		}
		in.Seeders = append(in.Seeders, reward.Seeder{Account: m.account, Net: net(m.net), Reputation: rep})
		in.Leechers = append(in.Leechers, reward.Leecher{Tag: tag(i), Net: net(m.net)})
	}
	pairs, transfers := map[[2]int]bool{}, map[[2]int]uint64{}
	for _, t := range c.books.issued {
		if t.Flags&ticket.Traded != 0 {
			continue
		}
		pair := [2]int{index[t.Seeder], index[t.Leecher]}
		pairs[pair] = pairs[pair] || c.books.amounts[t.Serial] > 0
		transfers[pair] += c.books.amounts[t.Serial]
	}
	for pair, used := range pairs {
		in.Leechers[pair[1]].Tickets++
		if used {
			in.Leechers[pair[1]].Used++
		}
	}
	for pair, bytes := range transfers {
		if bytes > 0 {
			in.Transfers = append(in.Transfers, reward.Transfer{Seeder: pair[0], Leecher: pair[1], Bytes: bytes})
		}
	}
	slices.SortFunc(in.Transfers, func(a, b reward.Transfer) int {
		return slices.Compare([]int{a.Seeder, a.Leecher}, []int{b.Seeder, b.Leecher})
	})
	return in
}

// share is the farm's part of what the bandwidth pool pays, in 10,000ths.
func (c *crowd) share(rules reward.Rules, in *reward.Input) uint64 {
	out, err := rules.Close(in)
	if err != nil {
		c.Fatal(err)
	}
	sybil := map[[16]byte]bool{}
	for _, m := range c.members {
		sybil[m.account] = m.sybil
	}
	var farm, all uint64
	for _, l := range out.Lines {
		if l.Kind == reward.Bandwidth {
			all += l.Amount
			if sybil[l.Account] {
				farm += l.Amount
			}
		}
	}
	return farm * 10_000 / max(1, all)
}

// chosen has every leecher of the farm name its seeder, as it could if the server did not.
func (c *crowd) chosen() {
	var accomplice *member
	for _, m := range c.members {
		if m.sybil && m.seeds {
			accomplice = m
		}
	}
	for _, m := range c.members {
		if m.sybil && !m.seeds {
			c.hub.introduced(tracker.Introduced{
				Infohash: workA, Offerer: tracker.Side{Conn: m.handle, PeerID: m.id, Fingerprints: sdpOf(m)},
				Answerer: tracker.Side{Conn: accomplice.handle, PeerID: accomplice.id, Complete: true, Fingerprints: sdpOf(accomplice)},
			})
			c.useTickets()
		}
	}
}

// TestSybilFarm has 1,000 honest leechers, each on its own network, and 1,000 leechers of a farm on 250 networks download one work of 1 GiB from
// 100 honest seeders and a seeder of the farm that serves nobody. It prints what the farm gets of the bandwidth pool, with and without each rule.
func TestSybilFarm(t *testing.T) {
	for _, c := range []struct {
		name    string
		seeders int    // of the farm
		net     string // of those, all on one; "" for each on its own
		change  func(*crowd)
		rules   func(*reward.Rules)
		most    [2]uint64 // of the farm's share with a new and with the best reputation, in 10,000ths; 0 for whatever it is
	}{
		{name: "with all rules", seeders: 1, most: [2]uint64{200, 200}},
		{name: "with all rules, 16 seeders on one network", seeders: 16, net: "farm", most: [2]uint64{200, 200}},
		{name: "with all rules, 4 seeders on 4 networks", seeders: 4},
		{name: "with all rules, of a boosted work", seeders: 1, change: func(c *crowd) { c.often = 4 }, most: [2]uint64{200, 200}},
		{name: "if leechers chose their seeder", seeders: 1, change: (*crowd).chosen},
		{name: "without a limit of tries", seeders: 1, change: func(c *crowd) { c.everyTry = func(t *trials) { *t = newTrials() } }},
		{name: "without a limit of own offers", seeders: 1, change: func(c *crowd) { c.everyTry = func(t *trials) { clear(t.now.seeders); clear(t.before.seeders) } }},
		{name: "with none of the rules", seeders: 1, change: (*crowd).chosen, rules: func(r *reward.Rules) {
			*r = reward.Rules{Emission: r.Emission, Bandwidth: r.Bandwidth}
		}},
		{name: "without demand", seeders: 1, rules: func(r *reward.Rules) { r.Demand = 0 }},
		{name: "16 seeders, if a network were nothing", seeders: 16, rules: func(r *reward.Rules) { r.Damping, r.NetCap, r.NetShares = false, 0, 0 }},
	} {
		if testing.Short() && c.most[0] == 0 {
			continue
		}
		farm := newCrowd(t, 1<<30)
		farm.gather(c.seeders, c.net)
		if c.change != nil {
			c.change(farm)
		}
		farm.day()
		rules := reward.Standard
		if c.rules != nil {
			c.rules(&rules)
		}
		var shares [2]uint64
		for i, reputation := range []uint64{reward.NewReputation, reward.FullReputation} {
			shares[i] = farm.share(rules, farm.inputs(reputation))
			if c.most[i] > 0 && shares[i] > c.most[i] {
				t.Errorf("%s: the farm gets %d of 10,000", c.name, shares[i])
			}
		}
		fake, real := farm.signed()
		t.Logf("%-45s %5d GiB fake, %5d GiB real: the farm gets %5.2f %% with new accounts, %5.2f %% with the best", c.name, fake>>30, real>>30,
			float64(shares[0])/100, float64(shares[1])/100)
	}
}

// gather has everybody join.
func (c *crowd) gather(farm int, net string) {
	for i := range 100 {
		c.join(fmt.Sprint("seeder ", i), false, true)
	}
	for i := range farm {
		if net == "" {
			c.join(fmt.Sprint("farm ", i), true, true)
		} else {
			c.join(net, true, true)
		}
	}
	for i := range 1000 {
		c.join(fmt.Sprint("leecher ", i), false, false)
		c.join(fmt.Sprint("farm ", i%250), true, false)
	}
}

// signed is for how many bytes the leechers of the farm and the others have signed.
func (c *crowd) signed() (fake, real uint64) {
	for _, m := range c.members {
		if m.sybil {
			fake += c.books.credited[m.publicKey]
		} else {
			real += c.books.credited[m.publicKey]
		}
	}
	return fake, real
}
