// Package swarm is the pure core of one torrent: what its peers have and want, which blocks to ask whom for, whom to choke, and what
// has been earned and is owed for it.
//
// It promises that the same inputs give the same effects in the same order, that a piece is announced only after it was verified and
// stored, that a byte is credited at most once and only when verified, and that whatever its peers send, memory stays bounded. A
// peer's fault is a Drop effect; a caller's fault is a panic. It never reads a clock, blocks, or touches a socket or a file.
package swarm

import (
	"math/rand/v2"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// Config is what a swarm starts from.
type Config struct {
	Infohash   [20]byte        // names the swarm; in version 2 alone, the beginning of InfohashV2
	InfohashV2 [32]byte        // zero in version 1 alone, and where it is not known
	PeerID     [20]byte        // ours, to tell a connection to ourselves and which of two connections to one peer to keep
	Info       *metainfo.Info  // nil for a magnet link
	InfoBytes  []byte          // the exact info dictionary; nil for a magnet link
	Layers     metainfo.Layers // piece layers that are known to be right (BEP 52)
	Have       wire.Bitfield   // pieces that are verified and stored; nil for none
	Rand       *rand.Rand
	Version    string // of the client, for the extended handshake
	Limits     Limits
	// Yields makes a seeder serve those alone whom others do not serve well: for a server's own copy, which costs somebody money.
	Yields bool
}

// Swarm is one torrent. Inputs say what happened and take the time; the effects that they cause must all be taken with Next before the
// next input. Peers that the swarm does not know any more may still appear in inputs, which are then ignored.
type Swarm struct {
	cfg    Config
	limits Limits
	rand   *rand.Rand
	now    time.Time // of the input that is being handled

	stopped bool
	full    bool // the store refused a piece: nothing is fetched until Start
	held    bool // nothing is fetched until Hold says so
	stirred bool // peers may find blocks to ask for that they did not find before
	freed   bool // an upload slot became free

	info      *metainfo.Info
	infoBytes []byte
	have      wire.Bitfield
	selected  wire.Bitfield // pieces that are to be fetched; nil for all
	left      int           // pieces that we lack
	due       int           // of those, the selected ones
	length    int64         // bytes of all pieces
	leftBytes int64         // of the pieces that we lack
	padding   []uint32      // bytes at the end of each piece that are zeros and not asked for; nil if there are none (BEP 47)
	hashes

	peers    []*peer // in the order in which they opened
	byHandle map[Peer]*peer

	rarity     rarity
	webseeds   int // of the peers
	spreading  spreading
	preferred  []run    // the newest first
	active     []*piece // by index; nil: not being fetched
	spare      []*piece
	loose      []*piece // have blocks to be asked for, and no peer that does
	solo       wire.Bitfield
	buffered   int // pieces in active
	verifying  int // of those, being hashed or stored
	generation uint32

	nextTick, nextRechoke, nextOptimistic time.Time
	sampled                               time.Time // rates, last
	traded, delivered                     float64   // bytes a second of late: of those that are no seeders, and of those that are no webseeds
	replaced                              time.Time // a peer was named to make way, last
	optimistic                            *peer
	ranked                                []*peer

	describing   bool  // an info dictionary is being checked
	describer    *peer // who gave it; nil when it has gone
	fetchStarted time.Time

	early  []earlyTicket
	checks []*earning // whose receipts are being checked; their peers may have gone

	total totals

	effects  []Effect
	taken    int
	payloads []byte
}

// New returns a swarm that runs and has no peers. It panics when c.Have does not fit c.Info.
func New(c Config) *Swarm {
	s := &Swarm{cfg: c, limits: c.Limits.orDefault(), rand: c.Rand, byHandle: make(map[Peer]*peer)}
	if c.Info != nil {
		s.describe(c.Info, c.InfoBytes, c.Have)
	}
	return s
}

// describe takes the metadata. have may be nil.
func (s *Swarm) describe(info *metainfo.Info, infoBytes []byte, have wire.Bitfield) {
	n := info.NumPieces()
	if have == nil {
		have = wire.NewBitfield(n)
	}
	if !have.Valid(n) {
		panic("swarm: the bitfield does not fit the torrent")
	}
	s.info, s.infoBytes = info, infoBytes
	s.checkSelection(n)
	s.have = have.Clone()
	s.left = n - have.Count()
	s.active = make([]*piece, n)
	s.solo = wire.NewBitfield(n)
	s.rarity.reset(n)
	s.measurePadding()
	for i := range n {
		s.length += int64(s.dataSize(i))
		if !have.Has(i) {
			s.leftBytes += int64(s.dataSize(i))
		}
		if s.lacks(i) {
			s.due++
			s.rarity.add(s.rand, i)
		}
	}
	s.plant(s.cfg.Layers)
}

// begin opens an input.
func (s *Swarm) begin(now time.Time) {
	if s.taken < len(s.effects) {
		panic("swarm: an input before the effects of the last one were taken")
	}
	s.effects, s.taken, s.payloads = s.effects[:0], 0, s.payloads[:0]
	if now.After(s.now) {
		s.now = now
	}
}

// end closes an input: what one peer let go, others may take.
func (s *Swarm) end() {
	if s.freed {
		s.freed = false
		s.fillSlots()
	}
	if s.hashes.stirred {
		s.hashes.stirred = false
		s.askHashes()
	}
	if s.stirred {
		s.stirred = false
		for _, p := range s.peers {
			s.fill(p)
		}
	}
}

// pieces returns how many pieces there are; 0 before the metadata is known.
func (s *Swarm) pieces() int { return len(s.active) }

// complete tells whether we have every piece.
func (s *Swarm) complete() bool { return s.info != nil && s.left == 0 }

// downloading tells whether we may ask for pieces.
func (s *Swarm) downloading() bool { return s.due > 0 && !s.stopped && !s.full && !s.held }

// Bitfield returns a copy of the pieces that are verified and stored; nil before the metadata is known.
func (s *Swarm) Bitfield() wire.Bitfield { return s.have.Clone() }

// Stop ends all exchange: unsigned bytes are paid, then every peer is dropped, within leaveWithin. Pieces that are not whole are
// discarded.
func (s *Swarm) Stop(now time.Time) {
	s.begin(now)
	s.stopped = true
	for _, p := range s.all() {
		s.leave(p, Stopped)
	}
	s.discardPartial()
	s.end()
}

// Start lets peers be opened again after Stop, and pieces be fetched again after the store refused one.
func (s *Swarm) Start(now time.Time) {
	s.begin(now)
	s.stopped, s.full = false, false
	s.updateInterests()
	s.stirred = true
	s.end()
}

// Tick does what is due. It may be called at any time.
func (s *Swarm) Tick(now time.Time) {
	s.begin(now)
	if !s.now.Before(s.nextTick) {
		s.tick()
		s.nextTick = s.now.Add(tickEvery)
	}
	s.end()
}

func (s *Swarm) tick() {
	s.sampleRates()
	for _, p := range s.all() {
		s.watch(p)
	}
	s.watchAudits()
	s.yield()
	s.rechokeWhenDue()
	s.fetchMetadata()
	s.stirred, s.hashes.stirred = true, true
}

// Deadline says when Tick is due; the zero time for never.
func (s *Swarm) Deadline() time.Time {
	if len(s.peers) == 0 {
		return time.Time{}
	}
	return s.nextTick
}
