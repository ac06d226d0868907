package hub

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/ticket"
)

const mib = 1 << 20

func TestTicket(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeder, leecher := s.login("s", "192.0.2.1"), s.login("l", "198.51.100.1")
		seeder.announce(workA, 0)
		meet(workA, leecher, 100, seeder)
		now := uint64(time.Now().UnixMilli())

		toSeeder, toLeecher := next[*announce.Ticket](seeder), next[*announce.Ticket](leecher)
		if toSeeder.PeerID != leecher.id || toLeecher.PeerID != seeder.id || toSeeder.OfferID != offerID || toSeeder.Infohash != workA {
			t.Errorf("sent %+v and %+v", toSeeder, toLeecher)
		}
		if string(toSeeder.Ticket) != string(toLeecher.Ticket) {
			t.Error("the sides were sent different tickets")
		}
		got, err := ticket.Parse(toSeeder.Ticket)
		if err != nil {
			t.Fatal(err)
		}
		if !ed25519.Verify(serverKey.Public().(ed25519.PublicKey), got.Message(), got.Signature[:]) {
			t.Error("the ticket is not signed by the server")
		}
		channel, _ := ticket.Channel(leecher.description(), seeder.description())
		want := ticket.Ticket{
			Serial: got.Serial, Epoch: 7, Seeder: seeder.publicKey(), Leecher: leecher.publicKey(), Infohash: ticket.Infohash(workA),
			Channel: channel, Limit: 64 * mib, Issued: now, Expires: now + 6*3600_000, SettleBy: now + 54*3600_000, Signature: got.Signature,
		}
		if got != want || got.Serial == [16]byte{} {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if len(s.books.issued) != 1 || s.books.issued[0] != got {
			t.Errorf("stored %+v", s.books.issued)
		}
		seeder.silent() // a seeder is given none for the other direction
		leecher.silent()
	})
}

// TestNobodySeesATicketBeforeItIsStored holds the ledger back, and then lets it fail.
func TestNobodySeesATicketBeforeItIsStored(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeder, leecher := s.login("s", "192.0.2.1"), s.login("l", "198.51.100.1")
		seeder.announce(workA, 0)
		s.books.set(func() { s.books.gate = make(chan struct{}) })
		meet(workA, leecher, 100, seeder)
		seeder.silent()
		leecher.silent()
		s.books.gate <- struct{}{}
		seeder.ticket()
		leecher.ticket()

		s.books.set(func() { s.books.gate, s.books.err = nil, errors.New("disk full") })
		meet(workA, leecher, 100, seeder)
		seeder.silent()
		leecher.silent()
		s.books.set(func() { s.books.err = nil })
		meet(workA, leecher, 100, seeder)
		seeder.ticket()
		leecher.ticket()
	})
}

// TestMeetingTwice has two peers connect twice, as when each offers to the other: whichever connection they keep, its ticket is renewed.
func TestMeetingTwice(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeders := s.seeders(4)
		leecher := s.login("l", "198.51.100.1")
		leecher.announce(workA, 100)
		first := introduce(seeders[:1], leecher)[0]
		second := introduce(seeders[:1], leecher)[0]
		for id, tk := range []ticket.Ticket{first, second} {
			seeders[0].settle(uint64(id), tk.Serial, 16*mib)
			if got := seeders[0].ticket(); got.Serial == first.Serial || got.Serial == second.Serial {
				t.Errorf("ticket %d was not renewed", id)
			}
		}
	})
}

// TestTicketsAreStoredTogether has many pairs meet while the ledger is busy.
func TestTicketsAreStoredTogether(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		var leechers []*peer
		for i := range 5 {
			leechers = append(leechers, s.login(fmt.Sprint("l", i), fmt.Sprintf("198.51.%d.1", i)))
		}
		seeder := s.login("s", "192.0.2.1")
		seeder.announce(workA, 0)
		s.books.set(func() { s.books.gate = make(chan struct{}) })
		for _, l := range leechers {
			l.announce(workA, 100, announce.Offer{ID: offerID, SDP: l.description()})
			for _, other := range leechers {
				for len(other.messages) > 0 {
					<-other.messages
				}
			}
			answer(workA, seeder)
			next[*announce.RelayedAnswer](l)
		}
		close(s.books.gate)
		synctest.Wait()
		if s.books.batches != 2 || len(s.books.issued) != 5 {
			t.Errorf("%d tickets in %d batches, want the first alone and the others together", len(s.books.issued), s.books.batches)
		}
	})
}

func TestTwoLeechersAreGivenOneTicketEach(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		a, b := s.login("a", "192.0.2.1"), s.login("b", "198.51.100.1")
		a.announce(workA, 100)
		meet(workA, b, 100, a)
		first, second := a.ticket(), a.ticket()
		if first.Leecher != b.publicKey() || first.Seeder != a.publicKey() || second.Leecher != a.publicKey() || second.Seeder != b.publicKey() {
			t.Errorf("got %+v and %+v", first, second)
		}
		if b.ticket() != first || b.ticket() != second {
			t.Error("the other side was sent others")
		}
	})
}

func TestNoTicket(t *testing.T) {
	both := func(s *site) (*peer, *peer) { return s.login("a", "192.0.2.1"), s.login("b", "198.51.100.1") }
	for name, c := range map[string]struct {
		change func(*Config)
		peers  func(s *site) (seeder, leecher *peer)
		work   [20]byte
		left   float64
	}{
		"not logged in": {peers: func(s *site) (*peer, *peer) {
			a, b := s.login("a", "192.0.2.1"), s.extended("b", "198.51.100.1")
			next[*announce.Hello](b)
			return a, b
		}, work: workA, left: 100},
		"stock client":    {peers: func(s *site) (*peer, *peer) { return s.stock("a", "192.0.2.1"), s.login("b", "198.51.100.1") }, work: workA, left: 100},
		"one account":     {peers: func(s *site) (*peer, *peer) { return s.twice("a", "192.0.2.1", "198.51.100.1") }, work: workA, left: 100},
		"one /24":         {peers: func(s *site) (*peer, *peer) { return s.login("a", "192.0.2.1"), s.login("b", "192.0.2.200") }, work: workA, left: 100},
		"one /48":         {peers: func(s *site) (*peer, *peer) { return s.login("a", "2001:db8:1:2::"), s.login("b", "2001:db8:1:3::") }, work: workA, left: 100},
		"private network": {peers: func(s *site) (*peer, *peer) { return s.login("a", "127.0.0.1"), s.login("b", "127.0.0.1") }, work: workA, left: 100},
		"not listed":      {peers: both, work: unlisted, left: 100, change: func(c *Config) { c.Open = true }},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, c.change, func(s *site) {
				seeder, leecher := c.peers(s)
				seeder.announce(c.work, 0)
				meet(c.work, leecher, c.left, seeder)
				seeder.silent()
				leecher.silent()
				if len(s.books.issued) != 0 {
					t.Errorf("issued %+v", s.books.issued)
				}
			})
		})
	}
}

// TestUncredited shows that an account that is not to be credited pays others, and is paid by nobody.
func TestUncredited(t *testing.T) {
	uncredited := map[[16]byte]bool{}
	inBubble(t, func(c *Config) { c.Uncredited = uncredited }, func(s *site) {
		seeder, other := s.login("s", "192.0.2.1"), s.login("o", "203.0.113.1")
		uncredited[ticket.Account(other.publicKey())] = true
		other.announce(workA, 100)
		meet(workA, seeder, 100, other)
		if got := seeder.ticket(); got.Seeder != seeder.publicKey() || got.Leecher != other.publicKey() {
			t.Errorf("got %+v", got)
		}
		other.ticket()
		seeder.silent()
		other.silent()
		if len(s.books.issued) != 1 {
			t.Errorf("issued %+v", s.books.issued)
		}
	})
}

// twice logs one account in from two places, as two peers.
func (s *site) twice(name, here, there string) (*peer, *peer) {
	a, b := s.login(name, here), s.login(name, there)
	b.id[19]++
	return a, b
}

func TestNoTicketWithoutFingerprints(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeder, leecher := s.login("a", "192.0.2.1"), s.login("b", "198.51.100.1")
		seeder.announce(workA, 0)
		leecher.announce(workA, 100, announce.Offer{ID: offerID, SDP: "v=0"})
		answer(workA, seeder)
		next[*announce.RelayedAnswer](leecher)
		seeder.silent()
	})
}

func TestTrustPrivateNets(t *testing.T) {
	for _, c := range []struct {
		here, there string
		want        bool
	}{
		{"127.0.0.1", "127.0.0.1", true},
		{"::1", "::1", true},
		{"192.168.1.1", "192.168.1.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "127.0.0.1", true},
	} {
		inBubble(t, func(c *Config) { c.TrustPrivateNets = true }, func(s *site) {
			seeder, leecher := s.login("a", c.here), s.login("b", c.there)
			seeder.announce(workA, 0)
			meet(workA, leecher, 100, seeder)
			synctest.Wait()
			if got := len(s.books.issued) == 1; got != c.want {
				t.Errorf("%s and %s: %d tickets", c.here, c.there, len(s.books.issued))
			}
		})
	}
}

func TestShare(t *testing.T) {
	for _, c := range []struct {
		length uint64
		m      int
		want   uint64
	}{
		{1, 1, 8 * mib}, {8 * mib, 1, 8 * mib}, {8*mib + 1, 1, 16 * mib}, {64 * mib, 4, 16 * mib}, {100 * mib, 4, 32 * mib}, {3, 4, 8 * mib},
	} {
		if got := share(c.length, c.m); got != c.want {
			t.Errorf("share(%d, %d) = %d, want %d", c.length, c.m, got, c.want)
		}
	}
}

// seeders logs n seeders in on networks of their own, and has them join.
func (s *site) seeders(n int) (list []*peer) {
	for i := range n {
		p := s.login(fmt.Sprint("s", i), fmt.Sprintf("192.0.%d.1", i))
		p.announce(workA, 0)
		list = append(list, p)
	}
	return list
}

// TestLimits shows that a copy's tickets are shares of it where there are several seeders, and never more than it lacks.
func TestLimits(t *testing.T) {
	for seeders, want := range map[int]uint64{1: 100 * mib, 2: 56 * mib, 3: 40 * mib, 4: 32 * mib, 5: 32 * mib} {
		inBubble(t, nil, func(s *site) {
			s.works.set(workA, 100*mib)
			s.seeders(seeders - 1)
			last := s.login("last", "203.0.113.1")
			last.announce(workA, 0)
			leecher := s.login("l", "198.51.100.1")
			leecher.announce(workA, 100)
			last.announce(workA, 0, announce.Offer{ID: offerID, SDP: last.description()})
			answer(workA, leecher)
			next[*announce.RelayedAnswer](last)
			got := last.ticket()
			if got.Limit != want {
				t.Errorf("%d seeders: limit %d MiB, want %d MiB", seeders, got.Limit/mib, want/mib)
			}
		})
	}
}

func TestLimitIsWhatTheCopyLacks(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeder, leecher := s.login("s", "192.0.2.1"), s.login("l", "198.51.100.1")
		seeder.announce(workA, 0)
		meet(workA, leecher, 100, seeder)
		first := seeder.ticket()
		leecher.ticket()
		seeder.settle(1, first.Serial, 60*mib)
		meet(workA, leecher, 100, seeder)
		if got := seeder.ticket(); got.Limit != 4*mib {
			t.Errorf("limit %d", got.Limit)
		}
		leecher.ticket()
		seeder.settle(2, first.Serial, 64*mib)
		meet(workA, leecher, 100, seeder)
		seeder.silent() // the copy is paid for
	})
}

// introduce has every seeder offer to the leecher, and returns the tickets that came of it.
func introduce(seeders []*peer, leecher *peer) (tickets []ticket.Ticket) {
	for _, p := range seeders {
		p.announce(workA, 0, announce.Offer{ID: offerID, SDP: p.description()})
		answer(workA, leecher)
		next[*announce.RelayedAnswer](p)
		synctest.Wait()
		if len(p.messages) > 0 {
			tickets = append(tickets, p.ticket())
			leecher.ticket()
		}
	}
	return tickets
}

// TestOpenTickets shows that a copy has at most twice as many open tickets as shares, and what makes room.
func TestOpenTickets(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeders := s.seeders(10)
		leecher := s.login("l", "198.51.100.1")
		leecher.announce(workA, 100)
		tickets := introduce(seeders, leecher)
		if len(tickets) != 8 {
			t.Fatalf("%d tickets for a copy with 4 shares, want 8", len(tickets))
		}
		if got := introduce(seeders[:3], leecher); len(got) != 3 {
			t.Errorf("%d tickets when three pairs met again, want 3", len(got))
		}
		seeders[7].ws.Close()
		synctest.Wait()
		if got := introduce(seeders[8:], leecher); len(got) != 0 {
			t.Errorf("%d tickets when one seeder left, want 0: eight were tried in vain", len(got))
		}
		seeders[4].settle(1, tickets[4].Serial, 1*mib)
		time.Sleep(failedAfter)
		for _, p := range append(seeders[:7:7], seeders[8:]...) {
			p.announce(workA, 0) // or they expire
		}
		leecher.announce(workA, 100)
		if got := introduce(append(seeders[5:7:7], seeders[8:]...), leecher); len(got) != 4 {
			t.Errorf("%d tickets when those that never moved count no more, want 4", len(got))
		}
		open := s.hub.tickets.byCopy[copyKey{ticket.Account(leecher.publicKey()), workA}]
		if len(open) != 5 || open[0].settled != 1*mib {
			t.Errorf("%d tickets are open, want the one that moves and the four new ones", len(open))
		}
	})
}

func TestFurtherTicket(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeders := s.seeders(4)
		leecher := s.login("l", "198.51.100.1")
		leecher.announce(workA, 100)
		first := introduce(seeders[:1], leecher)[0]
		if first.Limit != 16*mib {
			t.Fatalf("limit %d", first.Limit)
		}
		seeders[0].settle(1, first.Serial, 15*mib)
		seeders[0].silent()
		seeders[0].settle(2, first.Serial, 16*mib)
		further := next[*announce.Ticket](seeders[0])
		second, _ := ticket.Parse(further.Ticket)
		if further.OfferID != offerID || further.PeerID != leecher.id {
			t.Errorf("further ticket %+v", further)
		}
		if second.Serial == first.Serial || second.Channel != first.Channel || second.Limit != 16*mib || second.Leecher != first.Leecher {
			t.Errorf("further ticket %+v", second)
		}
		if leecher.ticket() != second {
			t.Error("the leecher was sent another")
		}
		seeders[0].settle(3, first.Serial, 16*mib) // again: brings no third one
		seeders[0].settle(4, second.Serial, 1*mib)
		seeders[0].silent()

		leecher.ws.Close()
		synctest.Wait()
		seeders[0].settle(5, second.Serial, 16*mib)
		seeders[0].silent()
	})
}

func TestFurtherTicketNeedsAListedWork(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeders := s.seeders(4)
		leecher := s.login("l", "198.51.100.1")
		leecher.announce(workA, 100)
		first := introduce(seeders[:1], leecher)[0]
		s.works.remove(workA)
		seeders[0].settle(1, first.Serial, 16*mib)
		seeders[0].silent()
		if len(s.hub.tickets.byCopy)+len(s.hub.tickets.bySerial) != 0 {
			t.Error("the used up ticket is still open")
		}
	})
}

// TestExpiredTicketsMakeRoom has eight tickets move, but for longer than they are valid.
func TestExpiredTicketsMakeRoom(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeders := s.seeders(9)
		leecher := s.login("l", "198.51.100.1")
		leecher.announce(workA, 100)
		for _, tk := range introduce(seeders, leecher) {
			for _, p := range seeders {
				if p.publicKey() == tk.Seeder {
					p.settle(1, tk.Serial, 1*mib)
				}
			}
		}
		for _, wait := range []time.Duration{ticketLifetime - time.Second, time.Second} {
			time.Sleep(wait)
			leecher.announce(workA, 100)
			if got, want := len(introduce(seeders[8:], leecher)) == 1, wait == time.Second; got != want {
				t.Errorf("a ninth ticket: %v, want %v", got, want)
			}
		}
	})
}

// TestGoneBeforeItsTicket closes a socket while the ticket is stored.
func TestGoneBeforeItsTicket(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeder, leecher := s.login("s", "192.0.2.1"), s.login("l", "198.51.100.1")
		seeder.announce(workA, 0)
		s.books.set(func() { s.books.gate = make(chan struct{}) })
		meet(workA, leecher, 100, seeder)
		leecher.ws.Close()
		synctest.Wait()
		close(s.books.gate)
		seeder.silent()
		if len(s.hub.tickets.byCopy)+len(s.hub.tickets.bySerial)+len(s.hub.tickets.asked) != 0 {
			t.Error("a ticket of a client that is gone is open")
		}
	})
}

func TestFurtherTicketBeforeTheOldOneExpires(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeders := s.seeders(4)
		leecher := s.login("l", "198.51.100.1")
		leecher.announce(workA, 100)
		first := introduce(seeders[:1], leecher)[0]
		time.Sleep(5 * time.Hour)
		seeders[0].settle(1, first.Serial, 1*mib)
		seeders[0].silent()
		time.Sleep(31 * time.Minute)
		seeders[0].settle(2, first.Serial, 2*mib)
		if got := seeders[0].ticket(); got.Serial == first.Serial {
			t.Error("the same ticket again")
		}
	})
}

// TestTriesInVain has a copy tried with seeders that never give anything: eight are enough, and one more for each that does.
func TestTriesInVain(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeders := s.seeders(14)
		leecher := s.login("l", "198.51.100.1")
		tryEach := func(list []*peer) (tickets []ticket.Ticket) {
			for _, p := range list {
				for _, other := range seeders {
					other.announce(workA, 0) // or they expire
				}
				leecher.announce(workA, 100)
				tickets = append(tickets, introduce([]*peer{p}, leecher)...)
				time.Sleep(failedAfter)
			}
			return tickets
		}
		tickets := tryEach(seeders[:10])
		if len(tickets) != 8 {
			t.Fatalf("%d tickets for a copy that nobody gives anything of, want 8", len(tickets))
		}
		if again := tryEach(seeders[:1]); len(again) != 1 {
			t.Error("a seeder that was tried before is not tried again")
		} else {
			seeders[0].settle(1, again[0].Serial, 1*mib)
		}
		if got := tryEach(seeders[8:14]); len(got) != 2 {
			t.Errorf("%d tickets after one seeder gave something, want 2: nine seeders are tried in vain then", len(got))
		}
		time.Sleep(2 * triedLifetime)
		if got := tryEach(seeders[12:14]); len(got) != 2 {
			t.Errorf("%d tickets a day later, want 2", len(got))
		}
	})
}

// TestOwnOffers has a seeder offer itself to one leecher after the other.
func TestOwnOffers(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		seeder := s.login("s", "192.0.2.1")
		tickets := 0
		for i := range 8 {
			leecher := s.login(fmt.Sprint("l", i), fmt.Sprintf("198.51.%d.1", i))
			leecher.announce(workA, 100)
			tickets += len(introduce([]*peer{seeder}, leecher))
			leecher.ws.Close()
			synctest.Wait()
		}
		if tickets != planned {
			t.Errorf("%d tickets by own offers, want %d", tickets, planned)
		}
		leecher := s.login("x", "203.0.113.1")
		meet(workA, leecher, 100, seeder) // the leecher offers
		seeder.ticket()
		leecher.ticket()
		leecher.ws.Close()
		synctest.Wait()
		next := s.login("y", "203.0.114.1")
		next.announce(workA, 100)
		if got := introduce([]*peer{seeder}, next); len(got) != 1 {
			t.Error("a leecher that the server brought does not allow one more offer")
		}
	})
}

// TestTraded has two who both lack something meet, and then one of them complete the work.
func TestTraded(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		a, b, seeder := s.login("a", "192.0.2.1"), s.login("b", "198.51.100.1"), s.login("s", "203.0.113.1")
		a.announce(workA, 100)
		meet(workA, b, 100, a)
		for _, tk := range []ticket.Ticket{a.ticket(), a.ticket()} {
			if tk.Flags != ticket.Traded {
				t.Errorf("flags %d between two who trade", tk.Flags)
			}
		}
		b.ticket()
		b.ticket()
		a.send(&announce.Announce{Infohash: workA, PeerID: a.id, Left: 0, Event: announce.EventCompleted})
		next[*announce.Reply](a)
		if tk := a.ticket(); tk.Flags != 0 || tk.Seeder != a.publicKey() || b.ticket() != tk {
			t.Errorf("who completed was given %+v", tk)
		}
		a.announce(workA, 0)
		a.silent()
		seeder.announce(workB, 0)
		meet(workB, b, 100, seeder)
		if tk := seeder.ticket(); tk.Flags != 0 {
			t.Errorf("flags %d of a seeder", tk.Flags)
		}
	})
}
