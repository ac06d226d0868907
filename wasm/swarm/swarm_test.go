package swarm

import (
	"math/rand/v2"
	"testing"
	"time"

	"fanseed/wasm/wire"
)

// TestCallerFaults shows what a caller must never do.
func TestCallerFaults(t *testing.T) {
	w := newWork(1, 100_000, 32<<10)
	config := func() Config {
		return Config{Infohash: w.infohash, Info: w.info, InfoBytes: w.infoBytes, Rand: rand.New(rand.NewPCG(1, 1)), PeerID: [20]byte{1}}
	}
	opened := func() *Swarm {
		s := New(config())
		s.Opened(epoch, 1, handshakeOf(w, 1, true, true))
		takeAll(s)
		return s
	}
	for name, fault := range map[string]func(){
		"effects left": func() {
			s := New(config())
			s.Opened(epoch, 1, handshakeOf(w, 1, true, true))
			s.Tick(epoch)
		},
		"opened twice":   func() { opened().Opened(epoch, 1, handshakeOf(w, 1, true, true)) },
		"nothing hashed": func() { opened().Hashed(epoch, 0, true, nil) },
		"nothing stored": func() { opened().Stored(epoch, 0, nil) },
		"nothing loaded": func() { opened().Loaded(epoch, 1, 0, 0, nil, nil) },
		"not checked":    func() { opened().Checked(epoch, 1, [16]byte{}, 1, true) },
		"described":      func() { opened().Described(epoch, w.torrent()) },
		"wrong bitfield": func() {
			c := config()
			c.Have = wire.NewBitfield(100)
			New(c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			fault()
		})
	}
}

func takeAll(s *Swarm) (all []Effect) {
	for {
		e, ok := s.Next()
		if !ok {
			return all
		}
		all = append(all, e)
	}
}

// What is late, of a peer that has gone, is ignored.
func TestLateAnswers(t *testing.T) {
	w := newWork(1, 100_000, 32<<10)
	s := New(Config{Infohash: w.infohash, Info: w.info, InfoBytes: w.infoBytes, Rand: rand.New(rand.NewPCG(1, 1)), PeerID: [20]byte{1}})
	s.Received(epoch, 1, wire.Message{Kind: wire.KindHaveAll})
	s.Closed(epoch, 1)
	s.Drained(epoch, 1, 0)
	s.Loaded(epoch, 1, 0, 0, nil, nil)
	s.Signed(epoch, 1, [16]byte{}, 1, [64]byte{})
	if all := takeAll(s); len(all) > 0 {
		t.Errorf("effects %v of a peer that is not there", all)
	}
	if !s.Deadline().IsZero() {
		t.Error("a deadline without peers")
	}
	if got := s.Bitfield(); got.Count() != 0 || !got.Valid(w.info.NumPieces()) {
		t.Errorf("bitfield %x", got)
	}
}

// Tickets of connections that never open are forgotten.
func TestEarlyTicketsAreBounded(t *testing.T) {
	w := newWork(1, 100_000, 32<<10)
	s := New(Config{Infohash: w.infohash, Info: w.info, InfoBytes: w.infoBytes, Rand: rand.New(rand.NewPCG(1, 1)), PeerID: [20]byte{1}})
	for p := range Peer(10 * maxEarly) {
		s.Ticketed(epoch, p, Ticket{Serial: [16]byte{byte(p), byte(p >> 8)}, Limit: 1, Expires: epoch.Add(time.Minute)})
	}
	if len(s.early) > maxEarly {
		t.Errorf("%d early tickets, at most %d", len(s.early), maxEarly)
	}
	s.Ticketed(epoch.Add(time.Hour), 1, Ticket{})
	if len(s.early) != 1 {
		t.Errorf("%d early tickets, 1 has not expired", len(s.early))
	}
}

// New peers are three times as likely to get the optimistic slot.
func TestNewPeersAreLikelier(t *testing.T) {
	s := New(Config{Rand: rand.New(rand.NewPCG(1, 1))})
	s.now = epoch.Add(time.Hour)
	old, young := &peer{opened: epoch}, &peer{opened: s.now}
	drawn := 0
	for range 4000 {
		if s.draw([]*peer{old, young}) == young {
			drawn++
		}
	}
	if drawn < 2900 || drawn > 3100 {
		t.Errorf("the new one of two was drawn %d times in 4000, not about 3000", drawn)
	}
}

// Rarest first must stay cheap with many pieces: the order is kept up to date by every change.
func TestRarity(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 4))
	var r rarity
	const n = 300
	r.reset(n)
	want := make([]int32, n)
	open := map[int]bool{}
	for range 20_000 {
		i := rnd.IntN(n)
		switch rnd.IntN(4) {
		case 0:
			r.increase(rnd, i)
			want[i]++
		case 1:
			if want[i] > 0 {
				r.decrease(rnd, i)
				want[i]--
			}
		case 2:
			if !open[i] {
				r.add(rnd, i)
				open[i] = true
			}
		case 3:
			if open[i] {
				r.remove(i)
				delete(open, i)
			}
		}
		checkRarest(t, &r, want, open)
	}
}

func checkRarest(t *testing.T, r *rarity, want []int32, open map[int]bool) {
	t.Helper()
	least := int32(1 << 30)
	for i := range open {
		if want[i] > 0 {
			least = min(least, want[i])
		}
	}
	got := r.rarest(1, func(int) bool { return true })
	if got < 0 {
		if least != 1<<30 {
			t.Fatal("no piece found")
		}
		return
	}
	if !open[got] || want[got] != least {
		t.Fatalf("piece %d with availability %d, the least is %d", got, want[got], least)
	}
}
