package swarm

import (
	"math/rand/v2"
	"testing"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// bigInfo describes a torrent of so many pieces of 256 KiB. Nobody hashes them.
func bigInfo(pieces int) *metainfo.Info {
	const pieceLength = 256 << 10
	length := int64(pieces) * pieceLength
	return &metainfo.Info{
		Name: "big", PieceLength: pieceLength, Length: length, Single: true,
		Files: []metainfo.File{{Path: []string{"big"}, Length: length}}, Pieces: make([]byte, 20*pieces),
	}
}

// BenchmarkDownload measures what one block of 16 KiB costs a downloader, from its Received to the request for another, with hashing,
// storing, receipts and ticks in their places, in a torrent of 10,000 pieces from four seeders and four leechers that have half of it.
func BenchmarkDownload(b *testing.B) {
	info := bigInfo(10_000)
	block := make([]byte, BlockSize)
	b.ReportAllocs()
	b.SetBytes(BlockSize)
	var d *downloadBench
	for b.Loop() {
		if d == nil || d.s.left < 1000 {
			b.StopTimer()
			d = newDownloadBench(info)
			b.StartTimer()
		}
		d.step(block)
	}
}

type downloadBench struct {
	s        *Swarm
	now      time.Time
	requests [8]fifo[wire.Message]
	turn     int
	taken    []Effect
}

func newDownloadBench(info *metainfo.Info) *downloadBench {
	d := &downloadBench{now: epoch}
	d.s = New(Config{Info: info, InfoBytes: []byte("d"), Rand: rand.New(rand.NewPCG(1, 2)), Limits: Limits{Buffers: 256 << 20}})
	for p := range Peer(8) {
		d.s.Opened(d.now, p, wire.NewHandshake([20]byte{}, peerIDOf(p)))
		d.drain()
		m := wire.Message{Kind: wire.KindHaveAll}
		if p >= 4 {
			m = wire.Message{Kind: wire.KindBitfield, Data: halfOf(info.NumPieces(), int(p))}
		}
		d.receive(p, m)
		d.receive(p, wire.Message{Kind: wire.KindExtended, Data: wire.ExtendedHandshake{Receipt: 4}.Append(nil)})
		d.s.Ticketed(d.now, p, Ticket{Serial: [16]byte{byte(p)}, Limit: 1 << 40})
		d.drain()
		d.receive(p, wire.Message{Kind: wire.KindUnchoke})
	}
	return d
}

func halfOf(n, seed int) wire.Bitfield {
	rnd := rand.New(rand.NewPCG(uint64(seed), 0))
	b := wire.NewBitfield(n)
	for i := range n {
		if rnd.IntN(2) == 0 {
			b.Set(i)
		}
	}
	return b
}

func (d *downloadBench) receive(p Peer, m wire.Message) {
	d.s.Received(d.now, p, m)
	d.drain()
}

// step lets the next peer that was asked for something answer.
func (d *downloadBench) step(block []byte) {
	for d.requests[d.turn].len() == 0 {
		d.turn = (d.turn + 1) % 8
	}
	p := d.turn
	m := d.requests[p].all()[0]
	d.requests[p].remove(0)
	d.turn = (p + 1) % 8
	d.now = d.now.Add(50 * time.Microsecond)
	d.receive(Peer(p), wire.Message{Kind: wire.KindPiece, Index: m.Index, Begin: m.Begin, Data: block})
	if !d.now.Before(d.s.Deadline()) {
		d.s.Tick(d.now)
		d.drain()
	}
}

// drain takes the effects, and answers those that want an answer at once.
func (d *downloadBench) drain() {
	d.take()
	for len(d.taken) > 0 {
		e := d.taken[len(d.taken)-1]
		d.taken = d.taken[:len(d.taken)-1]
		d.answer(&e)
		d.take()
	}
}

func (d *downloadBench) take() {
	for {
		e, ok := d.s.Next()
		if !ok {
			return
		}
		switch e.Kind {
		case Send:
			if e.Message.Kind == wire.KindRequest {
				d.requests[e.Peer].push(e.Message)
			}
		case Hash, Store, Sign:
			d.taken = append(d.taken, e)
		}
	}
}

func (d *downloadBench) answer(e *Effect) {
	switch e.Kind {
	case Hash:
		d.s.Hashed(d.now, e.Index, true, nil)
	case Store:
		d.s.Stored(d.now, e.Index, nil)
	case Sign:
		d.s.Signed(d.now, e.Peer, e.Serial, e.Amount, [64]byte{})
	}
}

// A block costs next to no garbage: only what is once a piece, or once a receipt, is allocated.
func TestDownloadAllocations(t *testing.T) {
	d := newDownloadBench(bigInfo(2000))
	block := make([]byte, BlockSize)
	for range 2000 {
		d.step(block)
	}
	if got := testing.AllocsPerRun(8000, func() { d.step(block) }); got > 0.5 {
		t.Errorf("%v allocations a block", got)
	}
}

// BenchmarkUpload measures what one block costs an uploader, from the request to the block on its way.
func BenchmarkUpload(b *testing.B) {
	info := bigInfo(1000)
	have := wire.NewBitfield(1000)
	for i := range 1000 {
		have.Set(i)
	}
	s := New(Config{Info: info, InfoBytes: []byte("d"), Have: have, Rand: rand.New(rand.NewPCG(1, 2))})
	now := epoch
	drain := func() {
		for {
			if _, ok := s.Next(); !ok {
				return
			}
		}
	}
	s.Opened(now, 1, wire.NewHandshake([20]byte{}, peerIDOf(1)))
	drain()
	s.Received(now, 1, wire.Message{Kind: wire.KindInterested})
	drain()
	block := make([]byte, BlockSize)
	b.ReportAllocs()
	b.SetBytes(BlockSize)
	n := uint32(0)
	for b.Loop() {
		n++
		now = now.Add(time.Millisecond)
		index, begin := n/16%1000, n%16*BlockSize
		s.Received(now, 1, wire.Message{Kind: wire.KindRequest, Index: index, Begin: begin, Length: BlockSize})
		drain()
		s.Loaded(now, 1, int(index), begin, block, nil)
		drain()
		s.Drained(now, 1, 0)
		drain()
	}
}
