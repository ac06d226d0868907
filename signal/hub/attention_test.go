package hub

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/ticket"
)

// stakes are Boosts in memory.
type stakes struct {
	mu    sync.Mutex
	works []Boosted
	until time.Time
	err   error
	calls int
	gate  chan struct{} // nil: open; else each call takes one from it
}

func (s *stakes) Boosted(ctx context.Context, _ time.Time) ([]Boosted, time.Time, error) {
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return nil, time.Time{}, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	return s.works, s.until, s.err
}

func (s *stakes) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *stakes) called() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// boostedFor returns a work that is boosted for a day.
func boostedFor(infohash [20]byte, amount uint64) Boosted {
	return Boosted{Infohash: infohash, Amount: amount, Ends: time.Now().Add(24 * time.Hour)}
}

// withBoosts runs a test of a hub that knows of boosts.
func withBoosts(t *testing.T, test func(s *site, b *stakes)) {
	t.Helper()
	b := &stakes{}
	inBubble(t, func(c *Config) { c.Boosts = b }, func(s *site) { test(s, b) })
}

// boost has the hub know what is boosted.
func (s *site) boost(b *stakes, works ...Boosted) {
	s.t.Helper()
	b.set(func() { b.works = works })
	s.hub.ReadBoosts()
	time.Sleep(2 * readPause)
}

// work names a listed work.
func (s *site) work(name string, length int64) (infohash [20]byte) {
	copy(infohash[:], name)
	s.works.set(infohash, length)
	return infohash
}

// idles says that a peer is idle, and returns the work that it was handed, "" for none.
func (p *peer) idles(room uint64) string {
	p.t.Helper()
	time.Sleep(idleEvery)
	p.send(&announce.Idle{Room: room})
	time.Sleep(time.Second)
	select {
	case m := <-p.messages:
		help, ok := m.(*announce.Help)
		if !ok {
			p.t.Fatalf("got %T %+v", m, m)
		}
		return string(help.Infohash[:1])
	default:
		return ""
	}
}

func TestABoostedWorkIsAnnouncedFourTimesAsOften(t *testing.T) {
	withBoosts(t, func(s *site, b *stakes) {
		s.boost(b, boostedFor(workA, 1))
		stock := s.stock("p", "192.0.2.1")
		if soon, usual := stock.announce(workA, 0).Interval, stock.announce(workB, 0).Interval; soon < 27 || soon > 33 || usual < 108 || usual > 132 {
			t.Errorf("a boosted work is announced after %d s, another one after %d s", soon, usual)
		}
		s.boost(b)
		if again := stock.announce(workA, 0).Interval; again < 108 {
			t.Errorf("and after the boost, after %d s", again)
		}
	})
}

func TestBoostsAreReadAgain(t *testing.T) {
	withBoosts(t, func(s *site, b *stakes) {
		time.Sleep(time.Second)
		if got := b.called(); got != 1 {
			t.Errorf("at the start the ledger was asked %d times", got)
		}
		time.Sleep(10 * time.Minute)
		between(t, "calls in ten minutes", b.called(), 10, 14)

		b.set(func() { b.calls, b.until = 0, time.Now().Add(80*time.Second) })
		time.Sleep(2 * time.Minute)
		b.set(func() { b.calls, b.until = 0, time.Now().Add(5*time.Second) })
		s.hub.ReadBoosts()
		time.Sleep(2 * time.Second)
		between(t, "calls once something was boosted", b.called(), 1, 1)
		time.Sleep(4 * time.Second)
		between(t, "calls once the epoch has ended", b.called(), 2, 2)

		b.set(func() { b.calls, b.err = 0, errors.New("no ledger") })
		s.hub.ReadBoosts()
		time.Sleep(time.Minute)
		between(t, "calls in a minute in which they fail", b.called(), 5, 7)

		b.set(func() { b.calls, b.err = 0, nil })
		for range 100 {
			s.hub.ReadBoosts()
			time.Sleep(100 * time.Millisecond)
		}
		between(t, "calls in ten seconds in which a hundred boosts come", b.called(), 9, 11)
	})
}

// What is boosted while the ledger is being asked is not missed.
func TestABoostDuringTheReading(t *testing.T) {
	b := &stakes{}
	inBubble(t, func(c *Config) { c.Boosts, b.gate = b, make(chan struct{}) }, func(s *site) {
		time.Sleep(time.Second)
		s.hub.ReadBoosts() // the first call hangs
		b.gate <- struct{}{}
		b.set(func() { b.works = []Boosted{boostedFor(workA, 7)} })
		b.gate <- struct{}{}
		time.Sleep(time.Second)
		if got := s.hub.Attention(workA).Boost; got != 7 {
			t.Errorf("boosted by %d", got)
		}
	})
}

func TestTheIdleAreHandedBoostedWorks(t *testing.T) {
	withBoosts(t, func(s *site, b *stakes) {
		p := s.login("p", "192.0.2.1")
		if got := p.idles(1 << 40); got != "" {
			t.Errorf("handed %s, which nobody has boosted", got)
		}
		s.boost(b, boostedFor(workA, 50_000))
		time.Sleep(idleEvery)
		p.send(&announce.Idle{Room: 1 << 30})
		help := next[*announce.Help](p)
		if help.Infohash != workA || help.Length != 64<<20 || help.Lasts > 24*60*60 || help.Lasts < 23*60*60 {
			t.Errorf("handed %+v", help)
		}
		if got := s.hub.Attention(workA); got.Boost != 50_000 || got.Helpers != 1 {
			t.Errorf("attention %+v", got)
		}
	})
}

// Those who have nothing to do are divided as the credits are, and no work has more of them than it pays for.
func TestHelpersAreInProportion(t *testing.T) {
	withBoosts(t, func(s *site, b *stakes) {
		a, c, d := s.work("a", 1000), s.work("c", 1000), s.work("d", 1000)
		s.boost(b, boostedFor(a, 400_000), boostedFor(c, 200_000), boostedFor(d, 10))
		got := map[string]int{}
		for i := range 13 {
			p := s.login(fmt.Sprint("p", i), fmt.Sprintf("192.0.%d.1", i))
			got[p.idles(1<<30)]++
		}
		if got["a"] != 9 || got["c"] != 4 || got["d"] != 0 {
			t.Errorf("helpers: %v", got)
		}
		s.boost(b, boostedFor(c, 20_000), boostedFor(d, 10)) // c has more than two now
		for i := range 3 {
			p := s.login(fmt.Sprint("q", i), fmt.Sprintf("198.51.%d.1", i))
			got["then "+p.idles(1<<30)]++
		}
		if got["then d"] != 1 || got["then "] != 2 {
			t.Errorf("helpers: %v", got)
		}
	})
}

func TestWhatIsNeverHandedOut(t *testing.T) {
	for name, change := range map[string]func(s *site, b *Boosted){
		"larger than the room": func(s *site, b *Boosted) { s.works.set(b.Infohash, 1001) },
		"private":              func(s *site, b *Boosted) { b.Private = true },
		"not listed":           func(s *site, b *Boosted) { s.works.remove(b.Infohash) },
		"without a length":     func(s *site, b *Boosted) { s.works.set(b.Infohash, 0) },
		"over":                 func(s *site, b *Boosted) { b.Ends = time.Now() },
		"beyond the list":      func(s *site, b *Boosted) {},
		"good":                 func(s *site, b *Boosted) {},
	} {
		t.Run(name, func(t *testing.T) {
			withBoosts(t, func(s *site, b *stakes) {
				one := boostedFor(s.work("a", 1000), 50_000)
				change(s, &one)
				list := []Boosted{one}
				if name == "beyond the list" {
					list = make([]Boosted, MaxBoosted, MaxBoosted+1)
					for i := range list {
						list[i] = Boosted{Infohash: [20]byte{'x', byte(i >> 8), byte(i)}, Amount: 50_000, Ends: one.Ends}
					}
					list = append(list, one)
				}
				s.boost(b, list...)
				want := ""
				if name == "good" {
					want = "a"
				}
				if got := s.login("p", "192.0.2.1").idles(1000); got != want {
					t.Errorf("handed %q, want %q", got, want)
				}
			})
		})
	}
}

// Nobody is handed what it has, what it was handed within the hour, over whatever socket, nor more than four at a time.
func TestNobodyIsHandedAWorkTwice(t *testing.T) {
	withBoosts(t, func(s *site, b *stakes) {
		a := s.work("a", 1000)
		s.boost(b, boostedFor(a, 50_000))
		p := s.login("p", "192.0.2.1")
		if got := p.idles(1000); got != "a" {
			t.Fatalf("handed %q", got)
		}
		if got := p.idles(1000); got != "" {
			t.Errorf("handed %q twice", got)
		}
		p.ws.Close()
		p = s.login("p", "192.0.2.1")
		if got := p.idles(1000); got != "" {
			t.Errorf("handed %q over another socket", got)
		}
		time.Sleep(2 * rememberFor)
		p = s.login("p", "192.0.2.1")
		if got := p.idles(1000); got != "a" {
			t.Errorf("handed %q hours later", got)
		}
		has := s.login("q", "198.51.100.1")
		has.announce(a, 0)
		if got := has.idles(1000); got != "" {
			t.Errorf("handed %q, which it seeds", got)
		}

		var many []Boosted
		for _, name := range []string{"c", "d", "e", "f", "g", "h"} {
			many = append(many, boostedFor(s.work(name, 1000), 50_000))
		}
		s.boost(b, many...)
		r, handed := s.login("r", "203.0.113.1"), 0
		for range 10 {
			if r.idles(1000) != "" {
				handed++
			}
		}
		if handed != maxHelping {
			t.Errorf("handed %d works at a time", handed)
		}
	})
}

// A place is free again when its client has left the swarm, was never in it for five minutes, or is gone.
func TestPlacesAreGivenBack(t *testing.T) {
	withBoosts(t, func(s *site, b *stakes) {
		a := s.work("a", 1000)
		s.boost(b, boostedFor(a, helperPrice)) // pays for one
		helpers := func() int { return s.hub.Attention(a).Helpers }
		lazy := s.login("lazy", "192.0.2.1")
		if lazy.idles(1000) != "a" || helpers() != 1 {
			t.Fatalf("%d help", helpers())
		}
		if got := s.login("early", "192.0.3.1").idles(1000); got != "" {
			t.Errorf("handed %q to one more than it pays for", got)
		}
		time.Sleep(takeWithin)
		if helpers() != 0 {
			t.Errorf("%d help who never came", helpers())
		}
		good := s.login("good", "192.0.4.1")
		if got := good.idles(1000); got != "a" {
			t.Errorf("handed %q", got)
		}
		good.announce(a, 1000)
		for range 4 {
			time.Sleep(time.Minute)
			good.announce(a, 0)
		}
		time.Sleep(takeWithin / 2)
		if helpers() != 1 {
			t.Errorf("%d help", helpers())
		}
		good.send(&announce.Announce{Infohash: a, PeerID: good.id, Event: announce.EventStopped})
		next[*announce.Reply](good)
		if helpers() != 0 {
			t.Errorf("%d help who have left", helpers())
		}
		last := s.login("last", "192.0.5.1")
		if got := last.idles(1000); got != "a" {
			t.Errorf("handed %q", got)
		}
		last.ws.Close()
		time.Sleep(time.Second)
		if helpers() != 0 {
			t.Errorf("%d help who are gone", helpers())
		}
	})
}

// Who has many accounts on one network takes one place with them all.
func TestANetworkTakesOnePlace(t *testing.T) {
	withBoosts(t, func(s *site, b *stakes) {
		a := s.work("a", 1000)
		s.boost(b, boostedFor(a, 2*helperPrice))
		for i := range 20 {
			s.login(fmt.Sprint("sybil", i), "192.0.2.1").idles(1 << 50)
		}
		if got := s.login("fan", "198.51.100.1").idles(1000); got != "a" {
			t.Errorf("handed %q", got)
		}
	})
}

// A flood of messages, or room that is a lie, brings no more than one message brings.
func TestFloodsOfTheIdle(t *testing.T) {
	withBoosts(t, func(s *site, b *stakes) {
		for _, name := range []string{"c", "d", "e"} {
			s.work(name, 1000)
		}
		s.boost(b, boostedFor([20]byte{'c'}, 50_000), boostedFor([20]byte{'d'}, 50_000), boostedFor([20]byte{'e'}, 50_000))
		p := s.login("p", "192.0.2.1")
		for range 30 {
			p.send(&announce.Idle{Room: announce.MaxAmount})
		}
		next[*announce.Help](p)
		p.silent()
		if got := s.login("q", "198.51.100.1").idles(0); got != "" {
			t.Errorf("handed %q to who has no room", got)
		}
	})
}

// Who has not logged in, or does not speak of such things at all, is told so; the server's own accounts help nobody.
func TestWhoMayNotHelp(t *testing.T) {
	own, b := ticket.Account([32]byte(keyOf("own").Public().(ed25519.PublicKey))), &stakes{}
	inBubble(t, func(c *Config) { c.Boosts, c.Uncredited = b, map[[16]byte]bool{own: true} }, func(s *site) {
		s.boost(b, boostedFor(workA, 50_000))
		anybody := s.extended("p", "192.0.2.1")
		next[*announce.Hello](anybody)
		anybody.send(&announce.Idle{Room: 1 << 40})
		if got := next[*announce.Error](anybody).Code; got != codeNotLoggedIn {
			t.Errorf("refused with %s", got)
		}
		stock := s.stock("q", "192.0.2.2")
		stock.send(&announce.Idle{Room: 1 << 40})
		next[*announce.Failure](stock)
		if got := s.login("own", "192.0.2.3").idles(1 << 40); got != "" {
			t.Errorf("handed %q to the server's own", got)
		}
	})
}
