package hub

import (
	"context"
	"crypto/rand"
	"maps"
	"sync"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/proof"
	"fanseed/signal/socket"
	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
)

// Torrents gives the .torrent of a work that is listed. It is called off the loop, and may block.
type Torrents interface {
	Torrent(ctx context.Context, infohash [20]byte) ([]byte, error)
}

// Proofs says how often seeders are challenged, and for how much. A zero field means its default.
type Proofs struct {
	Epoch    time.Duration // 24 h
	PerEpoch int           // challenges of a work, at random moments of as many parts of the epoch; 4, and 1 in version 1
	Leaves   int           // of each; 8, which with 4 challenges are 32 leaves, or half a MiB, a day
	Rate     int64         // bytes a second that all answers may bring, on average; 4 MiB
}

func (p Proofs) withDefaults() Proofs {
	if p.Epoch == 0 {
		p.Epoch = 24 * time.Hour
	}
	if p.PerEpoch == 0 {
		p.PerEpoch = 4
	}
	if p.Leaves == 0 {
		p.Leaves = 8
	}
	if p.Rate == 0 {
		p.Rate = 4 << 20
	}
	return p
}

// The rules of challenges. Besides three round trips and a moment, an answer has the time that a phone needs: to upload at a quarter of a
// megabit a second, which is also what the sockets' rate leaves to proofs beside everything else, and to read and hash the pieces.
const (
	answerSlack = 2 * time.Second
	uploadRate  = 32 << 10 // bytes a second
	readRate    = 16 << 20 // bytes a second
	longestRTT  = 2 * time.Second

	leastWindow = 10 * time.Second
	soon        = 10 * time.Minute // in which a work is first challenged that nobody has seeded lately
	maxKnown    = 20_000           // accounts of which it is known when a work was last asked of them
	maxOpen     = 4                // challenges of one client; with more open it is not asked
	groupBytes  = 32 << 20         // that those who are asked at the same moment may answer; the others of a larger swarm follow
	maxTorrents = 8                // that are remembered
)

// proofs are the challenges. Sockets check blocks on their own goroutines, so what they use is behind mu.
type proofs struct {
	config Proofs
	works  map[[20]byte]*challenged // seeded lately
	due    agenda[appointment]      // of them
	open   agenda[*challenge]       // by their deadlines
	round  *round                   // that is being asked; nil when none is
	busy   bool                     // a torrent is being loaded
	free   time.Time                // when the rate allows more
	lastID uint64
	cache  []*listed // by the one job that loads, the latest last

	mu    sync.Mutex
	asked map[uint64]*asked // by socket
}

// challenged is a work that is seeded.
type challenged struct {
	due   time.Time              // of the next challenge of all
	extra bool                   // one of those who have come lately is due before
	epoch uint32                 // of the last challenge of all …
	ever  bool                   // … if there was one
	asked map[[16]byte]time.Time // accounts
}

// appointment is when a work is challenged: all who seed it, or only those who were not asked for as long as an epoch.
type appointment struct {
	infohash [20]byte
	extra    bool
}

// listed is a torrent with its parts.
type listed struct {
	infohash [20]byte
	torrent  *metainfo.Torrent
	parts    *proof.Parts
}

// round is one challenge of all who seed a work.
type round struct {
	*listed
	count int
	done  map[[16]byte]bool // accounts that were asked
	extra bool
}

// challenge is what one client was asked.
type challenge struct {
	id       uint64
	socket   uint64
	account  [16]byte
	infohash [20]byte
	epoch    uint32
	spot     *spot // nil: it was asked as a seeder
	bytes    int64

	mu    sync.Mutex
	check *proof.Check
	over  bool // what comes now is late
}

// asked is what a socket may send proofs for.
type asked struct {
	open  []*challenge
	spare int // blocks of challenges that are over: they may be on their way
}

func newProofs(c Proofs) *proofs {
	c = c.withDefaults()
	p := &proofs{config: c, works: map[[20]byte]*challenged{}, asked: map[uint64]*asked{}}
	var random [6]byte
	rand.Read(random[:]) // ids of one run are not those of the next: an answer that comes late is nobody else's
	for _, b := range random {
		p.lastID = p.lastID<<8 | uint64(b)
	}
	return p
}

// seen notes that an account seeds a listed work. Who was not asked lately is asked soon: he may not be there for long.
func (p *proofs) seen(h *Hub, account [16]byte, infohash [20]byte) {
	if h.config.Torrents == nil {
		return
	}
	at, w := h.now.Add(h.within(min(soon, p.window()))), p.works[infohash]
	switch {
	case w == nil:
		p.works[infohash] = &challenged{due: at, asked: map[[16]byte]time.Time{}}
		p.due.add(at, appointment{infohash, false})
	case !w.extra && w.due.Sub(h.now) > soon && !p.lately(w, account, h.now):
		w.extra = true
		p.due.add(at, appointment{infohash, true})
	}
}

// lately says whether an account was asked within the length of an epoch, or cannot be remembered.
func (p *proofs) lately(w *challenged, account [16]byte, now time.Time) bool {
	at, known := w.asked[account]
	return known && now.Sub(at) < p.config.Epoch || !known && len(w.asked) >= maxKnown
}

// window is the part of an epoch in which each work is challenged once; an epoch that is shorter than a trial's has fewer challenges.
func (p *proofs) window() time.Duration {
	return max(p.config.Epoch/time.Duration(p.config.PerEpoch), leastWindow)
}

// later returns a random moment of the next window.
func (p *proofs) later(h *Hub) time.Time {
	window := p.window().Milliseconds()
	return time.UnixMilli((h.now.UnixMilli()/window + 1) * window).Add(h.within(p.window()))
}

// dispatchProofs ends the challenges whose time is over, and goes on with the round, or begins a spot check or the next round, when the rate allows.
func (h *Hub) dispatchProofs(ctx context.Context) {
	p := h.proofs
	for c, ok := p.open.take(h.now); ok; c, ok = p.open.take(h.now) {
		h.endChallenge(c)
	}
	for !p.busy && !h.now.Before(p.free) {
		if p.round != nil {
			h.askSeeders()
			continue
		}
		if s, ok := h.spots.due.take(h.now); ok {
			h.beginSpot(ctx, s)
			continue
		}
		at, ok := p.due.take(h.now)
		if !ok {
			return
		}
		h.beginRound(ctx, at)
	}
}

func (h *Hub) proofsDue() time.Time {
	p := h.proofs
	next := earlier(p.due.due(), h.spots.due.due())
	if p.round != nil {
		next = p.free
	} else if next.Before(p.free) && !next.IsZero() {
		next = p.free
	}
	if p.busy {
		next = time.Time{}
	}
	return earlier(p.open.due(), next)
}

// beginRound loads the torrent of a work that somebody seeds, and forgets one that nobody does.
func (h *Hub) beginRound(ctx context.Context, at appointment) {
	p, w := h.proofs, h.proofs.works[at.infohash]
	if w == nil {
		return // forgotten before an extra challenge
	}
	_, ok := h.config.Works.Work(at.infohash)
	ok = ok && len(h.tracker.Seeders(at.infohash)) > 0
	switch {
	case at.extra:
		w.extra = false
	case ok:
		w.due = p.later(h)
		p.due.add(w.due, at)
		maps.DeleteFunc(w.asked, func(account [16]byte, _ time.Time) bool { return !p.lately(w, account, h.now) })
	default:
		delete(p.works, at.infohash)
	}
	if !ok {
		return
	}
	h.withTorrent(ctx, at.infohash, "no challenge", func(l *listed) { h.loaded(l, at.extra) })
}

// withTorrent loads a torrent off the loop, and goes on with it there. No other challenge begins meanwhile.
func (h *Hub) withTorrent(ctx context.Context, infohash [20]byte, otherwise string, then func(*listed)) {
	p := h.proofs
	p.busy = true
	h.desk.start(ctx, nil, func(ctx context.Context) func() {
		l, err := p.load(ctx, h.config.Torrents, infohash)
		return func() {
			p.busy = false
			if err != nil {
				h.log.Error(otherwise, "doing", "read torrent", "err", err)
				return
			}
			then(l)
		}
	})
}

// loaded begins a round, but for a second one of all in an epoch where answers are large.
func (h *Hub) loaded(l *listed, extra bool) {
	p := h.proofs
	w, epoch := p.works[l.infohash], h.config.Epoch(h.now)
	count := proof.Count(l.torrent.Info, p.config.Leaves)
	if w == nil || count == 0 || !extra && w.ever && w.epoch == epoch && !l.torrent.Info.HasV2() {
		return
	}
	if !extra {
		w.ever, w.epoch = true, epoch
	}
	p.round = &round{l, count, map[[16]byte]bool{}, extra}
}

// load returns a torrent, which is remembered for a while. One job at a time may call it.
func (p *proofs) load(ctx context.Context, from Torrents, infohash [20]byte) (*listed, error) {
	for _, l := range p.cache {
		if l.infohash == infohash {
			return l, nil
		}
	}
	b, err := from.Torrent(ctx, infohash)
	if err != nil {
		return nil, err
	}
	t, err := metainfo.Parse(b)
	if err != nil {
		return nil, err
	}
	l := &listed{infohash, t, proof.NewParts(t.Info)}
	p.cache = append(p.cache[max(0, len(p.cache)+1-maxTorrents):], l)
	return l, nil
}

// askSeeders challenges as many of the round's seeders at the same moment as may answer at the same time, each account once; the round is over
// when all were asked. Who is asked first is random.
func (h *Hub) askSeeders() {
	p := h.proofs
	r := p.round
	seeders := h.tracker.Seeders(r.infohash)
	h.config.Rand.Shuffle(len(seeders), func(i, j int) { seeders[i], seeders[j] = seeders[j], seeders[i] })
	bytes := int64(0)
	for _, handle := range seeders {
		c := h.clients[handle]
		if !c.loggedIn || h.config.Uncredited[c.account] || r.done[c.account] {
			continue
		}
		if bytes >= groupBytes {
			p.pace(h.now, bytes)
			return
		}
		r.done[c.account] = true
		if w := p.works[r.infohash]; w != nil {
			if r.extra && p.lately(w, c.account, h.now) {
				continue
			}
			if _, known := w.asked[c.account]; known || len(w.asked) < maxKnown {
				w.asked[c.account] = h.now
			}
		}
		bytes += h.challenge(c, r, nil)
	}
	p.pace(h.now, bytes)
	p.round = nil
}

// pace keeps the rate.
func (p *proofs) pace(now time.Time, bytes int64) {
	if p.free.Before(now) {
		p.free = now
	}
	p.free = p.free.Add(time.Duration(float64(bytes) / float64(p.config.Rate) * float64(time.Second)))
}

// challenge asks one client, as a seeder or for a spot check, and returns the bytes that it may answer.
func (h *Hub) challenge(c *client, r *round, s *spot) int64 {
	p := h.proofs
	ask := proof.Challenge{PublicKey: c.publicKey, Infohash: r.infohash, Count: r.count}
	rand.Read(ask.Nonce[:])
	p.lastID++
	ch := &challenge{
		id: p.lastID, socket: c.socket.ID(), account: c.account, infohash: r.infohash, epoch: h.config.Epoch(h.now),
		spot: s, bytes: r.bytes(), check: proof.NewCheck(r.torrent, r.parts, ask),
	}
	waiting, ok := p.put(ch)
	if !ok {
		return 0
	}
	allowed := r.allowed(c.pinging.rtt, waiting)
	p.open.add(h.now.Add(allowed), ch)
	c.send(&announce.Challenge{ID: ch.id, Infohash: r.infohash, Nonce: ask.Nonce, Count: r.count, Deadline: uint64(allowed.Milliseconds())})
	return ch.bytes
}

// bytes is how much an answer has, without the paths.
func (r *round) bytes() int64 {
	if r.torrent.Info.HasV2() {
		return int64(r.count) * merkle.LeafSize
	}
	return int64(r.count) * r.torrent.Info.PieceLength
}

// allowed is the time for an answer of a client that has so many bytes to answer.
func (r *round) allowed(rtt time.Duration, bytes int64) time.Duration {
	if rtt == 0 || rtt > longestRTT {
		rtt = longestRTT
	}
	read := int64(r.count) * r.torrent.Info.PieceLength
	return 3*rtt + answerSlack + time.Duration(bytes)*time.Second/uploadRate + time.Duration(read)*time.Second/readRate
}

// put opens a challenge, unless its socket has too many, and returns the bytes of all that its socket has open.
func (p *proofs) put(ch *challenge) (bytes int64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.asked[ch.socket]
	if a == nil {
		a = &asked{}
		p.asked[ch.socket] = a
	}
	if len(a.open) >= maxOpen {
		return 0, false
	}
	a.open = append(a.open, ch)
	for _, other := range a.open {
		bytes += other.bytes
	}
	return bytes, true
}

// endChallenge tells how a challenge ended: that of a work that was taken down did not. One whose socket is gone ends at its deadline too.
func (h *Hub) endChallenge(c *challenge) {
	c.mu.Lock()
	c.over = true
	result := Proof{c.account, c.infohash, c.epoch, c.check.Asked(), c.check.Passed()}
	h.proofs.forget(c, c.check.Left())
	c.mu.Unlock()
	_, ok := h.config.Works.Work(c.infohash)
	if ok && c.spot != nil {
		h.spotted(c.spot, result.Asked, result.Passed)
		return
	}
	if told := &h.seeding.untold; ok && len(told.Proofs) < maxUntold {
		told.Proofs = append(told.Proofs, result)
	}
}

// forget closes a challenge of which so many blocks may still come.
func (p *proofs) forget(c *challenge, left int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.asked[c.socket]
	if a == nil {
		return
	}
	for i, open := range a.open {
		if open == c {
			a.open = append(a.open[:i], a.open[i+1:]...)
			a.spare += left
			return
		}
	}
}

// leave forgets a socket that is gone.
func (p *proofs) leave(c *client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.asked, c.socket.ID())
}

// proved checks a block, on the goroutine of the socket that it came on: who answers much is read slowly, and nobody else waits. A socket
// that sends what nobody asked it for is closed.
func (h *Hub) proved(s *socket.Conn, m *announce.Proof) {
	if !h.proofs.take(s.ID(), m) {
		s.Close(socket.PolicyViolation, "a proof that nobody asked for")
	}
}

func (p *proofs) take(s uint64, m *announce.Proof) bool {
	c := p.find(s, m.ID)
	if c != nil && c.take(m) {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.asked[s]
	if a == nil || a.spare == 0 {
		return false
	}
	a.spare--
	return true
}

func (p *proofs) find(s, id uint64) *challenge {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.asked[s]; a != nil {
		for _, c := range a.open {
			if c.id == id {
				return c
			}
		}
	}
	return nil
}

func (c *challenge) take(m *announce.Proof) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.over && c.check.Take(m.Index, m.Begin, m.Path, m.Block)
}
