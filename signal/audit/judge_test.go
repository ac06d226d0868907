package audit

import (
	"crypto/sha1"
	"math/rand/v2"
	"testing"
	"time"

	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// scene is a visit with one connection, of which a test says what is heard on it and when.
type scene struct {
	*visit
	tap   *tap
	piece []byte // the work's only one, of two blocks
}

const blockSize = 16 << 10

func newScene() *scene {
	piece := make([]byte, 2*blockSize)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(piece)
	sum := sha1.Sum(piece)
	info := &metainfo.Info{Name: "a", PieceLength: int64(len(piece)), Length: int64(len(piece)), Single: true, Pieces: sum[:],
		Files: []metainfo.File{{Path: []string{"a"}, Length: int64(len(piece))}}}
	v := newVisit(Config{Rules: Rules{}.withDefaults()}, nil, metainfo.New(info), rand.New(rand.NewPCG(1, 2)))
	v.left = time.Now()
	return &scene{v, v.tap(nil), piece}
}

// before is a time so long before the visit had seen enough.
func (s *scene) before(d time.Duration) time.Time { return s.left.Add(-d) }

// served hears both blocks, or what change makes of them.
func (s *scene) served(change func([]byte)) {
	for begin := uint32(0); begin < uint32(len(s.piece)); begin += blockSize {
		s.tap.said(wire.Message{Kind: wire.KindRequest, Begin: begin, Length: blockSize})
		data := append([]byte(nil), s.piece[begin:begin+blockSize]...)
		change(data)
		s.tap.heard(wire.Message{Kind: wire.KindPiece, Begin: begin, Data: data})
	}
}

// asked connects, unchokes, and asks for a block, so long before the end.
func (s *scene) asked(ago time.Duration) {
	s.tap.opened, s.tap.claims, s.tap.unchoked = s.before(time.Hour), true, true
	s.tap.said(wire.Message{Kind: wire.KindRequest, Length: blockSize})
	s.tap.first = s.before(ago)
}

var (
	reject = wire.Message{Kind: wire.KindReject, Length: blockSize}
	cancel = wire.Message{Kind: wire.KindCancel, Length: blockSize}
)

// What an honest seeder may do is never called a refusal, and what none does always is.
func TestJudge(t *testing.T) {
	rules := Rules{}.withDefaults()
	for _, test := range []struct {
		name   string
		happen func(s *scene)
		flags  uint32
		want   Outcome
		judged bool
	}{
		{"it serves", func(s *scene) { s.served(func([]byte) {}); s.tap.verified(0, s.piece) }, 0, Served, true},
		{"it serves what nobody verifies in time", func(s *scene) { s.served(func([]byte) {}) }, 0, Busy, true},
		{"it spoils a piece that is known", func(s *scene) { s.served(func(b []byte) { b[0]++ }); s.tap.verified(0, s.piece) }, 0, Corrupt, true},
		{"it spoils a piece that nobody else gives", func(s *scene) { s.served(func(b []byte) { b[0]++ }) }, 0, Corrupt, true},
		{"it gives a block that nobody asked for", func(s *scene) {
			s.asked(rules.Silence)
			s.tap.heard(wire.Message{Kind: wire.KindPiece, Begin: blockSize, Data: s.piece[blockSize:]})
		}, 0, Refused, true},
		{"it is silent", func(s *scene) { s.asked(rules.Silence) }, 0, Refused, true},
		{"it was asked only lately", func(s *scene) { s.asked(rules.Silence - 1) }, 0, 0, false},
		{"it rejects", func(s *scene) { s.asked(rules.Silence); s.tap.heard(reject) }, 0, Busy, true},
		{"it rejects what was cancelled", func(s *scene) { s.asked(rules.Silence); s.tap.said(cancel); s.tap.heard(reject) }, 0, Refused, true},
		{"it lacks something itself", func(s *scene) { s.asked(rules.Silence) }, ticket.Traded, Busy, true},
		{"it has nothing of what it announced", func(s *scene) { s.tap.opened = s.before(rules.Patience) }, 0, Refused, true},
		{"it chokes without a reason", func(s *scene) { s.tap.opened = s.before(rules.Patience); s.tap.claims = true }, 0, Refused, true},
		{"its slots may be full", func(s *scene) {
			s.tap.opened = s.before(rules.Patience)
			s.tap.claims, s.leechers = true, fewLeechers+1
		}, 0, Busy, true},
		{"it never connects", func(s *scene) { s.tap.closed = s.before(1) }, 0, Unreachable, true},
		{"it leaves", func(s *scene) { s.asked(rules.Silence); s.tap.closed = s.before(1) }, 0, Unreachable, true},
		{"it serves and leaves", func(s *scene) {
			s.served(func([]byte) {})
			s.tap.verified(0, s.piece)
			s.tap.closed = s.before(1)
		}, 0, Served, true},
		{"the visit leaves it", func(s *scene) { s.asked(rules.Silence); s.tap.closed = s.left.Add(1) }, 0, Refused, true},
		{"it had no time", func(s *scene) { s.tap.opened = s.before(rules.Patience - 1) }, 0, 0, false},
	} {
		s := newScene()
		test.happen(s)
		r, judged := s.judge(paid{s.tap, ticket.Ticket{Flags: test.flags}})
		if judged != test.judged || judged && r.Outcome != test.want {
			t.Errorf("%s: got %s, judged %v, want %s, %v", test.name, r.Outcome, judged, test.want, test.judged)
		}
	}
}

// A refusal counts when an audit by another account has met one some time before, and none was served in between.
func TestSuspicions(t *testing.T) {
	rules, start := Rules{}.withDefaults(), time.Now()
	type step struct {
		after   time.Duration
		by      byte
		outcome Outcome
		failed  bool
	}
	for name, steps := range map[string][]step{
		"again":          {{0, 1, Refused, false}, {rules.Apart, 2, Refused, true}},
		"too soon":       {{0, 1, Refused, false}, {rules.Apart - 1, 2, Refused, false}, {rules.Apart, 2, Refused, true}},
		"one account":    {{0, 1, Refused, false}, {rules.Apart, 1, Refused, false}, {rules.Apart, 2, Refused, true}},
		"served between": {{0, 1, Refused, false}, {1, 2, Served, false}, {rules.Apart, 3, Refused, false}},
		"busy, away":     {{0, 1, Busy, false}, {rules.Apart, 2, Unreachable, false}, {2 * rules.Apart, 3, Busy, false}},
		"long ago":       {{0, 1, Refused, false}, {suspectedFor + 1, 2, Refused, false}},
		"once failed":    {{0, 1, Refused, false}, {rules.Apart, 2, Refused, true}, {2 * rules.Apart, 3, Refused, false}},
		"corrupt":        {{0, 1, Corrupt, true}},
	} {
		var s suspicions
		for i, step := range steps {
			r := Result{Account: [16]byte{9}, Outcome: step.outcome}
			if got := s.heard(start.Add(step.after), rules, [16]byte{step.by}, &r); got != step.failed {
				t.Errorf("%s, step %d: got failed %v, want %v", name, i, got, step.failed)
			}
		}
	}
}

// Each refusal that may be confirmed has its turn, whoever was suspected first, and there is an end to how many are remembered.
func TestSuspicionsAreVisited(t *testing.T) {
	rules, now, r := Rules{}.withDefaults(), time.Now(), rand.New(rand.NewPCG(1, 2))
	var s suspicions
	for n := range maxSuspicions + 3 {
		account := [16]byte{byte(n), byte(n >> 8)}
		s.heard(now, rules, [16]byte{}, &Result{Account: account, Infohash: [20]byte{byte(n % 3)}, Outcome: Refused})
	}
	if len(s.list) != maxSuspicions {
		t.Errorf("got %d suspicions, want %d", len(s.list), maxSuspicions)
	}
	if _, due := s.due(now, rules, r); due {
		t.Error("one is due at once")
	}
	visited := map[byte]bool{}
	for range 100 {
		infohash, due := s.due(now.Add(rules.Apart), rules, r)
		if !due {
			t.Fatal("none is due")
		}
		visited[infohash[0]] = true
	}
	if len(visited) != 3 {
		t.Errorf("got %d works, want 3", len(visited))
	}
}

// An account visits a work once, a few works at all, and no more wait than may.
func TestIdentities(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ids := identities{uses: 3}
	visits, works := map[*identity]int{}, map[*identity]map[[20]byte]bool{}
	for n := range 2000 {
		infohash := [20]byte{byte(r.IntN(5))}
		if n >= 1000 {
			infohash = [20]byte{'o'} // nothing else to visit: no account can come again
		}
		id := ids.take(r, infohash)
		if works[id] == nil {
			works[id] = map[[20]byte]bool{}
		}
		if works[id][infohash] {
			t.Fatal("an account visits a work again")
		}
		works[id][infohash] = true
		visits[id]++
		ids.give(id)
		if len(ids.free) > maxFree {
			t.Fatalf("%d accounts wait", len(ids.free))
		}
	}
	count := map[int]int{}
	for _, n := range visits {
		count[n]++
	}
	if len(count) != 3 || count[1] == 0 || count[2] == 0 || count[3] == 0 {
		t.Errorf("got accounts by visits %v, want some of one, two and three", count)
	}
}

// Lines are of all speeds, and each doubling is as likely.
func TestRate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	slow, fast := 0, 0
	for range 1000 {
		switch got := rate(r, 32<<10, 2<<20); {
		case got < 32<<10 || got > 2<<20:
			t.Fatalf("got %d bytes a second", got)
		case got < 64<<10:
			slow++
		case got >= 1<<20:
			fast++
		}
	}
	if slow < 100 || slow > 240 || fast < 100 || fast > 240 {
		t.Errorf("got %d of the slowest doubling and %d of the fastest, want about 167 of each", slow, fast)
	}
}
