package swarm

import (
	"fmt"
	"strings"

	"fanseed/wasm/wire"
)

// receive hands a message to the swarm that the script spells out.
func (s *script) receive(p Peer, words []string) {
	count := 1
	if n, ok := strings.CutPrefix(words[len(words)-1], "times="); ok {
		count, words = number(n), words[:len(words)-1]
	}
	for range count {
		for _, m := range s.messages(words) {
			s.k.s.Received(s.now, p, m)
			s.drain(m.Data)
		}
	}
}

var simpleMessages = map[string]wire.Kind{
	"choke": wire.KindChoke, "unchoke": wire.KindUnchoke, "interested": wire.KindInterested, "not-interested": wire.KindNotInterested,
	"have-all": wire.KindHaveAll, "have-none": wire.KindHaveNone, "keep-alive": wire.KindKeepAlive, "port": wire.KindPort,
}

var indexMessages = map[string]wire.Kind{"have": wire.KindHave, "suggest": wire.KindSuggest, "allowed-fast": wire.KindAllowedFast}

var blockMessages = map[string]wire.Kind{"request": wire.KindRequest, "cancel": wire.KindCancel, "reject": wire.KindReject}

func (s *script) messages(words []string) (all []wire.Message) {
	word, args := words[0], words[1:]
	if kind, ok := simpleMessages[word]; ok {
		return []wire.Message{{Kind: kind}}
	}
	if kind, ok := indexMessages[word]; ok {
		for _, a := range args {
			all = append(all, wire.Message{Kind: kind, Index: uint32(number(a))})
		}
		return all
	}
	if kind, ok := blockMessages[word]; ok {
		for _, a := range args {
			for _, m := range s.blocks(a) {
				m.Kind = kind
				all = append(all, m)
			}
		}
		return all
	}
	switch word {
	case "bitfield":
		return []wire.Message{{Kind: wire.KindBitfield, Data: s.bits(args[0], 0)}}
	case "piece":
		for _, m := range s.blocks(args[0]) {
			m.Kind, m.Data = wire.KindPiece, make([]byte, m.Length)
			all = append(all, m)
		}
		return all
	case "handshake":
		return []wire.Message{s.extendedHandshake(args)}
	case "metadata":
		return s.metadata(args)
	case "hash-request":
		return []wire.Message{{Kind: wire.KindHashRequest, Data: s.hashRange(args).Append(nil)}}
	case "hashes":
		return []wire.Message{{Kind: wire.KindHashes, Data: s.k.work.hashes(s.hashRange(args))}}
	case "hash-reject":
		return []wire.Message{{Kind: wire.KindHashReject, Data: s.hashRange(args).Append(nil)}}
	case "raw":
		return []wire.Message{{Kind: wire.KindExtended, Ext: uint8(number(args[0])), Data: []byte(args[1])}}
	}
	return []wire.Message{s.credit(word, args)}
}

// extendedHandshake spells an extended handshake with the ids that the harness uses, unless told otherwise.
func (s *script) extendedHandshake(args []string) wire.Message {
	o := s.options(args)
	h := wire.ExtendedHandshake{Metadata: 3, Receipt: 4, Reqq: o.number("reqq", 0)}
	if o["size"] == "right" {
		h.MetadataSize = len(s.k.work.infoBytes)
	} else {
		h.MetadataSize = o.size("size", 0)
	}
	if _, stock := o["stock"]; stock {
		h.Receipt = 0
	}
	_, h.UploadOnly = o["upload-only"]
	return wire.Message{Kind: wire.KindExtended, Data: h.Append(nil)}
}

// metadata spells "request 0", "reject 0", "data 0", "data 0 wrong", or "data 0 total=9".
func (s *script) metadata(args []string) []wire.Message {
	m := wire.Metadata{Piece: number(args[1])}
	o := s.options(args[2:])
	switch args[0] {
	case "request":
		m.Type = wire.MetadataRequest
	case "reject":
		m.Type = wire.MetadataReject
	case "data":
		m.Type = wire.MetadataData
		info := s.k.work.infoBytes
		begin := m.Piece * wire.MetadataPieceSize
		m.TotalSize = len(info)
		m.Data = append([]byte{}, info[begin:min(begin+wire.MetadataPieceSize, len(info))]...)
		if _, wrong := o["wrong"]; wrong {
			m.Data[0] ^= 1
		}
		if total := o.number("total", 0); total > 0 {
			m.TotalSize = total
			m.Data = make([]byte, min(total, wire.MetadataPieceSize))
		}
	}
	return []wire.Message{{Kind: wire.KindExtended, Ext: extMetadata, Data: m.Append(nil)}}
}

// credit spells "hello S", "receipt S 1MiB", "receipt S 1MiB forged", "more S", "bye S 1MiB".
func (s *script) credit(word string, args []string) wire.Message {
	c := wire.Credit{Serial: serial(args[0]), Signature: good}
	switch word {
	case "hello":
		c.Type, c.Version = wire.CreditHello, s.options(args).number("version", creditVersion)
	case "receipt":
		c.Type, c.Amount = wire.CreditReceipt, uint64(size(args[1]))
	case "more":
		c.Type = wire.CreditMore
	case "bye":
		c.Type, c.Why, c.Amount = wire.CreditBye, "test", uint64(size(args[1]))
	default:
		s.failf("no such message: %s", word)
	}
	if len(args) > 2 && args[2] == "forged" {
		c.Signature = bad
	}
	return wire.Message{Kind: wire.KindExtended, Ext: extReceipt, Data: c.Append(nil)}
}

// blocks reads "1:0", "1:0-7", or "1@5+16" for bytes that are no block of ours.
func (s *script) blocks(spec string) (all []wire.Message) {
	if piece, bytes, ok := strings.Cut(spec, "@"); ok {
		begin, length, _ := strings.Cut(bytes, "+")
		return []wire.Message{{Index: uint32(number(piece)), Begin: uint32(number(begin)), Length: uint32(size(length))}}
	}
	piece, blocks, _ := strings.Cut(spec, ":")
	first, last, ok := strings.Cut(blocks, "-")
	if !ok {
		last = first
	}
	for n := number(first); n <= number(last); n++ {
		begin := int64(n) * BlockSize
		length := min(BlockSize, max(0, s.k.work.dataSize(number(piece))-begin))
		all = append(all, wire.Message{Index: uint32(number(piece)), Begin: uint32(begin), Length: uint32(length)})
	}
	return all
}

// hashRange reads "file=0 layer=0 index=4 length=4 proof=1".
func (s *script) hashRange(args []string) wire.HashRange {
	o := s.options(args)
	r := wire.HashRange{
		Base: uint32(o.number("layer", 0)), Index: uint32(o.number("index", 0)),
		Length: uint32(o.number("length", 2)), Proof: uint32(o.number("proof", 0)),
	}
	for n, f := range s.k.work.info.Content() {
		if n == o.number("file", 0) {
			r.Root = f.Root
		}
	}
	return r
}

// answerHashes answers the oldest hash request of the swarm: with nothing more, well; "wrong", "unproven" or "reject" otherwise.
func (s *script) answerHashes(p Peer, how []string) {
	r := s.remotes[p]
	asked := r.hashes[0]
	r.hashes = r.hashes[1:]
	m := wire.Message{Kind: wire.KindHashes, Data: s.k.work.hashes(asked)}
	switch strings.Join(how, "") {
	case "wrong":
		m.Data[wire.HashRangeSize] ^= 1
	case "unproven":
		m.Data = m.Data[:len(m.Data)-wire.HashSize]
	case "reject":
		m.Kind, m.Data = wire.KindHashReject, m.Data[:wire.HashRangeSize]
	}
	s.k.s.Received(s.now, p, m)
	s.drain(m.Data)
}

// give answers the oldest requests of the swarm: "give 1 3" for three of them, "give 1 all", "give 1 all wrong", or "give 1 2:0-3" for
// certain ones.
func (s *script) give(p Peer, args []string) {
	wrong := len(args) > 1 && args[1] == "wrong"
	r := s.remotes[p]
	chosen := r.requests
	if strings.Contains(args[0], ":") {
		chosen = s.blocks(args[0])
	} else if args[0] != "all" {
		chosen = r.requests[:min(number(args[0]), len(r.requests))]
	}
	for _, m := range append([]wire.Message{}, chosen...) {
		if !s.k.open[p] {
			return
		}
		s.answerRequest(p, m, wrong)
	}
}

func (s *script) answerRequest(p Peer, m wire.Message, wrong bool) {
	r := s.remotes[p]
	for n, q := range r.requests {
		if q.Index == m.Index && q.Begin == m.Begin {
			r.requests = append(r.requests[:n], r.requests[n+1:]...)
			break
		}
	}
	data := s.k.work.block(int(m.Index), m.Begin, m.Length)
	if wrong {
		data[0] ^= 1
	}
	s.k.s.Received(s.now, p, wire.Message{Kind: wire.KindPiece, Index: m.Index, Begin: m.Begin, Data: data})
	s.drain(data)
}

// reject rejects so many requests of the swarm, the oldest first.
func (s *script) reject(p Peer, count int) {
	r := s.remotes[p]
	for range count {
		m := r.requests[0]
		r.requests = r.requests[1:]
		m.Kind = wire.KindReject
		s.k.s.Received(s.now, p, m)
		s.drain(nil)
	}
}

// printer writes effects as lines. Those that differ in their blocks alone share one line.
type printer struct {
	stamp string
	lines []string
	head  string // of the line that may grow
	piece uint32
	first int
	last  int
}

func (p *printer) flush() []string {
	p.close()
	return p.lines
}

func (p *printer) close() {
	if p.head == "" {
		return
	}
	blocks := fmt.Sprint(p.first)
	if p.last > p.first {
		blocks += fmt.Sprintf("-%d", p.last)
	}
	p.lines[len(p.lines)-1] += fmt.Sprintf(" %d:%s", p.piece, blocks)
	p.head = ""
}

func (p *printer) line(format string, args ...any) {
	p.close()
	p.lines = append(p.lines, "\t"+p.stamp+fmt.Sprintf(format, args...))
}

// block appends a block to the line that begins with head.
func (p *printer) block(head string, piece, begin, length uint32) {
	n := int(begin / BlockSize)
	if begin%BlockSize != 0 || length > BlockSize {
		p.line("%s %d@%d+%d", head, piece, begin, length)
		return
	}
	if p.head == head && p.piece == piece && p.last+1 == n {
		p.last = n
		return
	}
	same := p.head == head
	p.close()
	if !same {
		p.line("%s", head)
	}
	p.head, p.piece, p.first, p.last = head, piece, n, n
}

func (s *script) print(e Effect) {
	p := &s.printed
	switch e.Kind {
	case Send:
		s.printMessage(e.Peer, e.Message)
	case Write:
		p.block("write", uint32(e.Index), e.Begin, uint32(len(e.Block)))
	case Load:
		p.block(fmt.Sprintf("load %d", e.Peer), uint32(e.Index), e.Begin, e.Length)
	case Hash:
		p.line("%s", spellHash(e))
	case Store, Discard, Have:
		p.line("%v %d", e.Kind, e.Index)
	case Drop:
		p.line("drop %d: %s", e.Peer, e.Reason)
	case InfoReady:
		p.line("info ready from %d: %d bytes", e.Peer, len(e.Block))
	case Sign:
		p.line("sign %d %s %d", e.Peer, serialName(e.Serial), e.Amount)
	case Check:
		p.line("check %d %s %d", e.Peer, serialName(e.Serial), e.Amount)
	case Claim:
		p.line("claim %s %d", serialName(e.Serial), e.Amount)
	case Complete, LayersKnown:
		p.line("%v", e.Kind)
	case LoadLeaves:
		p.line("%v %d: %d bytes", e.Kind, e.Index, e.Length)
	case Broken:
		p.line("%v %d", e.Kind, e.Index)
	}
}

func spellHash(e Effect) string {
	if e.Length > 0 {
		return fmt.Sprintf("hash %d, and leaves of %d bytes", e.Index, e.Length)
	}
	return fmt.Sprintf("hash %d", e.Index)
}

// spellHashes spells a message of BEP 52.
func (s *script) spellHashes(m wire.Message) string {
	r, err := wire.ParseHashRange(m.Data[:wire.HashRangeSize])
	if err != nil {
		s.failf("%v", err)
	}
	file := "unknown"
	for n, f := range s.k.work.info.Content() {
		if f.Root == r.Root {
			file = fmt.Sprint(n)
			break
		}
	}
	text := fmt.Sprintf("file=%s layer=%d index=%d length=%d proof=%d", file, r.Base, r.Index, r.Length, r.Proof)
	if m.Kind == wire.KindHashes {
		if want := s.k.work.hashes(r); string(want) != string(m.Data) {
			s.failf("wrong hashes: %s", text)
		}
		text += fmt.Sprintf(": %d hashes", (len(m.Data)-wire.HashRangeSize)/wire.HashSize)
	}
	return text
}

func (s *script) printMessage(to Peer, m wire.Message) {
	p := &s.printed
	name := fmt.Sprintf("send %d %s", to, strings.ReplaceAll(m.Kind.String(), " ", "-"))
	switch m.Kind {
	case wire.KindRequest, wire.KindCancel, wire.KindReject:
		p.block(name, m.Index, m.Begin, m.Length)
	case wire.KindPiece:
		p.block(name, m.Index, m.Begin, uint32(len(m.Data)))
	case wire.KindHave, wire.KindSuggest, wire.KindAllowedFast:
		p.line("%s %d", name, m.Index)
	case wire.KindBitfield:
		p.line("%s %s", name, s.spellBits(m.Data))
	case wire.KindHashRequest, wire.KindHashes, wire.KindHashReject:
		p.line("%s %s", name, s.spellHashes(m))
	case wire.KindExtended:
		p.line("send %d %s", to, s.spellExtended(to, m))
	default:
		p.line("%s", name)
	}
}

func (s *script) spellBits(b wire.Bitfield) string {
	var text strings.Builder
	for i := range s.k.work.info.NumPieces() {
		if b.Has(i) {
			text.WriteByte('1')
		} else {
			text.WriteByte('0')
		}
	}
	return text.String()
}

func (s *script) spellExtended(to Peer, m wire.Message) string {
	switch m.Ext {
	case wire.ExtHandshake:
		h, err := wire.ParseExtendedHandshake(m.Data)
		if err != nil {
			s.failf("%v", err)
		}
		text := fmt.Sprintf("handshake ut_metadata=%d fs_receipt=%d size=%d reqq=%d v=%s",
			h.Metadata, h.Receipt, h.MetadataSize, h.Reqq, h.Version)
		if h.UploadOnly {
			text += " upload-only"
		}
		return text
	case s.remotes[to].metadata:
		d, err := wire.ParseMetadata(m.Data)
		if err != nil {
			s.failf("%v", err)
		}
		return fmt.Sprintf("metadata %s %d", [...]string{"request", "data", "reject"}[d.Type], d.Piece)
	case s.remotes[to].receipt:
		return s.spellCredit(m)
	}
	s.failf("extended message to an id that the peer did not give: %d", m.Ext)
	return ""
}

func (s *script) spellCredit(m wire.Message) string {
	c, err := wire.ParseCredit(m.Data)
	if err != nil {
		s.failf("%v", err)
	}
	switch c.Type {
	case wire.CreditHello:
		return fmt.Sprintf("hello %s", serialName(c.Serial))
	case wire.CreditReceipt:
		return fmt.Sprintf("receipt %s %d", serialName(c.Serial), c.Amount)
	case wire.CreditMore:
		return fmt.Sprintf("more %s", serialName(c.Serial))
	}
	return fmt.Sprintf("bye %s %d (%s)", serialName(c.Serial), c.Amount, c.Why)
}

// show prints the swarm's numbers, or those of one peer.
func (s *script) show(args []string) {
	stats := s.k.s.Stats()
	if len(args) == 0 {
		s.printed.line("%d of %d pieces, %d bytes left, downloaded %d, verified %d, wasted %d, uploaded %d", stats.Have, stats.Pieces,
			stats.Left, stats.Downloaded, stats.Verified, stats.Wasted, stats.Uploaded)
		return
	}
	for _, p := range stats.Peers {
		if p.Peer == s.peer(args[0]) {
			s.printed.line("%s", spellPeer(p))
		}
	}
}

func spellPeer(p PeerStats) string {
	text := fmt.Sprintf("downloaded %d, verified %d, uploaded %d, signed %d, earned %d, unpaid %d",
		p.Downloaded, p.Verified, p.Uploaded, p.Signed, p.Earned, p.Unpaid)
	for _, flag := range []struct {
		on   bool
		name string
	}{
		{p.Choked, "choked"}, {p.Interested, "interested"}, {p.Choking, "choking"}, {p.Interesting, "interesting"},
		{p.Optimistic, "optimistic"}, {p.Snubbed, "snubbed"}, {p.Leaving, "leaving"}, {p.Paying, "paying"},
	} {
		if flag.on {
			text += ", " + flag.name
		}
	}
	return text
}
