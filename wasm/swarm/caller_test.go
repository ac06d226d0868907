package swarm

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"fanseed/wasm/merkle"
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
	content   []byte // with the padding

	infohashV2 [32]byte
	layers     metainfo.Layers
	memory     *memory
	contradict bool // the SHA-1 of piece 0 is another's
}

// memory keeps what was hashed once, as fuzzing asks for it again and again.
type memory struct {
	leaves map[int][]byte
	trees  map[[32]byte][][][32]byte // by pieces root, from the leaves up
}

func newMemory() *memory { return &memory{map[int][]byte{}, map[[32]byte][][][32]byte{}} }

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
	return work{info: info, infoBytes: b, infohash: sha1.Sum(b), content: content, memory: newMemory()}
}

// newHybrid makes a torrent of both versions with files of the given sizes, and newV2 one of version 2 alone.
func newHybrid(seed uint64, pieceLength int, sizes ...int) work {
	return newTree(seed, pieceLength, true, sizes)
}

func newV2(seed uint64, pieceLength int, sizes ...int) work {
	return newTree(seed, pieceLength, false, sizes)
}

func newTree(seed uint64, pieceLength int, hybrid bool, sizes []int) work {
	info := &metainfo.Info{Name: "work", PieceLength: int64(pieceLength)}
	for n, size := range sizes {
		info.Files = append(info.Files, metainfo.File{Path: []string{fmt.Sprintf("%03d", n)}, Length: int64(size)})
	}
	info.Files, _ = metainfo.Arrange(info.Files, info.PieceLength)
	last := info.Files[len(info.Files)-1]
	info.Length = last.Offset + last.Length
	content := make([]byte, info.Length)
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 2})
	for _, f := range info.Files {
		if !f.Padding {
			_, _ = source.Read(content[f.Offset : f.Offset+f.Length])
		}
	}
	w := work{info: info, content: content, memory: newMemory()}
	info.MetaVersion = 2
	var roots []byte
	for i := range int((info.Length + info.PieceLength - 1) / info.PieceLength) {
		begin := i * pieceLength
		root := info.PieceRoot(i, merkle.AppendLeaves(nil, content[begin:begin+int(w.dataSize(i))]))
		roots = append(roots, root[:]...)
		if hybrid {
			hash := sha1.Sum(content[begin:min(begin+pieceLength, len(content))])
			info.Pieces = append(info.Pieces, hash[:]...)
		}
	}
	w.layers = info.SetRoots(roots)
	t := metainfo.New(info)
	w.infoBytes, w.infohash, w.infohashV2 = t.InfoBytes, t.Infohash, t.InfohashV2
	return w
}

// newPadded makes a torrent of version 1 with padding between its files.
func newPadded(seed uint64, pieceLength int, sizes ...int) work {
	w := newHybrid(seed, pieceLength, sizes...)
	info := *w.info
	info.MetaVersion = 0
	info.Files = append([]metainfo.File{}, info.Files...)
	for n := range info.Files {
		info.Files[n].Root = merkle.Hash{}
	}
	t := metainfo.New(&info)
	return work{info: &info, infoBytes: t.InfoBytes, infohash: t.Infohash, content: w.content, memory: newMemory()}
}

// torrent is what a caller makes of the info dictionary that comes from peers.
func (w work) torrent() *metainfo.Torrent { return metainfo.Describe(w.info, w.infoBytes) }

// dataSize returns the bytes of a piece without the padding at its end.
func (w work) dataSize(index int) int64 {
	begin := int64(index) * w.info.PieceLength
	end := min(begin+w.info.PieceLength, w.info.Length)
	for _, f := range w.info.Files {
		if f.Padding && f.Offset > begin && f.Offset < end && f.Offset+f.Length >= end {
			end = f.Offset
		}
	}
	return end - begin
}

// leaves returns the hashes of a piece's leaves; nil in version 1 alone.
func (w work) leaves(index int) []byte {
	if !w.info.HasV2() {
		return nil
	}
	if w.memory.leaves[index] == nil {
		w.memory.leaves[index] = merkle.AppendLeaves(nil, w.block(index, 0, uint32(w.dataSize(index))))
	}
	return bytes.Clone(w.memory.leaves[index])
}

// tree returns every layer of a file's tree, from the leaves up to the root.
func (w work) tree(root [32]byte) [][][32]byte {
	if w.memory.trees[root] != nil {
		return w.memory.trees[root]
	}
	file := slices.IndexFunc(w.info.Files, func(f metainfo.File) bool { return f.Root == root && f.Length > 0 && !f.Padding })
	f := w.info.Files[file]
	layer := [][32]byte{}
	for leaf := range slices.Chunk(w.content[f.Offset:f.Offset+f.Length], BlockSize) {
		layer = append(layer, sha256.Sum256(leaf))
	}
	for len(layer)&(len(layer)-1) != 0 {
		layer = append(layer, [32]byte{})
	}
	layers := [][][32]byte{layer}
	for len(layer) > 1 {
		above := [][32]byte{}
		for n := 0; n < len(layer); n += 2 {
			above = append(above, sha256.Sum256(append(layer[n][:], layer[n+1][:]...)))
		}
		layer = above
		layers = append(layers, layer)
	}
	w.memory.trees[root] = layers
	return layers
}

// hashes returns what a peer must answer to a hash request: the range, its hashes, and the proof.
func (w work) hashes(r wire.HashRange) (payload []byte) {
	payload = r.Append(nil)
	at, length := int(r.Index), int(r.Length)
	for height, layer := range w.tree(r.Root) {
		switch {
		case height < int(r.Base):
			continue
		case height == int(r.Base):
			payload = append(payload, slices.Concat(collect(layer[at:at+length])...)...)
		case length == 1 && height <= int(r.Base+r.Proof):
			payload = append(payload, layer[at^1][:]...)
		}
		at, length = at/2, max(1, length/2)
	}
	return payload
}

func collect(layer [][32]byte) (all [][]byte) {
	for n := range layer {
		all = append(all, layer[n][:])
	}
	return all
}

// block returns a copy of some of the content.
func (w work) block(index int, begin, length uint32) []byte {
	at := int64(index)*w.info.PieceLength + int64(begin)
	return append([]byte{}, w.content[at:at+int64(length)]...)
}

// caller keeps a swarm's side of the bargain, and checks that the swarm keeps its own: effects name only open peers and pieces that
// exist, buffers are written before they are hashed, hashed before they are stored, and announced after that.
type caller struct {
	selected wire.Bitfield // nil for all
	fail     func(format string, args ...any)
	s        *Swarm
	work     work
	open     map[Peer]bool
	buffers  map[int]*buffer
	have     wire.Bitfield
	found    wire.Bitfield // put in the store by somebody else, and perhaps not announced yet
	signed   map[ticketOf]uint64
	most     int // buffers at a time, ever
	dropped  map[Peer]Reason
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
	if c.Info != nil {
		c.InfohashV2 = w.infohashV2
	}
	k := &caller{
		fail: fail, s: New(c), work: w, open: map[Peer]bool{}, buffers: map[int]*buffer{},
		have: wire.NewBitfield(w.info.NumPieces()), found: wire.NewBitfield(w.info.NumPieces()), signed: map[ticketOf]uint64{}, dropped: map[Peer]Reason{},
	}
	if c.Have != nil {
		k.have = c.Have.Clone()
	}
	return k
}

// effects takes all effects, checks them, and returns them with copies of what was lent, but for blocks that were written. The swarm's own memory is not poisoned, what was
// lent to it is: lent is overwritten.
func (k *caller) effects(lent []byte) []Effect {
	var all []Effect
	for {
		e, ok := k.s.Next()
		if !ok {
			break
		}
		k.check(e)
		e.Message.Data = bytes.Clone(e.Message.Data)
		if e.Kind != Write {
			e.Block = bytes.Clone(e.Block)
		}
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
		size := uint32(k.work.dataSize(e.Index))
		k.require(e.Length == 0 || e.Length == size && k.work.info.HasV2(), e, "of another length")
		for begin := uint32(0); begin < size; begin += BlockSize {
			k.require(b.written[begin], e, "of a piece that is not whole")
		}
		b.state = Hash
	case LoadLeaves:
		k.require(k.have.Has(e.Index) && int64(e.Length) == k.work.dataSize(e.Index), e, "of a piece that is not there")
	case Broken:
		k.require(k.work.info.HasV1() && k.work.info.HasV2(), e, "of a torrent of one version")
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
		if k.found.Has(e.Index) {
			k.have.Set(e.Index)
		}
		k.require(k.have.Has(e.Index), e, "of a piece that was not stored")
	case Complete:
		for i := range k.work.info.NumPieces() {
			k.require(k.have.Has(i) || k.selected != nil && !k.selected.Has(i), e, "with pieces missing")
		}
	}
}

// choose selects pieces.
func (k *caller) choose(now time.Time, selected wire.Bitfield) {
	k.selected = selected
	k.s.Select(now, selected)
}

// find has somebody else put a piece in the store, and lose has it deleted or spoilt there.
func (k *caller) find(now time.Time, index int) {
	k.found.Set(index)
	k.s.Found(now, index)
}

func (k *caller) lose(now time.Time, index int) {
	k.found.Clear(index)
	k.have.Clear(index)
	k.s.Lost(now, index)
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
		size := k.work.dataSize(int(m.Index))
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
	k.reopen(e.Index, b)
	k.require(b.state == Write && !k.have.Has(e.Index), e, "to a piece that is whole")
	k.require(!b.written[e.Begin], e, "of a block twice")
	k.require(int(e.Begin)+len(e.Block) <= len(b.bytes), e, "beyond the piece")
	b.written[e.Begin] = true
	copy(b.bytes[e.Begin:], e.Block)
}

// reopen lets the wrong blocks of a piece that was hashed be written again, if the torrent has the hashes to tell which they are.
func (k *caller) reopen(index int, b *buffer) {
	if b.state != Hash || b.good || !k.work.info.HasV2() {
		return
	}
	b.state = Write
	for begin := range b.written {
		end := min(int(begin)+BlockSize, len(b.bytes))
		right := k.work.block(index, begin, uint32(end)-begin)
		b.written[begin] = bytes.Equal(right, b.bytes[begin:end])
	}
}

// hash hashes the buffer, also leaf by leaf if that is wanted. Bytes that are the content's have its hashes.
func (k *caller) hash(e Effect) (good bool, leaves []byte) {
	b := k.buffers[e.Index]
	right := bytes.Equal(b.bytes, k.work.content[int64(e.Index)*k.work.info.PieceLength:][:len(b.bytes)])
	b.good = right && !(k.work.contradict && e.Index == 0)
	switch {
	case e.Length > 0 && right:
		leaves = k.work.leaves(e.Index)
	case e.Length > 0:
		leaves = merkle.AppendLeaves(nil, b.bytes[:e.Length])
	}
	return b.good || !k.work.info.HasV1(), leaves
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
	if w.info.HasV2() {
		h = h.WithV2()
	}
	return h
}

func peerIDOf(id Peer) (peerID [20]byte) {
	copy(peerID[:], fmt.Sprintf("-XX0000-%012d", id))
	return peerID
}
