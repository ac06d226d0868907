package hub

import (
	"context"
	"crypto/rand"
	"time"

	"fanseed/signal/announce"
)

// Seeding is told what accounts have seeded. Stayed may block. It is called off the loop, one at a time, and takes all of what it is told or
// fails and has taken none of it, as far as it knows: the same is told again then, under the same id.
type Seeding interface {
	Stayed(ctx context.Context, told Told) error
}

// Told is what accounts have seeded and proved since the last time.
type Told struct {
	ID      [16]byte
	Minutes []Minute
	Proofs  []Proof
}

func (t *Told) size() int { return len(t.Minutes) + len(t.Proofs) }

// Minute says that an account seeded all of a work for a minute.
type Minute struct {
	Account  [16]byte
	Infohash [20]byte
	Net      string // that it counts as, as for tickets; to be damped by, not to be told
	Epoch    uint32
	Minutes  int // 1
}

// Proof says how many of the leaves or pieces that an account was asked for have passed.
type Proof struct {
	Account       [16]byte
	Infohash      [20]byte
	Epoch         uint32 // in which it was asked
	Asked, Passed int
}

// The rules of seeding time. A ping comes at a moment of each minute that nobody can know. The first one comes a minute after the login on
// average, and no account is counted more than a minute for each minute, so that coming back earns nothing more than staying.
const (
	pingEvery   = time.Minute
	pingJitter  = 12 * time.Second
	firstPing   = 24 * time.Second // at the earliest, and a minute later at the latest, without the jitter
	minuteEarly = 20 * time.Second // by which one minute may follow another too soon: later ones make up for it
)

// How Seeding is told.
const (
	flushEvery = 5 * time.Second
	flushTime  = 5 * time.Second // for a call, also when the end of the loop finds it running
	maxUntold  = 200_000         // minutes, and as many proofs, that wait while it fails; what comes then is lost
)

// seeding is what the loop knows of the time that clients seed.
type seeding struct {
	pings agenda[*client]

	lately, before map[seededBy]time.Time // by when an account's last minute of a work will be over; before are the older ones
	turned         time.Time              // when lately was begun

	untold   Told // since the last time
	telling  Told // until it is taken
	flush    time.Time
	flushing bool
}

type seededBy struct {
	account  [16]byte
	infohash [20]byte
}

// pinging is what is known of one client.
type pinging struct {
	minute  time.Time // from which the next ping is at most the jitter away
	nonce   [16]byte
	sent    time.Time
	waiting bool          // for the pong
	rtt     time.Duration // 0 until the first pong
}

func newSeeding() seeding {
	return seeding{lately: map[seededBy]time.Time{}, before: map[seededBy]time.Time{}}
}

// seeds begins to ask a client that has logged in.
func (h *Hub) seeds(c *client) {
	if h.config.Seeding == nil || h.config.Uncredited[c.account] {
		return
	}
	c.pinging.minute = h.now.Add(firstPing + h.within(pingEvery))
	h.seeding.pings.add(c.pinging.minute.Add(h.within(pingJitter)), c)
}

// within returns a random time from 0 to just below d.
func (h *Hub) within(d time.Duration) time.Duration {
	return time.Duration(h.config.Rand.Int64N(int64(max(d, 1))))
}

// dispatchSeeding does what was due by now: pings, challenges, and telling of them.
func (h *Hub) dispatchSeeding(ctx context.Context) {
	if h.config.Seeding == nil {
		return
	}
	for c, ok := h.seeding.pings.take(h.now); ok; c, ok = h.seeding.pings.take(h.now) {
		if h.clients[c.handle] == c {
			h.ping(c)
		}
	}
	h.dispatchProofs(ctx)
	h.dispatchFlush(ctx)
}

// seedingDue returns when dispatchSeeding has something to do; zero when nothing waits.
func (h *Hub) seedingDue() time.Time {
	due := earlier(h.seeding.pings.due(), h.proofsDue())
	if s := &h.seeding; !s.flushing && s.untold.size()+s.telling.size() > 0 {
		due = earlier(due, s.flush)
	}
	return due
}

// ping asks a client that seeds something whether it is there. What it seeds is challenged some time.
func (h *Hub) ping(c *client) {
	p := &c.pinging
	p.minute = p.minute.Add(pingEvery)
	h.seeding.pings.add(p.minute.Add(h.within(pingJitter)), c)
	p.waiting = false
	for _, infohash := range h.tracker.Seeding(c.handle) {
		if _, listed := h.config.Works.Work(infohash); listed {
			p.waiting = true
			h.proofs.seen(h, c.account, infohash)
		}
	}
	if p.waiting {
		rand.Read(p.nonce[:])
		p.sent = h.now
		c.send(&announce.Ping{Nonce: p.nonce})
	}
}

// pinged counts a minute for everything that the client seeds when it answers its last ping for the first time.
func (h *Hub) pinged(c *client, m *announce.Pong) {
	p := &c.pinging
	if !p.waiting || m.Nonce != p.nonce {
		return
	}
	p.waiting = false
	p.rtt = max(h.now.Sub(p.sent), 1)
	for _, infohash := range h.tracker.Seeding(c.handle) {
		_, listed := h.config.Works.Work(infohash)
		if listed && len(h.seeding.untold.Minutes) < maxUntold && h.seeding.counts(h.now, seededBy{c.account, infohash}) {
			h.seeding.untold.Minutes = append(h.seeding.untold.Minutes, Minute{c.account, infohash, c.net, h.config.Epoch(h.now), 1})
		}
	}
}

// counts says whether another minute of an account may count, and notes it: however many sockets it has, they are one a minute.
func (s *seeding) counts(now time.Time, who seededBy) bool {
	if now.Sub(s.turned) > 2*pingEvery { // longer than any minute that was noted
		s.lately, s.before, s.turned = map[seededBy]time.Time{}, s.lately, now
	}
	over, ok := s.lately[who]
	if !ok {
		over = s.before[who]
	}
	if over.Sub(now) > minuteEarly {
		return false
	}
	if over.Before(now) {
		over = now
	}
	s.lately[who] = over.Add(pingEvery)
	return true
}

// dispatchFlush tells what was counted since the last time.
func (h *Hub) dispatchFlush(ctx context.Context) {
	s := &h.seeding
	if s.flushing || s.untold.size()+s.telling.size() == 0 || h.now.Before(s.flush) {
		return
	}
	told := s.next()
	s.flushing = true
	h.desk.start(ctx, nil, func(ctx context.Context) func() {
		err := h.tell(ctx, told)
		return func() {
			s.flushing, s.flush = false, h.now.Add(flushEvery)
			if err == nil {
				s.telling = Told{}
			}
		}
	})
}

// next returns what is to be told: what failed before as it was, since it may have been taken.
func (s *seeding) next() Told {
	if s.telling.size() == 0 {
		s.telling, s.untold = s.untold, Told{}
		rand.Read(s.telling.ID[:])
	}
	return s.telling
}

// tell hands over minutes and proofs, also when the loop is at its end.
func (h *Hub) tell(ctx context.Context, told Told) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	err := h.config.Seeding.Stayed(ctx, told)
	if err != nil {
		h.log.Error("ledger failed", "doing", "count minutes and proofs", "minutes", len(told.Minutes), "proofs", len(told.Proofs), "err", err)
	}
	return err
}

// tellLast tells what is left when the loop has ended and none of its jobs runs.
func (h *Hub) tellLast(ctx context.Context) {
	for h.config.Seeding != nil && h.seeding.untold.size()+h.seeding.telling.size() > 0 {
		if h.tell(ctx, h.seeding.next()) != nil {
			return
		}
		h.seeding.telling = Told{}
	}
}
