package swarm

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"math/rand/v2"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// epoch is when every test begins.
var epoch = time.Unix(1_700_000_000, 0)

// work is the content of a torrent.
type work struct {
	info      *metainfo.Info
	infoBytes []byte
	infohash  [20]byte
	content   []byte
}

// newWork makes a torrent of the given size with content that seed decides.
func newWork(seed uint64, length, pieceLength int) work {
	content := make([]byte, length)
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = source.Read(content)
	info := &metainfo.Info{
		Name: "work", PieceLength: int64(pieceLength), Length: int64(length), Single: true,
		Files: []metainfo.File{{Path: []string{"work"}, Length: int64(length)}},
	}
	for at := 0; at < length; at += pieceLength {
		hash := sha1.Sum(content[at:min(at+pieceLength, length)])
		info.Pieces = append(info.Pieces, hash[:]...)
	}
	b := info.Bytes()
	return work{info, b, sha1.Sum(b), content}
}

// block returns a copy of some of the content.
func (w work) block(index int, begin, length uint32) []byte {
	at := int64(index)*w.info.PieceLength + int64(begin)
	return append([]byte{}, w.content[at:at+int64(length)]...)
}

// caller keeps a swarm's side of the bargain, and checks that the swarm keeps its own: effects name only open peers and pieces that
// exist, buffers are written before they are hashed, hashed before they are stored, and announced after that.
type caller struct {
	fail    func(format string, args ...any)
	s       *Swarm
	work    work
	open    map[Peer]bool
	buffers map[int]*buffer
	have    wire.Bitfield
	signed  map[ticketOf]uint64
	most    int // buffers at a time, ever
	dropped map[Peer]Reason
}

// ticketOf names a ticket: serials are one peer's own.
type ticketOf struct {
	peer   Peer
	serial [16]byte
}

// buffer is a piece as a caller puts it together.
type buffer struct {
	bytes   []byte
	written map[uint32]bool
	state   EffectKind // Write, Hash or Store
	good    bool       // has the right hash
}

func newCaller(w work, c Config, fail func(string, ...any)) *caller {
	c.Infohash = w.infohash
	k := &caller{
		fail: fail, s: New(c), work: w, open: map[Peer]bool{}, buffers: map[int]*buffer{},
		have: wire.NewBitfield(w.info.NumPieces()), signed: map[ticketOf]uint64{}, dropped: map[Peer]Reason{},
	}
	if c.Have != nil {
		k.have = c.Have.Clone()
	}
	return k
}

// effects takes all effects, checks them, and returns them with copies of what was lent. The swarm's own memory is not poisoned, what was
// lent to it is: lent is overwritten.
func (k *caller) effects(lent []byte) []Effect {
	var all []Effect
	for {
		e, ok := k.s.Next()
		if !ok {
			break
		}
		k.check(e)
		e.Message.Data = append([]byte{}, e.Message.Data...)
		e.Block = append([]byte{}, e.Block...)
		all = append(all, e)
	}
	for len(lent) > 0 {
		lent = lent[copy(lent, poison):]
	}
	return all
}

var poison = bytes.Repeat([]byte{0xDB}, BlockSize)

func (k *caller) check(e Effect) {
	switch e.Kind {
	case Send, Load, Sign, InfoReady:
		k.require(k.open[e.Peer], e, "for a peer that is not open")
	case Drop:
		k.require(k.open[e.Peer], e, "of a peer that is not open")
		delete(k.open, e.Peer)
		k.dropped[e.Peer] = e.Reason
	}
	switch e.Kind {
	case Send:
		k.checkMessage(e)
	case Write:
		k.write(e)
	case Hash:
		b := k.buffers[e.Index]
		k.require(b != nil && b.state == Write, e, "of what was not written")
		size := uint32(k.work.info.PieceSize(e.Index))
		for begin := uint32(0); begin < size; begin += BlockSize {
			k.require(b.written[begin], e, "of a piece that is not whole")
		}
		b.state = Hash
	case Store:
		k.require(k.buffers[e.Index].state == Hash, e, "of what was not hashed")
		k.buffers[e.Index].state = Store
	case Discard:
		b := k.buffers[e.Index]
		k.require(b != nil && b.state != Store, e, "of no buffer")
		delete(k.buffers, e.Index)
	case Load:
		k.require(k.have.Has(e.Index), e, "of a piece that is not there")
		k.require(int64(e.Begin)+int64(e.Length) <= k.work.info.PieceSize(e.Index), e, "beyond the piece")
	case Sign:
		t := ticketOf{e.Peer, e.Serial}
		k.require(e.Amount > k.signed[t], e, "of no more than before")
		k.signed[t] = e.Amount
	case Have:
		k.require(k.have.Has(e.Index), e, "of a piece that was not stored")
	case Complete:
		k.require(k.have.Full(k.work.info.NumPieces()), e, "with pieces missing")
	}
}

func (k *caller) require(ok bool, e Effect, what string) {
	if !ok {
		k.fail("%v %s: %+v", e.Kind, what, e)
	}
}

func (k *caller) checkMessage(e Effect) {
	m := e.Message
	switch m.Kind {
	case wire.KindRequest:
		size := k.work.info.PieceSize(int(m.Index))
		k.require(m.Begin%BlockSize == 0 && int64(m.Length) == min(BlockSize, size-int64(m.Begin)), e, "for no block")
		k.require(!k.have.Has(int(m.Index)), e, "for what is there")
	case wire.KindHave:
		k.require(k.have.Has(int(m.Index)), e, "that is not true")
	case wire.KindBitfield:
		k.require(string(m.Data) == string(k.have), e, "that is not true")
	}
}

func (k *caller) write(e Effect) {
	b := k.buffers[e.Index]
	if b == nil {
		b = &buffer{bytes: make([]byte, k.work.info.PieceSize(e.Index)), written: map[uint32]bool{}, state: Write}
		k.buffers[e.Index] = b
		k.most = max(k.most, len(k.buffers))
	}
	k.require(b.state == Write && !k.have.Has(e.Index), e, "to a piece that is whole")
	k.require(!b.written[e.Begin], e, "of a block twice")
	k.require(int(e.Begin)+len(e.Block) <= len(b.bytes), e, "beyond the piece")
	b.written[e.Begin] = true
	copy(b.bytes[e.Begin:], e.Block)
}

// hash hashes the buffer.
func (k *caller) hash(index int) bool {
	b := k.buffers[index]
	b.good = sha1.Sum(b.bytes) == k.work.info.Hash(index)
	return b.good
}

// store makes a piece durable, before Stored is called.
func (k *caller) store(index int) {
	if !k.buffers[index].good {
		k.fail("store of a bad piece %d", index)
	}
	delete(k.buffers, index)
	k.have.Set(index)
}

// handshakeOf is what a peer of the given id sends.
func handshakeOf(w work, id Peer, fast, extended bool) wire.Handshake {
	h := wire.NewHandshake(w.infohash, peerIDOf(id))
	if !fast {
		h.Reserved[7] = 0
	}
	if !extended {
		h.Reserved[5] = 0
	}
	return h
}

func peerIDOf(id Peer) (peerID [20]byte) {
	copy(peerID[:], fmt.Sprintf("-XX0000-%012d", id))
	return peerID
}
