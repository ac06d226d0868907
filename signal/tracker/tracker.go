// Package tracker owns the swarms: who is in each, who is handed whose offer, and which answers are relayed.
//
// It is a state machine. Inputs say what happened and carry the time; effects say what to do, and are drained by Next before the
// next input. The same inputs give the same effects in the same order; randomness is handed in. It never does I/O, and never reads
// a clock. Everything that it keeps is bounded by its [Config].
//
// It follows the WebTorrent tracker protocol as stock clients speak it: see package announce for the messages.
package tracker

import (
	"container/list"
	"math/rand/v2"
	"slices"
	"time"

	"fanseed/signal/announce"
)

// Conn is one client's socket, a number that the caller chooses and never uses again.
type Conn uint64

// Config holds what a tracker needs. A zero number means its default.
type Config struct {
	Rand *rand.Rand
	// Allow says whether an infohash is tracked; nil tracks all.
	Allow func(infohash [20]byte) bool
	// Boosted says whether an infohash comes first: it is announced four times as often, and its offers are handed out before others where
	// they have to wait. Nil: none does.
	Boosted func(infohash [20]byte) bool

	Interval  time.Duration // between announces, ±10 %; 120 s
	MaxSwarms int           // 50,000; the longest empty one makes room
	MaxPeers  int           // in one swarm; 10,000
	MaxJoined int           // infohashes on one socket; 256: a tab may seed a hundred works
	MaxIDs    int           // peer ids on one socket; 4
	MaxOffers int           // offers of one peer that wait for their answers; 64
	// RelayBurst is how many offers a socket is handed at once; 24. After that it is eight a second.
	RelayBurst int
}

const (
	offerLifetime = 2 * time.Minute // of an offer that waits for its answer
	takeoverTime  = 5 * time.Second // for an old socket to answer a ping before its peer id is taken over
)

// Tracker is all swarms of one server. Not safe for concurrent use.
type Tracker struct {
	config  Config
	effects []Effect

	swarms    map[[20]byte]*swarm
	empty     *list.List // of *swarm, longest empty first
	conns     map[Conn]*conn
	peers     *list.List // of *peer, longest silent first
	offers    offers
	takeovers *list.List // of *takeover, oldest first
	crowded   []*conn    // for which offers wait
	waiting   int        // offers that wait to be handed out
}

// New returns a tracker without swarms.
func New(c Config) *Tracker {
	setDefault(&c.Interval, 2*time.Minute)
	setDefault(&c.MaxSwarms, 50_000)
	setDefault(&c.MaxPeers, 10_000)
	setDefault(&c.MaxJoined, 256)
	setDefault(&c.MaxIDs, 4)
	setDefault(&c.MaxOffers, 64)
	setDefault(&c.RelayBurst, 24)
	if c.Allow == nil {
		c.Allow = func([20]byte) bool { return true }
	}
	if c.Boosted == nil {
		c.Boosted = func([20]byte) bool { return false }
	}
	return &Tracker{
		config: c, swarms: map[[20]byte]*swarm{}, empty: list.New(), conns: map[Conn]*conn{},
		peers: list.New(), offers: newOffers(), takeovers: list.New(),
	}
}

func setDefault[N int | time.Duration](n *N, value N) {
	if *n == 0 {
		*n = value
	}
}

// Receive takes an *announce.Announce, *announce.Answer or *announce.Scrape from c.
func (t *Tracker) Receive(now time.Time, c Conn, m announce.ClientMessage) {
	switch m := m.(type) {
	case *announce.Announce:
		t.announce(now, c, m)
	case *announce.Answer:
		t.answer(c, m)
	case *announce.Scrape:
		t.scrape(c, m)
	default:
		panic("tracker: not a tracker's message")
	}
}

// Unlimit lets c's socket join as many swarms as it likes: it is one of the server's own.
func (t *Tracker) Unlimit(c Conn) { t.conn(c).unlimited = true }

// Place says in which network a client is: of the peers of one network no more are met than of another. Each socket is its own until then.
func (t *Tracker) Place(c Conn, net string) {
	conn := t.conn(c)
	for _, p := range conn.peers {
		p.swarm.half(p.complete).cut(p)
	}
	conn.net = net
	for _, p := range conn.peers {
		p.swarm.half(p.complete).add(p)
	}
}

// Closed says that c's socket is gone: its peers leave, and the peer ids that it waits for stay whose they are.
func (t *Tracker) Closed(now time.Time, c Conn) {
	conn := t.conns[c]
	if conn == nil {
		return
	}
	for len(conn.takeovers) > 0 {
		t.endTakeover(conn.takeovers[0].peer)
	}
	t.forgetRelays(conn)
	for len(conn.peers) > 0 {
		t.vacate(now, conn.peers[0])
	}
	delete(t.conns, c)
}

// Ponged says that c's socket answered a [Ping].
func (t *Tracker) Ponged(_ time.Time, c Conn) {
	if conn := t.conns[c]; conn != nil {
		for _, p := range conn.peers {
			t.refuseTakeover(p, refuseTaken)
		}
	}
}

// Tick lets pass what was due by now: offers that waited for their turn, silent peers, unanswered offers, unanswered pings.
func (t *Tracker) Tick(now time.Time) {
	t.relayDueNow(now)
	t.offers.expire(now)
	for next := front[*takeover](t.takeovers); next != nil && !now.Before(next.due); next = front[*takeover](t.takeovers) {
		t.vacate(now, next.peer)
	}
	for p := front[*peer](t.peers); p != nil && !now.Before(t.expiry(p)); p = front[*peer](t.peers) {
		t.vacate(now, p)
	}
}

// Deadline returns when Tick is due next; zero when nothing waits.
func (t *Tracker) Deadline() (due time.Time) {
	if p := front[*peer](t.peers); p != nil {
		due = t.expiry(p)
	}
	if next := front[*takeover](t.takeovers); next != nil && next.due.Before(due) {
		due = next.due
	}
	if o := t.offers.oldest(); o != nil && (due.IsZero() || o.due.Before(due)) {
		due = o.due
	}
	for _, c := range t.crowded {
		if next := t.relayDue(&c.relays); due.IsZero() || next.Before(due) {
			due = next
		}
	}
	return due
}

// Revoke removes an infohash's swarm and gives a [Removed] for every socket that was in it. Allow must refuse the infohash from now on.
func (t *Tracker) Revoke(now time.Time, infohash [20]byte) {
	s := t.swarms[infohash]
	if s == nil {
		return
	}
	for _, p := range slices.AppendSeq(slices.Collect(s.seeders.all()), s.leechers.all()) {
		t.refuseTakeover(p, refuseUntracked)
		t.remove(p)
		t.emit(Removed{p.conn.handle, infohash, p.id})
	}
	t.forget(s)
}

// Counts returns the seeders and leechers in a swarm, and how many have said that they completed it.
func (t *Tracker) Counts(infohash [20]byte) (complete, incomplete, downloaded int) {
	s := t.swarms[infohash]
	if s == nil {
		return 0, 0, 0
	}
	return s.seeders.size, s.leechers.size, s.downloaded
}

// Introduced returns how many answers were relayed in a swarm, as long as it is remembered.
func (t *Tracker) Introduced(infohash [20]byte) int {
	if s := t.swarms[infohash]; s != nil {
		return s.introduced
	}
	return 0
}

// Joined says whether c's socket is in a swarm.
func (t *Tracker) Joined(c Conn, infohash [20]byte) bool {
	conn := t.conns[c]
	return conn != nil && slices.ContainsFunc(conn.peers, func(p *peer) bool { return p.swarm.infohash == infohash })
}

// expiry is when a peer that stays silent leaves.
func (t *Tracker) expiry(p *peer) time.Time { return p.heard.Add(5 * t.config.Interval / 2) }

// front returns a list's first value, the zero T when there is none.
func front[T any](l *list.List) (first T) {
	if e := l.Front(); e != nil {
		return e.Value.(T)
	}
	return first
}
