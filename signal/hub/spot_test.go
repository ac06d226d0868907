package hub

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/ticket"
)

// drain takes what has come for a peer.
func (p *peer) drain() (list []announce.ServerMessage) {
	synctest.Wait()
	for len(p.messages) > 0 {
		list = append(list, <-p.messages)
	}
	return list
}

// asked returns the challenges that come to a peer while it stays in a swarm for a while, and lets it answer.
func (p *peer) asked(c content, left float64, stay time.Duration, answer func(m *announce.Challenge)) (challenges []*announce.Challenge) {
	p.t.Helper()
	for end := time.Now().Add(stay); time.Now().Before(end); time.Sleep(time.Second) {
		for _, m := range p.drain() {
			if m, is := m.(*announce.Challenge); is {
				challenges = append(challenges, m)
				answer(m)
			}
		}
		if time.Now().Unix()%60 == 0 {
			p.write(&announce.Announce{Infohash: c.Infohash, PeerID: p.id, Left: left})
		}
	}
	return challenges
}

// pays has a leecher meet a seeder and sign for so many bytes; false: they are given no ticket.
func (s *site) pays(c content, leecher, seeder *peer, bytes uint64) bool {
	s.t.Helper()
	for _, p := range []*peer{leecher, seeder} {
		p.write(&announce.Announce{Infohash: c.Infohash, PeerID: p.id, Event: announce.EventStopped})
		p.drain()
	}
	seeder.announce(c.Infohash, 0)
	meet(c.Infohash, leecher, 100, seeder)
	for _, m := range seeder.drain() {
		if m, is := m.(*announce.Ticket); is {
			t, err := ticket.Parse(m.Ticket)
			if err != nil {
				s.t.Fatal(err)
			}
			seeder.write(&announce.Settle{ID: 1, Receipts: []announce.Receipt{{Serial: t.Serial, Amount: bytes}}})
			seeder.drain()
			leecher.drain()
			return true
		}
	}
	return false
}

func none(*announce.Challenge) {}

// A downloader is asked for what it has signed for, once, and not before it has signed for half; one that has it is believed.
func TestSpotCheck(t *testing.T) {
	c := newContent("song", 8*mib, 64<<10, true)
	parts := 8 * mib / (16 << 10)
	for name, test := range map[string]struct {
		signed uint64
		have   func(part int) bool
		count  int // leaves that are asked for; 0: none are
	}{
		"less than half":        {4*mib - 1, all, 0},
		"half, and it has half": {4 * mib, func(part int) bool { return part < parts/2 }, 27},
		"all":                   {8 * mib, all, 2},
	} {
		withProofs(t, nil, func(s *site, b *told) {
			leecher, seeder := s.login("l", "192.0.2.1"), s.login("s", "198.51.100.1")
			if !s.pays(c, leecher, seeder, test.signed) {
				t.Fatal("no ticket")
			}
			challenges := leecher.asked(c, 100, time.Hour, leecher.honest(test.have, c))
			if test.count == 0 && len(challenges) > 0 || test.count > 0 && (len(challenges) != 1 || challenges[0].Count != test.count) {
				t.Errorf("%s: got challenges %+v, want one for %d leaves", name, challenges, test.count)
			}
			s.books.set(func() { s.books.amounts = map[[16]byte]uint64{} }) // its copy lacks everything again
			if !s.pays(c, leecher, s.login("t", "203.0.113.1"), 1) {
				t.Errorf("%s: one that has what it has signed for is not believed", name)
			}
			if n, _, _ := b.proofsOf(leecher, c.Infohash); n > 0 {
				t.Errorf("%s: a spot check counts as a proof of seeding", name)
			}
		}, c)
	}
}

// One that has nothing of what it has signed for is asked again, and then given no ticket for a day, nor anybody by it; it may come and download.
func TestFailedSpotChecks(t *testing.T) {
	c := newContent("song", 64*mib, 1<<20, true)
	withProofs(t, nil, func(s *site, b *told) {
		leecher, seeder := s.login("l", "192.0.2.1"), s.login("s", "198.51.100.1")
		if !s.pays(c, leecher, seeder, 32*mib) {
			t.Fatal("no ticket")
		}
		if got := len(leecher.asked(c, 100, time.Hour, none)); got != 2 {
			t.Errorf("got %d challenges, want 2", got)
		}
		if s.pays(c, leecher, s.login("t", "203.0.113.1"), 1) {
			t.Error("a ticket for one that is not believed")
		}
		if !s.pays(c, s.login("m", "192.0.3.1"), s.login("u", "203.0.114.1"), 1) {
			t.Error("no ticket for another leecher")
		}
		leecher.asked(c, 100, distrusted, none)
		if !s.pays(c, leecher, s.login("v", "203.0.115.1"), 1) {
			t.Error("it is not believed a day later")
		}
	}, c)
}

// One failure is forgiven, and more than one when checks were passed in between.
func TestOneFailedSpotCheckIsForgiven(t *testing.T) {
	c := newContent("song", 8*mib, 64<<10, true)
	withProofs(t, nil, func(s *site, b *told) {
		leecher := s.login("l", "192.0.2.1")
		for n := range 3 {
			if !s.pays(c, leecher, s.login(fmt.Sprint("s", n), fmt.Sprintf("198.51.%d.1", n)), 8*mib) {
				t.Fatalf("no ticket after %d failures", n)
			}
			failed := false
			challenges := leecher.asked(c, 100, time.Hour, func(m *announce.Challenge) {
				if failed {
					leecher.honest(all, c)(m)
				}
				failed = true
			})
			if len(challenges) != 2 {
				t.Errorf("round %d: got %d challenges, want one that fails and another", n, len(challenges))
			}
			s.books.set(func() { s.books.amounts = map[[16]byte]uint64{} }) // its copy lacks everything again
		}
	}, c)
}

// Who has left the swarm, as one that has removed the work, is not asked for it.
func TestNoSpotCheckOfOneThatHasLeft(t *testing.T) {
	c := newContent("song", 8*mib, 64<<10, true)
	withProofs(t, nil, func(s *site, b *told) {
		leecher, seeder := s.login("l", "192.0.2.1"), s.login("s", "198.51.100.1")
		if !s.pays(c, leecher, seeder, 8*mib) {
			t.Fatal("no ticket")
		}
		leecher.write(&announce.Announce{Infohash: c.Infohash, PeerID: leecher.id, Left: 100, Event: announce.EventStopped})
		leecher.drain()
		if got := leecher.asked(c, 100, time.Hour, none); len(got) != 0 {
			t.Errorf("got challenges %+v", got)
		}
	}, c)
}

// One that leaves whenever it is asked fails like one that is silent.
func TestLeavingIsNoWayOut(t *testing.T) {
	c := newContent("song", 8*mib, 64<<10, true)
	withProofs(t, nil, func(s *site, b *told) {
		for n := range 2 {
			leecher := s.login("l", "192.0.2.1")
			if !s.pays(c, leecher, s.login(fmt.Sprint("s", n), fmt.Sprintf("198.51.%d.1", n)), 8*mib) {
				t.Fatalf("no ticket after %d failures", n)
			}
			if got := leecher.asked(c, 100, spotWithin, func(*announce.Challenge) { leecher.ws.Close() }); len(got) != 1 {
				t.Errorf("got %d challenges, want 1", len(got))
			}
			time.Sleep(time.Minute)
			s.books.set(func() { s.books.amounts = map[[16]byte]uint64{} })
		}
		if s.pays(c, s.login("l", "192.0.2.1"), s.login("t", "203.0.113.1"), 1) {
			t.Error("it is believed")
		}
	}, c)
}

// What an honest downloader has makes it fail once in a million times at most, whatever part of the work it has.
func TestSpotLeaves(t *testing.T) {
	c := newContent("song", 1<<20, 64<<10, true)
	for part := 500; part <= 1000; part++ {
		s := &signed{bytes: uint64(part), length: 1000}
		n := float64(spotLeaves(c.Info, s))
		has := float64(part) / 1000
		fewer := math.Pow(1-has, n) + n*has*math.Pow(1-has, n-1)
		if n < 2 || n > 32 || part < 1000 && fewer > 1e-6 {
			t.Errorf("%d in 1,000: %v leaves, and %g that fewer than two of them are there", part, n, fewer)
		}
	}
	old := newContent("song", 1<<20, 64<<10, false)
	small := newContent("song", 5*16<<10, 64<<10, true)
	for name, test := range map[string]struct {
		c     content
		bytes uint64
		want  bool
	}{
		"version 1, in part":   {old, 999, false},
		"version 1, in full":   {old, 1000, true},
		"five leaves, in part": {small, 500, false},
		"five leaves, in full": {small, 1000, true},
	} {
		if got := spotLeaves(test.c.Info, &signed{bytes: test.bytes, length: 1000}); (got > 0) != test.want {
			t.Errorf("%s: got %d leaves, want some: %v", name, got, test.want)
		}
	}
}
