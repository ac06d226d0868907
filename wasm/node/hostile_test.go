//go:build !js

package node

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Whatever one peer does: it is dropped, or bounded; the others are served.
func TestHostilePeersLoseOnlyTheirConnection(t *testing.T) {
	against := func(attacks []attack, victim func(s *stage, a, b *engine) *engine) {
		for _, attack := range attacks {
			t.Run(attack.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStage(t, false)
					a, b := s.seeder(Limits{UploadRate: 256 << 10}), s.leecher()
					s.meet(a, b, false)
					s.suffer(victim(s, a, b), attack)
					s.whole(b)
				})
			})
		}
	}
	against(onSeeders, func(_ *stage, a, _ *engine) *engine { return a })
	against(onLeechers, func(_ *stage, _, b *engine) *engine { return b })
}

// patience is longer than any time that an engine gives a peer.
const patience = 6 * time.Minute

// suffer lives through one attack. It must come to the end that it deserves,
// and the engine must not have grown by it.
func (s *stage) suffer(victim *engine, a attack) {
	before := heap()
	f := s.dial(s.t.Context(), victim, a.deaf)
	done := make(chan struct{})
	go func() { a.run(f); close(done) }()
	limit := 20 * time.Second
	if a.fate == fades {
		limit = patience
	}
	select {
	case <-f.ctx.Done():
		if why := s.dropped(victim); a.fate == stays && why != "no use" {
			s.t.Errorf("it was dropped: %s", why)
		}
	case <-time.After(limit):
		if a.fate != stays {
			s.t.Error("the connection stays open")
		}
	}
	if grown := heap() - before; grown > 24<<20 {
		s.t.Errorf("memory grew by %d MiB", grown>>20)
	}
	f.cancel()
	f.conn.Close()
	<-done
}

// dropped is why an engine has dropped a peer last.
func (s *stage) dropped(e *engine) (why string) {
	_ = e.do(s.t.Context(), func(time.Time) error { why = e.find(s.torrent.Infohash).dropped; return nil })
	return why
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// whole waits until a leecher has everything, and compares.
func (s *stage) whole(b *engine) {
	s.t.Helper()
	for range 6000 {
		if b.snapshotOf(s.torrent.Infohash).State == Seeding {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if got := b.snapshotOf(s.torrent.Infohash); got.State != Seeding || got.Err != nil {
		s.t.Fatalf("the honest peer is %q with %d bytes missing, %v", got.State, got.Missing, got.Err)
	}
	if !bytes.Equal(b.stored(s.torrent), s.data) {
		s.t.Error("the copy differs from the original")
	}
}

// fetched is what a leecher has verified after so long.
func (s *stage) fetched(b *engine, after time.Duration) int64 {
	time.Sleep(after)
	return s.torrent.Info.Length - b.snapshotOf(s.torrent.Infohash).Missing
}

// gang has all attacks going on at once, and again when they were ended. It
// returns what ends it.
func (s *stage) gang(a, b *engine, which func(attack) bool) (end func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	var all sync.WaitGroup
	keep := func(victim *engine, attacks []attack) {
		for _, x := range attacks {
			if !which(x) {
				continue
			}
			all.Go(func() {
				for wait(ctx, 2*time.Second) {
					if f := s.dial(ctx, victim, x.deaf); f != nil {
						x.run(f)
						f.conn.Close()
						f.cancel()
					}
				}
			})
		}
	}
	keep(a, onSeeders)
	keep(b, onLeechers)
	return func() { cancel(); all.Wait() }
}

func anyAttack(attack) bool   { return true }
func takesNone(a attack) bool { return !a.takes }

// The upload limit is what there is to share. A peer that pays keeps its share of
// it whoever else comes; one that does not keeps it from all but those who take
// theirs, as it does.
func TestHonestPeersKeepTheirShare(t *testing.T) {
	const warm, length, rate = 12 * time.Second, 40 * time.Second, 64 << 10
	run := func(ticketed bool, which func(attack) bool) (bytes int64) {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, false)
			a, b := s.seeder(Limits{UploadRate: rate}), s.leecher()
			s.meet(a, b, ticketed)
			begun, before := s.fetched(b, warm), heap()
			if which != nil {
				defer s.gang(a, b, which)()
			}
			bytes = s.fetched(b, length) - begun
			if grown := heap() - before; grown > 64<<20 {
				t.Errorf("memory grew by %d MiB", grown>>20)
			}
		})
		return bytes
	}
	for _, c := range []struct {
		name     string
		ticketed bool
		which    func(attack) bool
	}{{"pays", true, anyAttack}, {"does not pay", false, takesNone}} {
		t.Run(c.name, func(t *testing.T) {
			alone, among := run(c.ticketed, nil), run(c.ticketed, c.which)
			t.Logf("%d bytes in %v alone, %d among attackers: %d %%", alone, length, among, 100*among/alone)
			if among*100 < alone*80 {
				t.Error("want 80 %")
			}
		})
	}
}

// The same over real peer connections, where time is real too and the attackers
// take half of the machine: everything at once, while a peer that has begun to pay
// fetches what is left.
func TestAGangOverWebRTC(t *testing.T) {
	if testing.Short() {
		t.Skip("takes most of a minute of real time")
	}
	fetch := func(attacked bool) (rate float64) {
		s := newStage(t, true)
		a, b := s.seeder(Limits{UploadRate: 256 << 10}), s.leecher()
		before := heap()
		s.meet(a, b, true)
		eventually(t, "the first receipt", func() bool { return s.earned(a) > 0 })
		begun, missing := time.Now(), b.snapshotOf(s.torrent.Infohash).Missing
		if attacked {
			end := s.gang(a, b, anyAttack)
			defer func() {
				end()
				s.quiet(a, b)
			}()
		}
		s.whole(b)
		if grown := heap() - before; grown > 256<<20 {
			t.Errorf("memory grew by %d MiB, the attackers' included", grown>>20)
		}
		return float64(missing) / time.Since(begun).Seconds()
	}
	alone, among := fetch(false), fetch(true)
	t.Logf("%.0f KiB/s alone, %.0f KiB/s among attackers: %.0f %%", alone/1024, among/1024, 100*among/alone)
}

// earned is what an engine has good receipts for.
func (s *stage) earned(e *engine) (bytes uint64) {
	_ = e.do(s.t.Context(), func(time.Time) error {
		for _, p := range e.find(s.torrent.Infohash).swarm.Stats().Peers {
			bytes += p.Earned
		}
		return nil
	})
	return bytes
}

// quiet waits until only the honest are connected. Connections that did not open
// yet may have their time.
func (s *stage) quiet(engines ...*engine) {
	for _, e := range engines {
		eventually(s.t, "only the honest are left", func() bool { return s.peers(e) <= 1 })
	}
}

func (s *stage) peers(e *engine) (count int) {
	_ = e.do(s.t.Context(), func(time.Time) error {
		for _, l := range e.find(s.torrent.Infohash).links {
			if l.shaken {
				count++
			}
		}
		return nil
	})
	return count
}

// Over WebRTC each attack that can be seen through is, one by one.
func TestEachHostilePeerIsDroppedOverWebRTC(t *testing.T) {
	s := newStage(t, true)
	a := s.seeder(Limits{})
	for _, x := range onSeeders {
		if x.fate != ends {
			continue
		}
		t.Run(x.name, func(t *testing.T) {
			f := s.dial(t.Context(), a, x.deaf)
			if f == nil {
				t.Fatal("it was not let in")
			}
			x.run(f)
			select {
			case <-f.ctx.Done():
			case <-time.After(30 * time.Second):
				t.Error("the connection stays open")
			}
			f.conn.Close()
		})
	}
}
