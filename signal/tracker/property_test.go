package tracker

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"fanseed/signal/announce"
)

// small limits, so that random inputs reach them.
func smallConfig(seed uint64) Config {
	return Config{
		Rand:  rand.New(rand.NewPCG(seed, 0)),
		Allow: func(infohash [20]byte) bool { return infohash != name("X0") },

		MaxSwarms: 3, MaxPeers: 6, MaxJoined: 3, MaxIDs: 2, MaxOffers: 7, RelayBurst: 2,
		Boosted: func(infohash [20]byte) bool { return infohash == name("X1") },
	}
}

// input is one random step: it acts on a tracker and returns the announce that it made, if any.
type input struct {
	wait  time.Duration
	conn  Conn
	place string
	close bool
	pong  bool
	m     announce.ClientMessage
}

func randomInput(r *rand.Rand) input {
	in := input{wait: time.Duration(r.IntN(3000)) * time.Millisecond, conn: Conn(1 + r.IntN(8))}
	infohash, peer := name(fmt.Sprint("X", r.IntN(6))), name(fmt.Sprint("p", r.IntN(10)))
	switch n := r.IntN(20); {
	case n == 0 && r.IntN(2) == 0:
		in.place = fmt.Sprint("N", r.IntN(3))
	case n == 0:
		in.close = true
	case n == 1:
		in.pong = true
	case n == 2:
		in.wait = time.Duration(r.IntN(200)) * time.Second
		in.m = &announce.Scrape{Infohashes: [][20]byte{infohash, infohash}}
	case n < 10:
		id := name(fmt.Sprint("o", r.IntN(3)))
		in.m = &announce.Answer{Infohash: infohash, PeerID: peer, To: name(fmt.Sprint("p", r.IntN(10))), OfferID: id}
	default:
		m := &announce.Announce{Infohash: infohash, PeerID: peer, Left: float64(r.IntN(3) - 1), Event: announce.Event(r.IntN(4))}
		for i := range r.IntN(13) {
			m.Offers = append(m.Offers, announce.Offer{ID: name(fmt.Sprint("o", i%3))})
		}
		in.m = m
	}
	return in
}

func (in input) apply(t *Tracker, now time.Time) (effects []Effect) {
	t.Tick(now)
	effects = take(t)
	switch {
	case in.place != "":
		t.Place(in.conn, in.place)
	case in.close:
		t.Closed(now, in.conn)
	case in.pong:
		t.Ponged(now, in.conn)
	default:
		t.Receive(now, in.conn, in.m)
	}
	return append(effects, take(t)...)
}

func take(t *Tracker) (effects []Effect) {
	for e, ok := t.Next(); ok; e, ok = t.Next() {
		effects = append(effects, e)
	}
	return effects
}

func TestProperties(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		one, two := New(smallConfig(seed)), New(smallConfig(seed))
		watch := newWatch(t)
		now := time.Unix(0, 0)
		for range 400 {
			in := randomInput(r)
			now = now.Add(in.wait)
			effects := in.apply(one, now)
			if again := in.apply(two, now); !reflect.DeepEqual(effects, again) {
				t.Fatalf("seed %d: the same input gave %+v, then %+v", seed, effects, again)
			}
			watch.check(in, effects)
			checkInside(t, one, now)
			if t.Failed() {
				t.Fatalf("seed %d, input %+v, effects %+v", seed, in, effects)
			}
		}
		for hours := range time.Duration(2) { // in the first one, newcomers may still take over
			one.Tick(now.Add((hours + 1) * time.Hour))
			take(one)
		}
		if !one.Deadline().IsZero() || one.peers.Len()+one.takeovers.Len()+one.offers.order.Len()+len(one.offers.byKey) != 0 {
			t.Fatalf("seed %d: something is left after two hours of silence", seed)
		}
	}
}

// watch checks effects against the inputs before them, without looking inside.
type watch struct {
	t      *testing.T
	owed   map[Conn]int  // announces that were not answered yet: those of newcomers may be later
	offers map[relay]int // relayed and not answered
	made   map[relay]bool
}

// relay is an offer of a peer that was handed to a socket.
type relay struct {
	infohash, from, id [20]byte
	to                 Conn
}

func newWatch(t *testing.T) *watch {
	return &watch{t, map[Conn]int{}, map[relay]int{}, map[relay]bool{}}
}

func (w *watch) check(in input, effects []Effect) {
	m, announced := in.m.(*announce.Announce)
	if announced {
		w.owed[in.conn]++
		for _, o := range m.Offers {
			if m.Event != announce.EventStopped {
				w.made[relay{infohash: m.Infohash, from: m.PeerID, id: o.ID}] = true
			}
		}
	}
	relayed := map[Conn]int{}
	for _, e := range effects {
		s, ok := e.(Send)
		if !ok {
			continue
		}
		switch sent := s.Message.(type) {
		case *announce.Reply:
			w.answered(s.Conn)
			least, most := 108, 132
			if sent.Infohash == name("X1") {
				least, most = 27, 33
			}
			if sent.Interval < least || sent.Interval > most {
				w.t.Errorf("interval %d", sent.Interval)
			}
		case *announce.Failure:
			w.answered(s.Conn)
			if sent.Infohash == [20]byte{} || sent.Scrape {
				w.t.Errorf("failure %+v", sent)
			}
		case *announce.RelayedOffer:
			relayed[s.Conn]++
			if !w.made[relay{infohash: sent.Infohash, from: sent.PeerID, id: sent.OfferID}] {
				w.t.Errorf("offer %+v was never made", sent)
			}
			w.offers[relay{sent.Infohash, sent.PeerID, sent.OfferID, s.Conn}]++
		case *announce.RelayedAnswer:
			a, ok := in.m.(*announce.Answer)
			if !ok || sent.PeerID != a.PeerID || sent.OfferID != a.OfferID {
				w.t.Errorf("answer %+v was never given", sent)
				continue
			}
			offer := relay{sent.Infohash, a.To, sent.OfferID, in.conn}
			if w.offers[offer]--; w.offers[offer] < 0 {
				w.t.Errorf("answer %+v to an offer that its socket was not handed", sent)
			}
		}
	}
	if in.close {
		w.owed[in.conn] = 0
	}
	for c, n := range relayed {
		if n > 2+int(in.wait/relayEvery) {
			w.t.Errorf("conn %d was handed %d offers after %v", c, n, in.wait)
		}
	}
}

func (w *watch) answered(c Conn) {
	if w.owed[c]--; w.owed[c] < 0 {
		w.t.Errorf("conn %d was answered more often than it announced", c)
	}
}

// checkInside checks that what the tracker keeps is bounded and fits together.
func checkInside(t *testing.T, tr *Tracker, now time.Time) {
	members, waiting, empty := 0, 0, 0
	if len(tr.swarms) > tr.config.MaxSwarms {
		t.Errorf("%d swarms", len(tr.swarms))
	}
	for _, s := range tr.swarms {
		members += len(s.peers)
		if len(s.peers) > tr.config.MaxPeers || len(s.peers) != s.seeders.size+s.leechers.size {
			t.Errorf("swarm of %d peers: %d seeders, %d leechers", len(s.peers), s.seeders.size, s.leechers.size)
		}
		if len(s.peers) == 0 {
			empty++
		}
		for _, p := range s.peers {
			waiting += p.waiting
			net := s.half(p.complete).byName[p.conn.net]
			if net == nil || net != p.network || net != s.half(p.complete).networks[net.index] || net.peers[p.index] != p || p.waiting > tr.config.MaxOffers || !now.Before(tr.expiry(p)) {
				t.Errorf("peer %+v", p)
			}
		}
	}
	if members != tr.peers.Len() || empty != tr.empty.Len() || waiting > tr.offers.order.Len()+tr.waiting || len(tr.offers.byKey) != tr.offers.order.Len() {
		t.Errorf("%d members and %d in order; %d empty and %d in order; %d offers wait of %d and %d", members, tr.peers.Len(),
			empty, tr.empty.Len(), waiting, tr.offers.order.Len(), len(tr.offers.byKey))
	}
	queued := 0
	for c, conn := range tr.conns {
		queued += conn.relays.waiting()
		if n := conn.relays.waiting(); n > maxWaiting || n > 0 != slices.Contains(tr.crowded, conn) {
			t.Errorf("conn %d: %d offers wait for it", c, n)
		}
		infohashes, ids := map[[20]byte]bool{}, map[[20]byte]bool{}
		for _, p := range conn.peers {
			infohashes[p.swarm.infohash], ids[p.id] = true, true
		}
		if len(infohashes) > tr.config.MaxJoined || len(ids) > tr.config.MaxIDs || len(conn.takeovers) > tr.config.MaxJoined || conn.handle != c {
			t.Errorf("conn %d is in %d swarms as %d peers and waits for %d", c, len(infohashes), len(ids), len(conn.takeovers))
		}
	}
	if queued != tr.waiting {
		t.Errorf("%d offers wait, of which %d are known", queued, tr.waiting)
	}
}

// TestPickIsFair counts who is handed the offers of many announces.
func TestPickIsFair(t *testing.T) {
	tr := New(Config{Rand: rand.New(rand.NewPCG(1, 1)), MaxOffers: 1 << 30, MaxIDs: 100, RelayBurst: 1 << 30})
	now := time.Unix(0, 0)
	for i := range 40 {
		left := float64(i % 2)
		tr.Receive(now, 1, &announce.Announce{Infohash: name("X"), PeerID: name(fmt.Sprint("p", i)), Left: left})
	}
	take(tr)
	const rounds = 4000
	got := map[Conn]int{}
	for i := range Conn(39) { // each peer on a socket of its own, to be told apart
		tr.swarms[name("X")].peers[name(fmt.Sprint("p", i))].conn = tr.conn(100 + i)
	}
	for range rounds {
		tr.Receive(now, 1, &announce.Announce{Infohash: name("X"), PeerID: name("p39"), Left: 1, Offers: make([]announce.Offer, 4)})
		seen := map[Conn]bool{}
		for _, e := range take(tr) {
			if s, ok := e.(Send); ok {
				if _, ok := s.Message.(*announce.RelayedOffer); ok {
					if seen[s.Conn] {
						t.Fatal("one peer was handed two offers of one announce")
					}
					seen[s.Conn] = true
					got[s.Conn]++
				}
			}
		}
	}
	for i := range Conn(39) { // 20 seeders and 19 leechers share two offers a round each
		if n := got[100+i]; n < rounds/14 || n > rounds/7 {
			t.Errorf("peer %d was handed %d of %d offers", i, n, 4*rounds)
		}
	}
}

// TestNetworksAreMetAlike has 40 seeders on one network and one on each of four others: each network is met as often as any other.
func TestNetworksAreMetAlike(t *testing.T) {
	const rounds, crowd = 4000, 40
	tr, now := New(Config{Rand: rand.New(rand.NewPCG(1, 2)), MaxOffers: 1 << 30, RelayBurst: 1 << 30}), time.Unix(0, 0)
	got := map[Conn]int{}
	for i := range Conn(crowd + 4) {
		tr.Place(10+i, fmt.Sprint("N", max(i, crowd-1)))
		tr.Receive(now, 10+i, &announce.Announce{Infohash: name("X"), PeerID: name(fmt.Sprint("p", i))})
	}
	for range rounds {
		tr.Receive(now, 1, &announce.Announce{Infohash: name("X"), PeerID: name("leecher"), Left: 1, Offers: make([]announce.Offer, 1)})
		for _, e := range take(tr) {
			if s, ok := e.(Send); ok && s.Conn != 1 {
				got[s.Conn]++
			}
		}
	}
	together := 0
	for i := range Conn(crowd) {
		if n := got[10+i]; n < 2 {
			t.Errorf("seeder %d of the crowd was handed %d offers", i, n)
		}
		together += got[10+i]
	}
	for _, n := range []int{together, got[10+crowd], got[11+crowd], got[12+crowd], got[13+crowd]} {
		if n < rounds/6 || n > rounds/4 {
			t.Errorf("a network was handed %d of %d offers", n, rounds)
		}
	}
}

func TestFingerprints(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"v=0\r\na=setup:active\r\n", ""},
		{"v=0\r\na=fingerprint:sha-256 AA\r\nm=x\r\na=fingerprint:sha-256 BB", "a=fingerprint:sha-256 AA\r\na=fingerprint:sha-256 BB"},
		{"x a=fingerprint:sha-256 AA\r\n", ""},
	} {
		if got := fingerprints(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
	long := ""
	for range 100 {
		long += "a=fingerprint:sha-256 AA\r\n"
	}
	if got := fingerprints(long); got != "" {
		t.Errorf("kept %d bytes", len(got))
	}
}
