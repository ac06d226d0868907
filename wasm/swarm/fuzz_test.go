package swarm

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"fanseed/wasm/wire"
)

// FuzzSwarm lets up to four peers say anything, and the caller answer in any order. Nothing may panic, every effect must be allowed, the
// counts must stay right and memory bounded.
func FuzzSwarm(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(randomInputs(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { exercise(t, data[:min(len(data), 600)]) })
}

// TestRandomInputs does the same for some random bytes.
func TestRandomInputs(t *testing.T) {
	for seed := range seeds(2000) {
		exercise(t, randomInputs(seed))
	}
}

func randomInputs(seed uint64) []byte {
	rnd := rand.New(rand.NewPCG(seed, 2))
	b := make([]byte, 600)
	for i := range b {
		b[i] = byte(rnd.Uint32())
		if rnd.IntN(3) == 0 {
			b[i] %= 20
		}
	}
	return b
}

// checkEvery is after how many inputs everything is recounted.
const checkEvery = 64

// exercise recounts now and then, as that takes far longer than the inputs. If something is wrong, the same inputs are played again to tell
// after which it was.
func exercise(t *testing.T, data []byte) {
	sound := true
	play(t, data, checkEvery, func(string, ...any) { sound = false })
	if !sound {
		play(t, data, 1, t.Fatalf)
		t.Fatal("a fault that does not come back")
	}
}

func play(t *testing.T, data []byte, every int, fail func(string, ...any)) {
	z := newFuzzer(t, data)
	for n := 1; len(z.data) > 0; n++ {
		z.step()
		if n%every == 0 || len(z.data) == 0 {
			checkInvariants(z.k.s, fail)
		}
		z.checkBounds()
	}
}

// fuzzed are the torrents that are fuzzed with: five pieces of 64 KiB.
var fuzzed = sync.OnceValue(func() []work {
	return []work{
		newWork(3, 300_000, 64<<10), newHybrid(3, 64<<10, 150_000, 5000, 60_000), newV2(3, 64<<10, 150_000, 5000, 60_000),
		newPadded(3, 64<<10, 150_000, 5000, 60_000),
	}
})

// fuzzer reads inputs from bytes. Small numbers stand for what an honest peer does, so that peers live long enough to meet the rest.
type fuzzer struct {
	t        *testing.T
	data     []byte
	k        *caller
	now      time.Time
	handles  Peer
	jobs     []Effect // that want an answer
	requests []Effect // that peers have not answered
}

func newFuzzer(t *testing.T, data []byte) *fuzzer {
	z := &fuzzer{t: t, data: data, now: epoch}
	kind := z.byte()
	w := fuzzed()[kind>>1&3]
	c := Config{Rand: rand.New(rand.NewPCG(1, 1)), PeerID: [20]byte{'-'}, Limits: Limits{UploadSlots: 2, Buffers: 200_000}, Yields: kind&16 != 0}
	if kind&1 == 0 {
		c.Info, c.InfoBytes = w.info, w.infoBytes
		c.Have = wire.Bitfield{z.byte() & 0xf8}
		if kind&8 == 0 {
			c.Layers = w.layers
		}
	}
	z.k = newCaller(w, c, t.Fatalf)
	return z
}

func (z *fuzzer) byte() byte {
	if len(z.data) == 0 {
		return 0
	}
	b := z.data[0]
	z.data = z.data[1:]
	return b
}

func (z *fuzzer) below(n int) int { return int(z.byte()) % n }

// rarely is true for few bytes.
func (z *fuzzer) rarely() bool { return z.byte() > 250 }

// peer returns one of the newest handles, open or not.
func (z *fuzzer) peer() Peer { return z.handles - min(z.handles, Peer(z.below(4))) }

func (z *fuzzer) step() {
	switch z.below(20) {
	case 0:
		if len(z.k.open) < 4 || z.rarely() {
			z.open()
		}
	case 1:
		if z.rarely() {
			p := z.peer()
			delete(z.k.open, p)
			z.k.s.Closed(z.now, p)
			z.take(nil)
		}
	case 2:
		z.now = z.now.Add(time.Duration(z.byte()) * 100 * time.Millisecond)
		z.k.s.Tick(z.now)
		z.take(nil)
	case 3:
		t := Ticket{Serial: [16]byte{1 + z.byte()&3}, Upload: z.byte()&1 == 0, Limit: uint64(z.byte()) << 12}
		z.k.s.Ticketed(z.now, z.peer(), t)
		z.take(nil)
	case 4:
		z.k.s.Drained(z.now, z.peer(), int(z.byte())<<10)
		z.take(nil)
	case 5:
		switch what := z.byte(); {
		case what > 250:
			z.k.s.Stop(z.now)
		case what > 240:
			z.openWebseed()
		case what > 235:
			z.k.s.LeastUseful(z.now)
		case what > 210:
			z.choose()
		case what > 200 && z.k.s.info != nil:
			z.k.find(z.now, z.below(z.k.work.info.NumPieces()))
		case what > 190 && z.k.s.info != nil:
			z.k.lose(z.now, z.below(z.k.work.info.NumPieces()))
		case what > 128:
			z.k.s.Prefer(z.now, z.below(7)-1, z.below(7))
		default:
			z.k.s.Start(z.now)
		}
		z.take(nil)
	case 6, 7, 8, 9, 10:
		for range 1 + z.below(8) {
			z.answer()
		}
	case 11, 12, 13, 14:
		for range 1 + z.below(8) {
			z.give()
		}
	default:
		z.receive(z.peer(), z.message())
	}
}

// choose selects some of the pieces, or all.
func (z *fuzzer) choose() {
	n := z.k.work.info.NumPieces()
	if z.rarely() || z.k.s.info == nil {
		z.k.choose(z.now, nil)
		return
	}
	selected := wire.NewBitfield(n)
	for bits, i := z.byte(), 0; i < n; i++ {
		if bits>>(i%8)&1 == 1 {
			selected.Set(i)
		}
	}
	z.k.choose(z.now, selected)
}

// open opens a peer and lets it greet.
func (z *fuzzer) open() {
	z.handles++
	p, flags := z.handles, z.byte()
	z.k.open[p] = true
	h := handshakeOf(z.k.work, Peer(flags>>3), flags&3 != 3, flags&5 != 5)
	if flags&6 == 6 {
		h.Reserved[7] &^= 0x10
	}
	z.k.s.Opened(z.now, p, h)
	z.take(nil)
	switch has := wire.Bitfield([]byte{z.byte() & 0xf8}); {
	case has.Full(5) && h.Fast():
		z.receive(p, wire.Message{Kind: wire.KindHaveAll})
	default:
		z.receive(p, wire.Message{Kind: wire.KindBitfield, Data: has})
	}
	if h.Extended() {
		shake := wire.ExtendedHandshake{Metadata: 3, Receipt: 4, MetadataSize: len(z.k.work.infoBytes)}
		z.receive(p, wire.Message{Kind: wire.KindExtended, Data: shake.Append(nil)})
	}
}

func (z *fuzzer) openWebseed() {
	z.handles++
	z.k.open[z.handles] = true
	z.k.s.OpenedWebseed(z.now, z.handles)
}

func (z *fuzzer) receive(p Peer, m wire.Message) {
	z.k.s.Received(z.now, p, m)
	z.take(m.Data)
}

// give lets a peer answer a request or a cancel, mostly well.
func (z *fuzzer) give() {
	if len(z.requests) == 0 {
		return
	}
	n := z.below(min(len(z.requests), 8))
	e := z.requests[n]
	z.requests = append(z.requests[:n], z.requests[n+1:]...)
	m := e.Message
	switch {
	case m.Kind == wire.KindHashRequest:
		z.giveHashes(&m)
	case z.byte() > 230:
		m.Kind = wire.KindReject
	default:
		m.Kind, m.Data = wire.KindPiece, z.k.work.block(int(m.Index), m.Begin, m.Length)
	}
	if z.byte() > 240 && len(m.Data) > 0 {
		m.Data[0] ^= 1
	}
	z.receive(e.Peer, m)
}

// giveHashes answers a hash request.
func (z *fuzzer) giveHashes(m *wire.Message) {
	m.Kind = wire.KindHashReject
	if r, err := wire.ParseHashRange(m.Data); err == nil && z.byte() < 200 {
		m.Kind, m.Data = wire.KindHashes, z.k.work.hashes(r)
	}
}

// take checks the effects, and keeps those that want an answer.
func (z *fuzzer) take(lent []byte) {
	all := z.k.effects(lent)
	if len(all) > 10_000 {
		z.t.Fatalf("%d effects of one input", len(all))
	}
	for _, e := range all {
		switch e.Kind {
		case Hash, Store, Load, LoadLeaves, InfoReady, Sign, Check:
			z.jobs = append(z.jobs, e)
		case Send:
			if e.Message.Kind == wire.KindRequest || e.Message.Kind == wire.KindHashRequest {
				z.requests = append(z.requests, e)
			}
		}
	}
}

// answer answers any of the open jobs.
func (z *fuzzer) answer() {
	if len(z.jobs) == 0 {
		return
	}
	n := z.below(len(z.jobs))
	e := z.jobs[n]
	z.jobs = append(z.jobs[:n], z.jobs[n+1:]...)
	s := z.k.s
	var lent []byte
	switch e.Kind {
	case Hash:
		ok, leaves := z.k.hash(e)
		s.Hashed(z.now, e.Index, ok, leaves)
		lent = leaves
	case Store:
		if z.rarely() {
			delete(z.k.buffers, e.Index)
			s.Stored(z.now, e.Index, errors.New("full"))
		} else {
			z.k.store(e.Index)
			s.Stored(z.now, e.Index, nil)
		}
	case Load:
		lent = z.k.work.block(e.Index, e.Begin, e.Length)
		s.Loaded(z.now, e.Peer, e.Index, e.Begin, lent, nil)
	case LoadLeaves:
		lent = z.k.work.leaves(e.Index)
		var err error
		if z.rarely() {
			err = errors.New("cannot read")
		}
		s.LeavesLoaded(z.now, e.Index, lent, err)
	case InfoReady:
		if string(e.Block) == string(z.k.work.infoBytes) {
			s.Described(z.now, z.k.work.torrent())
		} else {
			s.Described(z.now, nil)
		}
	case Sign:
		s.Signed(z.now, e.Peer, e.Serial, e.Amount, good)
	case Check:
		s.Checked(z.now, e.Peer, e.Serial, e.Amount, z.byte() < 240)
	}
	z.take(lent)
}

// message reads a message that is mostly allowed.
func (z *fuzzer) message() wire.Message {
	kinds := []wire.Kind{
		wire.KindChoke, wire.KindUnchoke, wire.KindUnchoke, wire.KindUnchoke, wire.KindInterested, wire.KindInterested,
		wire.KindNotInterested, wire.KindHave, wire.KindRequest, wire.KindRequest, wire.KindRequest, wire.KindCancel, wire.KindPort,
		wire.KindSuggest, wire.KindAllowedFast, wire.KindExtended, wire.KindExtended, wire.KindExtended, wire.KindKeepAlive,
		wire.KindHashRequest, wire.KindHashRequest, wire.KindHashReject,
	}
	if z.rarely() {
		kinds = []wire.Kind{wire.KindBitfield, wire.KindPiece, wire.KindHaveAll, wire.KindHaveNone, wire.KindReject, wire.KindHashes}
	}
	m := wire.Message{Kind: kinds[z.below(len(kinds))]}
	switch m.Kind {
	case wire.KindExtended:
		z.extended(&m)
		return m
	case wire.KindHashRequest, wire.KindHashes, wire.KindHashReject:
		z.hashes(&m)
		return m
	}
	m.Index, m.Begin = uint32(z.below(5)), uint32(z.below(4))*BlockSize
	size := z.k.work.info.PieceSize(int(m.Index))
	m.Length = uint32(max(1, min(BlockSize, size-int64(m.Begin))))
	if z.rarely() {
		m.Index, m.Begin, m.Length = uint32(z.byte())<<24, uint32(z.byte())<<24, uint32(z.byte())<<24
	}
	if m.Kind == wire.KindPiece || m.Kind == wire.KindBitfield {
		m.Data = make([]byte, min(m.Length, 1<<16))
	}
	return m
}

// hashes reads a message of BEP 52 that is mostly of a tree that exists.
func (z *fuzzer) hashes(m *wire.Message) {
	files := z.k.work.info.Files
	r := wire.HashRange{
		Root: files[z.below(len(files))].Root, Base: uint32(z.below(4)), Length: 1 << z.below(4), Proof: uint32(z.below(5)),
	}
	r.Index = uint32(z.below(4)) * r.Length
	if z.rarely() {
		r.Base, r.Index, r.Length, r.Proof = uint32(z.byte())<<24, uint32(z.byte())<<24, uint32(z.byte())<<24, uint32(z.byte())<<24
	}
	m.Data = r.Append(nil)
	if m.Kind == wire.KindHashes {
		m.Data = append(m.Data, make([]byte, z.below(20)*wire.HashSize)...)
	}
}

func (z *fuzzer) extended(m *wire.Message) {
	m.Ext = uint8(z.below(3))
	info := z.k.work.infoBytes
	kind := z.byte()
	switch {
	case kind > 253:
		m.Data = append([]byte{}, z.data[:min(20, len(z.data))]...)
	case m.Ext == wire.ExtHandshake:
		size := len(info)
		if z.rarely() {
			size = int(z.byte()) << 16
		}
		m.Data = wire.ExtendedHandshake{Metadata: 3, Receipt: 4, MetadataSize: size, Reqq: z.below(40), UploadOnly: kind == 7}.Append(nil)
	case m.Ext == extMetadata:
		d := wire.Metadata{Type: wire.MetadataType(z.below(3)), Piece: int(kind) / 200}
		if d.Type == wire.MetadataData {
			d.TotalSize = len(info)
			d.Data = append([]byte{}, info[min(len(info), d.Piece*wire.MetadataPieceSize):]...)
			if kind%16 == 15 && len(d.Data) > 0 {
				d.Data[0] ^= 1
			}
		}
		m.Data = d.Append(nil)
	default:
		c := wire.Credit{
			Type: wire.CreditType(z.below(4)), Version: creditVersion, Serial: [16]byte{1 + kind&3}, Amount: uint64(z.byte()) << 8, Signature: good,
		}
		m.Data = c.Append(nil)
	}
}

func (z *fuzzer) checkBounds() {
	s := z.k.s
	if s.buffered > max(2, int(s.limits.Buffers>>16)) || len(z.k.buffers) > s.buffered {
		z.t.Fatalf("%d pieces and %d buffers in memory", s.buffered, len(z.k.buffers))
	}
	if len(s.early) > maxEarly {
		z.t.Fatalf("%d early tickets", len(s.early))
	}
	for _, p := range s.peers {
		if p.requests.len() > 2*s.limits.Reqq || p.queue.len() > queueFactor*s.limits.Reqq || len(p.loading) > maxLoading {
			z.t.Fatalf("peer %d: %d requests, %d queued, %d loading", p.id, p.requests.len(), p.queue.len(), len(p.loading))
		}
		if len(p.queries) > maxQueries || len(p.ranges) > maxRanges {
			z.t.Fatalf("peer %d: %d hash requests of ours, %d of its", p.id, len(p.queries), len(p.ranges))
		}
		if len(p.payments) > maxTickets || len(p.earnings) > maxTickets || len(p.greeted) > maxTickets {
			z.t.Fatalf("peer %d: too many tickets", p.id)
		}
		if len(p.allowed) > maxAdvice || len(p.suggested) > maxAdvice || len(p.earlyHaves) > maxEarlyBits/8 {
			z.t.Fatalf("peer %d: too much advice", p.id)
		}
	}
}
