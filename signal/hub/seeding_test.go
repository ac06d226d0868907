package hub

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"fanseed/signal/announce"
	"fanseed/signal/ticket"
)

// told is a Seeding in memory.
type told struct {
	mu      sync.Mutex
	minutes []Minute
	proofs  []Proof
	ids     map[[16]byte]bool
	calls   int
	err     error
	unsure  bool // it takes what it fails with
}

// Stayed takes each id once. What it fails with after it has taken is what nobody can know.
func (b *told) Stayed(_ context.Context, t Told) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	if b.err != nil && !b.unsure {
		return b.err
	}
	if !b.ids[t.ID] {
		b.ids[t.ID] = true
		b.minutes, b.proofs = append(b.minutes, t.Minutes...), append(b.proofs, t.Proofs...)
	}
	return b.err
}

func (b *told) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

// of sums the minutes of a peer's account.
func (b *told) of(p *peer, infohash [20]byte) (sum int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.minutes {
		if m.Account == ticket.Account(p.publicKey()) && m.Infohash == infohash {
			sum += m.Minutes
		}
	}
	return sum
}

// withSeeding runs a test of a hub that asks seeders.
func withSeeding(t *testing.T, change func(*Config), test func(s *site, b *told)) {
	t.Helper()
	b := &told{ids: map[[16]byte]bool{}}
	inBubble(t, func(c *Config) {
		c.Seeding = b
		if change != nil {
			change(c)
		}
	}, func(s *site) { test(s, b) })
}

// seed has a peer seed these works, and answer its pings from now on.
func (p *peer) seed(answer func(nonce [16]byte), works ...[20]byte) {
	p.t.Helper()
	for _, infohash := range works {
		p.announce(infohash, 0)
	}
	go func() {
		stay := time.NewTicker(2 * time.Minute)
		defer stay.Stop()
		for {
			select {
			case m, ok := <-p.messages:
				if !ok {
					return
				}
				switch m := m.(type) {
				case *announce.Ping:
					answer(m.Nonce)
				case *announce.Challenge:
					if p.challenged != nil {
						p.challenged(m)
					}
				}
			case <-stay.C:
				for _, infohash := range works {
					p.write(&announce.Announce{Infohash: infohash, PeerID: p.id})
				}
			}
		}
	}()
}

// write sends a message, also beside others and to a socket that is closed.
func (p *peer) write(m announce.ClientMessage) {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.ws.WriteMessage(websocket.TextMessage, m.Append(nil))
}

func (p *peer) pong(nonce [16]byte) { p.write(&announce.Pong{Nonce: nonce}) }

func between(t *testing.T, what string, got, least, most int) {
	t.Helper()
	if got < least || got > most {
		t.Errorf("%s: got %d, want %d to %d", what, got, least, most)
	}
}

func TestMinutesAreCountedWhileATabIsOpen(t *testing.T) {
	withSeeding(t, nil, func(s *site, b *told) {
		a := s.login("a", "192.0.2.1")
		a.seed(a.pong, workA, workB)
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		a.ws.Close()
		between(t, "A", b.of(a, workA), 29, 30)
		between(t, "B", b.of(a, workB), 29, 30)
		time.Sleep(time.Hour)
		between(t, "A after the tab is closed", b.of(a, workA), 29, 30)
		b.mu.Lock()
		defer b.mu.Unlock()
		if m := b.minutes[0]; m.Epoch != 7 || m.Net != "192.0.2.0/24" || m.Minutes != 1 {
			t.Errorf("told %+v", m)
		}
	})
}

func TestAnHonestDayHas1440Minutes(t *testing.T) {
	withSeeding(t, nil, func(s *site, b *told) {
		a := s.login("a", "192.0.2.1")
		a.seed(a.pong, workA)
		time.Sleep(24*time.Hour + 10*time.Second)
		between(t, "minutes", b.of(a, workA), 1438, 1440)
	})
}

func TestNoMinuteForWhoDoesNotSeed(t *testing.T) {
	withSeeding(t, func(c *Config) { c.Open = true }, func(s *site, b *told) {
		leecher, free, odd := s.login("l", "192.0.2.1"), s.stock("f", "198.51.100.1"), s.login("o", "203.0.113.1")
		leecher.announce(workA, 100)
		free.announce(workA, 0)
		odd.announce(unlisted, 0)
		time.Sleep(4 * time.Minute)
		leecher.silent()
		free.silent()
		odd.silent()
		if b.calls != 0 {
			t.Errorf("told %+v", b.minutes)
		}
	})
}

func TestPongsThatDoNotCount(t *testing.T) {
	for name, answer := range map[string]func(p *peer) func(nonce [16]byte){
		"a wrong nonce": func(p *peer) func([16]byte) {
			return func(nonce [16]byte) {
				nonce[0]++
				p.pong(nonce)
			}
		},
		"the nonce before": func(p *peer) func([16]byte) {
			before := [16]byte{}
			return func(nonce [16]byte) {
				p.pong(before)
				before = nonce
			}
		},
		"too late": func(p *peer) func([16]byte) {
			return func(nonce [16]byte) {
				time.AfterFunc(pingEvery+2*pingJitter, func() { p.pong(nonce) })
			}
		},
		"none": func(*peer) func([16]byte) { return func([16]byte) {} },
	} {
		t.Run(name, func(t *testing.T) {
			withSeeding(t, nil, func(s *site, b *told) {
				a := s.login("a", "192.0.2.1")
				a.seed(answer(a), workA)
				time.Sleep(10 * time.Minute)
				between(t, "minutes", b.of(a, workA), 0, 0)
			})
		})
	}
}

func TestAFloodOfPongsCountsOnce(t *testing.T) {
	withSeeding(t, nil, func(s *site, b *told) {
		a := s.login("a", "192.0.2.1")
		a.seed(func(nonce [16]byte) {
			for range 20 {
				a.pong(nonce)
			}
		}, workA)
		for range 10 {
			a.pong([16]byte{})
		}
		time.Sleep(20 * time.Minute)
		between(t, "minutes", b.of(a, workA), 19, 20)
	})
}

func TestTwoSocketsOfAnAccountAreOneMinute(t *testing.T) {
	withSeeding(t, nil, func(s *site, b *told) {
		for i := range 3 {
			p := s.login("a", "192.0.2.1")
			p.id[19] = byte(i)
			p.seed(p.pong, workA)
		}
		time.Sleep(30 * time.Minute)
		a := s.login("a", "192.0.2.1")
		between(t, "minutes", b.of(a, workA), 29, 31)
	})
}

// Who comes and goes, and stays for no longer than until the first ping, has no more minutes than he was there.
func TestComingAgainEarnsNothing(t *testing.T) {
	withSeeding(t, nil, func(s *site, b *told) {
		there := time.Duration(0)
		var a *peer
		for range 200 {
			a = s.login("a", "192.0.2.1")
			a.announce(workA, 0)
			since := time.Now()
			m := (<-a.messages).(*announce.Ping)
			a.pong(m.Nonce)
			synctest.Wait()
			there += time.Since(since)
			a.ws.Close()
			time.Sleep(5 * time.Second)
		}
		between(t, "minutes", b.of(a, workA), 0, int(there/time.Minute)*11/10)
	})
}

func TestTheServersOwnAccountIsNotAsked(t *testing.T) {
	name := "own"
	own := (&peer{key: keyOf(name)}).publicKey()
	withSeeding(t, func(c *Config) { c.Uncredited = map[[16]byte]bool{ticket.Account(own): true} }, func(s *site, b *told) {
		a := s.login(name, "192.0.2.1")
		a.announce(workA, 0)
		time.Sleep(4 * time.Minute)
		a.silent()
	})
}

func TestPongNeedsTheSubprotocol(t *testing.T) {
	withSeeding(t, nil, func(s *site, b *told) {
		a := s.stock("a", "192.0.2.1")
		a.send(&announce.Pong{})
		next[*announce.Failure](a)
	})
}

func TestWhatTheLedgerRefusedIsToldAgain(t *testing.T) {
	withSeeding(t, nil, func(s *site, b *told) {
		b.fail(errors.New("disk full"))
		a := s.login("a", "192.0.2.1")
		a.seed(a.pong, workA)
		time.Sleep(20 * time.Minute)
		between(t, "while it fails", b.of(a, workA), 0, 0)
		b.fail(nil)
		time.Sleep(10 * time.Second)
		between(t, "afterwards", b.of(a, workA), 19, 20)
	})
}

// The answer of the ledger is lost after it has taken what it was told: it is told the same again, under the same id.
func TestWhatMayHaveBeenTakenCountsOnce(t *testing.T) {
	withSeeding(t, nil, func(s *site, b *told) {
		b.unsure = true
		b.fail(errors.New("connection lost"))
		a := s.login("a", "192.0.2.1")
		a.seed(a.pong, workA)
		time.Sleep(10 * time.Minute)
		b.fail(nil)
		time.Sleep(10*time.Minute + 10*time.Second)
		between(t, "minutes", b.of(a, workA), 19, 20)
	})
}

func TestTheLastMinutesAreToldWhenTheServerStops(t *testing.T) {
	withSeeding(t, nil, func(s *site, b *told) {
		a := s.login("a", "192.0.2.1")
		counted := make(chan bool, 100)
		a.seed(func(nonce [16]byte) {
			a.pong(nonce)
			counted <- true
		}, workA)
		<-counted
		<-counted
		synctest.Wait()
		s.stop()
		between(t, "minutes", b.of(a, workA), 2, 2)
	})
}
