package swarm

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"fanseed/wasm/wire"
)

var rewrite = flag.Bool("rewrite", false, "rewrite what the scripts expect")

// TestScripts runs testdata/*.txt. A line that begins with a time is an input; the indented lines below it are all effects that it must
// have, in order. testdata/README.md explains the words.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runScript(t, file) })
	}
}

func runScript(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	s := &script{t: t, remotes: map[Peer]*remote{}, auto: map[string]bool{}, hashing: map[int]Effect{}}
	for n, line := range strings.Split(strings.TrimSuffix(want, "\n"), "\n") {
		s.line = fmt.Sprintf("%s:%d: %s", file, n+1, line)
		s.run(line)
	}
	got := strings.Join(s.out, "\n") + "\n"
	if got == want {
		return
	}
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s: the effects are not as expected (run with -rewrite to see them as a diff):\n%s", file, firstDifference(got, want))
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	n := 0
	for n < len(g) && n < len(w) && g[n] == w[n] {
		n++
	}
	show := func(lines []string) string {
		return strings.Join(lines[max(0, min(n-4, len(lines))):min(n+6, len(lines))], "\n")
	}
	return fmt.Sprintf("line %d\ngot:\n%s\nwant:\n%s", n+1, show(g), show(w))
}

// script is a script that is being run.
type script struct {
	t       *testing.T
	line    string
	out     []string
	k       *caller
	now     time.Time
	remotes map[Peer]*remote
	auto    map[string]bool
	printed printer
	hashing map[int]Effect // Hash effects by piece
}

// remote is the other end of a connection.
type remote struct {
	requests []wire.Message // that it has not answered
	hashes   []wire.HashRange
	metadata uint8
	receipt  uint8
}

func (s *script) failf(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s\n"+format, append([]any{s.line}, args...)...)
}

func (s *script) run(line string) {
	if strings.HasPrefix(line, "\t") {
		return
	}
	s.out = append(s.out, line)
	if line == "" || strings.HasPrefix(line, "#") {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			s.failf("panic: %v", r)
		}
	}()
	words := strings.Fields(line)
	switch words[0] {
	case "swarm":
		s.create(words[1:])
		return
	case "auto":
		for _, w := range words[1:] {
			s.auto[w] = true
		}
		return
	}
	at, err := time.ParseDuration(words[0])
	if err != nil {
		s.failf("a line must begin with a time: %v", err)
	}
	now := epoch.Add(at)
	if words[1] != "run" {
		s.now = now
	}
	s.printed = printer{}
	s.input(now, words[1], words[2:])
	s.out = append(s.out, s.printed.flush()...)
}

// create reads the line that makes the swarm.
func (s *script) create(words []string) {
	o := s.options(words)
	w := s.work(o)
	c := Config{
		PeerID: [20]byte{'-'}, Rand: rand.New(rand.NewPCG(uint64(o.number("seed", 1)), 0)), Version: "test",
		Limits: Limits{
			UploadSlots: o.number("slots", 0), Reqq: o.number("reqq", 0),
			HighWater: o.size("high-water", 0), Buffers: int64(o.size("buffers", 0)),
		},
	}
	_, c.Yields = o["yields"]
	if _, magnet := o["magnet"]; !magnet {
		c.Info, c.InfoBytes, c.Have = w.info, w.infoBytes, s.bits(o["have"], w.info.NumPieces())
	}
	if o["layers"] != "none" {
		c.Layers = w.layers
	}
	s.k = newCaller(w, c, s.failf)
}

// work makes the torrent: of one file in version 1, or of files whose sizes are given.
func (s *script) work(o options) work {
	pieceLength := o.size("piece", 32<<10)
	for word, make := range map[string]func(uint64, int, ...int) work{"hybrid": newHybrid, "v2": newV2, "padded": newPadded} {
		if list, ok := o[word]; ok {
			var sizes []int
			for _, word := range strings.Split(list, ",") {
				sizes = append(sizes, size(word))
			}
			w := make(1, pieceLength, sizes...)
			_, w.contradict = o["contradicts"]
			return w
		}
	}
	return newWork(1, o.size("length", o.number("pieces", 4)*pieceLength), pieceLength)
}

// options are words of the form key=value.
type options map[string]string

func (s *script) options(words []string) options {
	o := options{}
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		o[key] = value
	}
	return o
}

func (o options) number(key string, standard int) int {
	if v, ok := o[key]; ok {
		return number(v)
	}
	return standard
}

func (o options) size(key string, standard int) int {
	if v, ok := o[key]; ok {
		return size(v)
	}
	return standard
}

func number(word string) int {
	n, err := strconv.Atoi(word)
	if err != nil {
		panic(err)
	}
	return n
}

// size reads a number of bytes, as 16KiB.
func size(word string) int {
	for unit, factor := range map[string]int{"KiB": 1 << 10, "MiB": 1 << 20} {
		if n, ok := strings.CutSuffix(word, unit); ok {
			return number(n) * factor
		}
	}
	return number(word)
}

// bits reads a bitfield as "0110", "all" or "none".
func (s *script) bits(word string, n int) wire.Bitfield {
	b := wire.NewBitfield(max(n, len(strings.Trim(word, "alnoe"))))
	for i := range n {
		if word == "all" {
			b.Set(i)
		}
	}
	for i, c := range word {
		if c == '1' {
			b.Set(i)
		}
	}
	return b
}

func serial(name string) (b [16]byte) {
	copy(b[:], name)
	return b
}

func serialName(b [16]byte) string { return strings.TrimRight(string(b[:]), "\x00") }

var (
	good = [64]byte{'g', 'o', 'o', 'd'}
	bad  = [64]byte{'b', 'a', 'd'}
)

// input carries out one line.
func (s *script) input(now time.Time, verb string, args []string) {
	k := s.k.s
	switch verb {
	case "open":
		s.openPeer(args)
	case "webseed":
		s.k.open[s.peer(args[0])] = true
		s.remotes[s.peer(args[0])] = &remote{}
		k.OpenedWebseed(now, s.peer(args[0]))
		s.drain(nil)
	case "replace":
		if p, ok := k.LeastUseful(now); ok {
			s.printed.line("%d makes way", p)
		} else {
			s.printed.line("nobody makes way")
		}
	case "close":
		delete(s.k.open, s.peer(args[0]))
		k.Closed(now, s.peer(args[0]))
		s.drain(nil)
	case "recv":
		s.receive(s.peer(args[0]), args[1:])
	case "give":
		s.give(s.peer(args[0]), args[1:])
	case "reject":
		s.reject(s.peer(args[0]), number(args[1]))
	case "hashed":
		s.hashed(number(args[0]))
	case "answer-hashes":
		s.answerHashes(s.peer(args[0]), args[1:])
	case "leaves":
		s.leaves(number(args[0]), args[1])
	case "stored":
		s.stored(number(args[0]), args[1] == "ok")
	case "loaded":
		s.loaded(s.peer(args[0]), args[1], len(args) > 2)
	case "drained":
		k.Drained(now, s.peer(args[0]), size(args[1]))
		s.drain(nil)
	case "ticket":
		k.Ticketed(now, s.peer(args[0]), s.ticket(args[1:]))
		s.drain(nil)
	case "signed":
		k.Signed(now, s.peer(args[0]), serial(args[1]), uint64(size(args[2])), good)
		s.drain(nil)
	case "checked":
		k.Checked(now, s.peer(args[0]), serial(args[1]), uint64(size(args[2])), args[3] == "good")
		s.drain(nil)
	case "described":
		s.described(args[0] == "ok")
	case "prefer":
		k.Prefer(now, number(args[0]), number(args[1]))
		s.drain(nil)
	case "select":
		if args[0] == "all" {
			s.k.choose(now, nil)
		} else {
			s.k.choose(now, s.bits(args[0], 0))
		}
		s.drain(nil)
	case "found":
		s.k.find(now, number(args[0]))
		s.drain(nil)
	case "lost":
		s.k.lose(now, number(args[0]))
		s.drain(nil)
	case "stop":
		k.Stop(now)
		s.drain(nil)
	case "start":
		k.Start(now)
		s.drain(nil)
	case "run":
		s.runUntil(now)
	case "show":
		s.show(args)
	default:
		s.failf("no such word: %s", verb)
	}
}

func (s *script) peer(word string) Peer { return Peer(number(word)) }

// openPeer opens a peer: "open 1", "open 1 plain" for one without extensions, or with the flags fast and extended; id=2 gives it the
// peer id that peer 2 has.
func (s *script) openPeer(args []string) {
	p := s.peer(args[0])
	o := s.options(args[1:])
	_, plain := o["plain"]
	_, fast := o["fast"]
	_, extended := o["extended"]
	h := handshakeOf(s.k.work, p, !plain || fast, !plain || extended)
	if _, old := o["v1"]; old {
		h.Reserved[7] &^= 0x10
	}
	if _, upgraded := o["upgraded"]; upgraded {
		h.Infohash = [20]byte(s.k.work.infohashV2[:])
		h.Reserved[7] &^= 0x10
	}
	h.PeerID = peerIDOf(Peer(o.number("id", int(p))))
	if _, wrong := o["wrong"]; wrong {
		h.Infohash[0]++
	}
	s.k.open[p] = true
	s.remotes[p] = &remote{metadata: 3, receipt: 4}
	s.k.s.Opened(s.now, p, h)
	s.drain(nil)
}

func (s *script) ticket(args []string) Ticket {
	t := Ticket{Serial: serial(args[0]), Upload: args[1] == "earn", Limit: uint64(size(args[2]))}
	if len(args) > 3 {
		d, err := time.ParseDuration(args[3])
		if err != nil {
			s.failf("%v", err)
		}
		t.Expires = epoch.Add(d)
	}
	return t
}

func (s *script) described(ok bool) {
	if ok {
		s.k.s.Described(s.now, s.k.work.torrent())
	} else {
		s.k.s.Described(s.now, nil)
	}
	s.drain(nil)
}

func (s *script) stored(index int, ok bool) {
	if ok {
		s.k.store(index)
		s.k.s.Stored(s.now, index, nil)
	} else {
		delete(s.k.buffers, index)
		s.k.s.Stored(s.now, index, errors.New("disk full"))
	}
	s.drain(nil)
}

func (s *script) loaded(p Peer, spec string, fails bool) {
	for _, m := range s.blocks(spec) {
		block := s.k.work.block(int(m.Index), m.Begin, m.Length)
		var err error
		if fails {
			block, err = nil, errors.New("cannot read")
		}
		s.k.s.Loaded(s.now, p, int(m.Index), m.Begin, block, err)
		s.drain(block)
	}
}

// runUntil calls Tick whenever it is due.
func (s *script) runUntil(end time.Time) {
	for {
		due := s.k.s.Deadline()
		if due.IsZero() || due.After(end) {
			break
		}
		s.now = due
		s.printed.stamp = fmt.Sprintf("@%gs ", s.now.Sub(epoch).Seconds())
		s.k.s.Tick(s.now)
		s.drain(nil)
	}
	s.now = end
	s.printed.stamp = ""
}

// drain prints the effects, and answers those that auto names.
func (s *script) drain(lent []byte) {
	for _, e := range s.k.effects(lent) {
		s.print(e)
		if e.Kind == Hash {
			s.hashing[e.Index] = e
		}
		s.track(e)
		s.answer(e)
	}
}

// hashed hashes a piece as its Hash effect said.
func (s *script) hashed(index int) {
	ok, leaves := s.k.hash(s.hashing[index])
	s.k.s.Hashed(s.now, index, ok, leaves)
	s.drain(leaves)
}

// leaves answers a LoadLeaves effect.
func (s *script) leaves(index int, how string) {
	leaves := s.k.work.leaves(index)
	var err error
	switch how {
	case "wrong":
		leaves[0] ^= 1
	case "error":
		leaves, err = nil, errors.New("cannot read")
	}
	s.k.s.LeavesLoaded(s.now, index, leaves, err)
	s.drain(leaves)
}

// track notes what the other end was asked.
func (s *script) track(e Effect) {
	r := s.remotes[e.Peer]
	if e.Kind != Send {
		return
	}
	switch e.Message.Kind {
	case wire.KindRequest:
		r.requests = append(r.requests, e.Message)
	case wire.KindHashRequest:
		asked, err := wire.ParseHashRange(e.Message.Data)
		if err != nil {
			s.failf("%v", err)
		}
		r.hashes = append(r.hashes, asked)
	case wire.KindCancel:
		for n, m := range r.requests {
			if m.Index == e.Message.Index && m.Begin == e.Message.Begin {
				r.requests = append(r.requests[:n], r.requests[n+1:]...)
				return
			}
		}
		s.failf("cancel of what was not asked for: %+v", e.Message)
	}
}

func (s *script) answer(e Effect) {
	switch {
	case e.Kind == Hash && s.auto["hash"]:
		s.hashed(e.Index)
		return
	case e.Kind == Store && s.auto["store"]:
		s.k.store(e.Index)
		s.k.s.Stored(s.now, e.Index, nil)
	case e.Kind == Load && s.auto["load"]:
		s.loaded(e.Peer, fmt.Sprintf("%d@%d+%d", e.Index, e.Begin, e.Length), false)
	case e.Kind == Send && e.Message.Kind == wire.KindPiece && s.auto["drain"]:
		s.k.s.Drained(s.now, e.Peer, 0)
	case e.Kind == Sign && s.auto["sign"]:
		s.k.s.Signed(s.now, e.Peer, e.Serial, e.Amount, good)
	case e.Kind == Check && s.auto["check"]:
		s.k.s.Checked(s.now, e.Peer, e.Serial, e.Amount, e.Signature == good)
	case e.Kind == LoadLeaves && s.auto["leaves"]:
		s.leaves(e.Index, "ok")
		return
	case e.Kind == InfoReady && s.auto["describe"]:
		s.described(string(e.Block) == string(s.k.work.infoBytes))
		return
	default:
		return
	}
	s.drain(nil)
}
