package hub

import (
	"context"
	"crypto/sha1"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/proof"
	"fanseed/signal/socket"
	"fanseed/signal/ticket"
	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
)

// content is a work of one file with its bytes.
type content struct {
	*metainfo.Torrent
	data []byte
}

func newContent(name string, length, pieceLength int, v2 bool) content {
	info := &metainfo.Info{Name: name, PieceLength: int64(pieceLength), Length: int64(length), Single: true,
		Files: []metainfo.File{{Path: []string{name}, Length: int64(length)}}}
	if v2 {
		info.MetaVersion = 2
	}
	c := content{data: make([]byte, length)}
	rand.NewChaCha8([32]byte{name[0]}).Read(c.data)
	var roots []byte
	for begin := 0; begin < length; begin += pieceLength {
		piece := c.data[begin:min(length, begin+pieceLength)]
		if v2 {
			root := info.PieceRoot(begin/pieceLength, merkle.AppendLeaves(nil, piece))
			roots = append(roots, root[:]...)
		} else {
			sum := sha1.Sum(piece)
			info.Pieces = append(info.Pieces, sum[:]...)
		}
	}
	var layers metainfo.Layers
	if v2 {
		layers = info.SetRoots(roots)
	}
	c.Torrent = metainfo.New(info)
	c.Layers = layers
	return c
}

// answer is what a peer with all bytes answers; parts that have returns false for are left out.
func (c content) answer(publicKey [32]byte, m *announce.Challenge, have func(part int) bool) (blocks []*announce.Proof) {
	parts := proof.NewParts(c.Info)
	ch := proof.Challenge{Nonce: m.Nonce, PublicKey: publicKey, Infohash: m.Infohash, Count: m.Count}
	for i, n := range ch.Asked(parts.Len()) {
		if !have(n) {
			continue
		}
		p := parts.Part(n)
		piece := c.data[p.Piece*int(c.Info.PieceLength):][:c.Info.PieceSize(p.Piece)]
		bytes := piece[p.Begin : p.Begin+p.Length]
		if c.Info.HasV2() {
			path := proof.Path(c.Info, p.Piece, p.Begin, merkle.AppendLeaves(nil, piece))
			blocks = append(blocks, &announce.Proof{ID: m.ID, Index: i, Path: path, Block: bytes})
			continue
		}
		for begin := 0; begin < len(bytes); begin += proof.BlockSize {
			blocks = append(blocks, &announce.Proof{ID: m.ID, Index: i, Begin: begin, Block: bytes[begin:min(len(bytes), begin+proof.BlockSize)]})
		}
	}
	return blocks
}

func all(int) bool { return true }

// torrents are the works' metainfo. Calls wait while it is held.
type torrents struct {
	mu    sync.Mutex
	bytes map[[20]byte][]byte
	calls int
	gate  chan struct{}
}

func (w *torrents) Torrent(ctx context.Context, infohash [20]byte) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	if w.gate != nil {
		select {
		case <-w.gate:
		case <-ctx.Done():
		}
	}
	if b := w.bytes[infohash]; b != nil {
		return b, nil
	}
	return nil, errors.New("no such work")
}

// withProofs runs a test of a hub that challenges the seeders of some works, and lists no other.
func withProofs(t *testing.T, change func(*Config), test func(s *site, b *told), works ...content) {
	t.Helper()
	from := &torrents{bytes: map[[20]byte][]byte{}}
	for _, c := range works {
		from.bytes[c.Infohash] = c.Bytes()
	}
	withSeeding(t, func(c *Config) {
		c.Torrents = from
		c.Proofs.Epoch = epoch
		c.Epoch = func(now time.Time) uint32 { return uint32(now.Unix() / 3600) }
		if change != nil {
			change(c)
		}
	}, func(s *site, b *told) {
		for _, c := range works {
			s.works.set(c.Infohash, c.Info.Length)
		}
		test(s, b)
	})
}

// prove has a peer seed works, and answer challenges from now on.
func (p *peer) prove(answer func(m *announce.Challenge), works ...content) {
	p.t.Helper()
	var infohashes [][20]byte
	for _, c := range works {
		infohashes = append(infohashes, c.Infohash)
	}
	p.challenged = answer
	p.seed(p.pong, infohashes...)
}

// honest answers with what it has.
func (p *peer) honest(have func(part int) bool, works ...content) func(m *announce.Challenge) {
	return func(m *announce.Challenge) {
		for _, c := range works {
			if c.Infohash == m.Infohash {
				for _, block := range c.answer(p.publicKey(), m, have) {
					p.write(block)
				}
			}
		}
	}
}

// proofs sums how a peer's challenges ended.
func (b *told) proofsOf(p *peer, infohash [20]byte) (challenges, asked, passed int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.proofs {
		if one.Account == ticket.Account(p.publicKey()) && one.Infohash == infohash {
			challenges, asked, passed = challenges+1, asked+one.Asked, passed+one.Passed
		}
	}
	return challenges, asked, passed
}

// epoch is short, so that a test sees many.
const epoch = time.Hour

func TestAllSeedersAreAskedAtTheSameMoment(t *testing.T) {
	c := newContent("song", 3<<20+5, 64<<10, true)
	withProofs(t, nil, func(s *site, b *told) {
		var mu sync.Mutex
		moments, nonces := map[time.Time]int{}, map[[32]byte]bool{}
		var peers []*peer
		for i := range 5 {
			p := s.login(string(rune('a'+i)), "192.0.2.1")
			answer := p.honest(all, c)
			p.prove(func(m *announce.Challenge) {
				mu.Lock()
				moments[time.Now()]++
				nonces[m.Nonce] = true
				mu.Unlock()
				answer(m)
			}, c)
			peers = append(peers, p)
		}
		time.Sleep(10 * epoch)
		for _, p := range peers {
			challenges, asked, passed := b.proofsOf(p, c.Infohash)
			between(t, "challenges in ten epochs", challenges, 38, 42)
			if asked != 8*challenges || passed != asked {
				t.Errorf("%d of %d passed in %d challenges", passed, asked, challenges)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for at, n := range moments {
			if n != len(peers) {
				t.Errorf("%d were asked at %v", n, at)
			}
		}
		if sum := len(moments) * len(peers); len(nonces) != sum {
			t.Errorf("%d nonces in %d challenges", len(nonces), sum)
		}
	}, c)
}

// Whoever is always there is asked in every part of every epoch.
func TestEveryEpochHasItsChallenges(t *testing.T) {
	c := newContent("song", 1<<20, 64<<10, true)
	withProofs(t, nil, func(s *site, b *told) {
		a := s.login("a", "192.0.2.1")
		a.prove(a.honest(all, c), c)
		time.Sleep(30*epoch + 10*time.Minute)
		perEpoch := map[uint32]int{}
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, one := range b.proofs {
			perEpoch[one.Epoch]++
		}
		full := 0
		for _, n := range perEpoch {
			if n >= 4 {
				full++
			}
		}
		between(t, "epochs with four challenges", full, 29, 31)
	}, c)
}

func TestHowChallengesEnd(t *testing.T) {
	c := newContent("song", 3<<20+5, 64<<10, true)
	for name, test := range map[string]struct {
		prover      func(p *peer) func(m *announce.Challenge)
		least, most int // percent that pass
	}{
		"all":         {func(p *peer) func(*announce.Challenge) { return p.honest(all, c) }, 100, 100},
		"none is had": {func(p *peer) func(*announce.Challenge) { return p.honest(func(int) bool { return false }, c) }, 0, 0},
		"half of the data was dropped": {func(p *peer) func(*announce.Challenge) {
			return p.honest(func(part int) bool { return part%2 == 0 }, c)
		}, 40, 60},
		"another's blocks": {func(p *peer) func(*announce.Challenge) {
			return func(m *announce.Challenge) {
				for _, block := range c.answer([32]byte{1}, m, all) {
					p.write(block)
				}
			}
		}, 0, 3},
		"an old proof again": {func(p *peer) func(*announce.Challenge) {
			var first []*announce.Proof
			return func(m *announce.Challenge) {
				if first == nil {
					first = c.answer(p.publicKey(), m, all)
				}
				for _, block := range first {
					block.ID = m.ID
					p.write(block)
				}
			}
		}, 0, 6},
		"too late": {func(p *peer) func(*announce.Challenge) {
			return func(m *announce.Challenge) {
				late := time.Duration(m.Deadline)*time.Millisecond + time.Second
				time.AfterFunc(late, func() { p.honest(all, c)(m) })
			}
		}, 0, 0},
		"just in time": {func(p *peer) func(*announce.Challenge) {
			return func(m *announce.Challenge) {
				time.AfterFunc(time.Duration(m.Deadline)*time.Millisecond-time.Millisecond, func() { p.honest(all, c)(m) })
			}
		}, 100, 100},
	} {
		t.Run(name, func(t *testing.T) {
			withProofs(t, nil, func(s *site, b *told) {
				a := s.login("a", "192.0.2.1")
				a.prove(test.prover(a), c)
				time.Sleep(15 * epoch)
				challenges, asked, passed := b.proofsOf(a, c.Infohash)
				between(t, "challenges", challenges, 58, 62)
				between(t, "percent passed", passed*100/asked, test.least, test.most)
			}, c)
		})
	}
}

func TestUnaskedProofsCloseTheSocket(t *testing.T) {
	c := newContent("song", 1<<20, 64<<10, true)
	withProofs(t, nil, func(s *site, b *told) {
		stock, a := s.stock("s", "203.0.113.1"), s.login("a", "192.0.2.1")
		for _, p := range []*peer{stock, a} {
			p.send(&announce.Proof{ID: 7, Block: make([]byte, announce.MaxBlock)})
			p.closed(socket.PolicyViolation)
		}
	}, c)
}

// A challenge takes each block once; more closes the socket.
func TestAFloodBesideAChallengeClosesTheSocket(t *testing.T) {
	c := newContent("song", 1<<20, 64<<10, true)
	for name, change := range map[string]func(m *announce.Proof){
		"the same again":    func(*announce.Proof) {},
		"another challenge": func(m *announce.Proof) { m.ID++ },
		"another index":     func(m *announce.Proof) { m.Index = 31 },
		"another byte":      func(m *announce.Proof) { m.Begin = 1 << 20 },
	} {
		t.Run(name, func(t *testing.T) {
			withProofs(t, nil, func(s *site, b *told) {
				a := s.login("a", "192.0.2.1")
				a.announce(c.Infohash, 0)
				answer := c.answer(a.publicKey(), a.waitChallenge(), all)
				for _, m := range answer {
					a.write(m)
				}
				change(answer[7])
				a.write(answer[7])
				a.closed(socket.PolicyViolation)
				time.Sleep(time.Minute)
				if _, asked, passed := b.proofsOf(a, c.Infohash); asked != 8 || passed != 8 {
					t.Errorf("%d of %d passed before", passed, asked)
				}
			}, c)
		})
	}
}

// waitChallenge answers pings until a challenge comes.
func (p *peer) waitChallenge() *announce.Challenge {
	for m := range p.messages {
		switch m := m.(type) {
		case *announce.Ping:
			p.pong(m.Nonce)
		case *announce.Challenge:
			return m
		}
	}
	p.t.Fatal("the socket was closed")
	return nil
}

func TestAClosedTabHasNotProved(t *testing.T) {
	c := newContent("song", 1<<20, 64<<10, true)
	withProofs(t, nil, func(s *site, b *told) {
		a := s.login("a", "192.0.2.1")
		a.announce(c.Infohash, 0)
		a.waitChallenge()
		a.ws.Close()
		time.Sleep(time.Minute)
		if _, asked, passed := b.proofsOf(a, c.Infohash); asked != 8 || passed != 0 {
			t.Errorf("%d of %d passed", passed, asked)
		}
	}, c)
}

func TestAnAccountIsAskedOnce(t *testing.T) {
	c := newContent("song", 1<<20, 64<<10, true)
	own := (&peer{key: keyOf("own")}).publicKey()
	withProofs(t, func(cfg *Config) { cfg.Uncredited = map[[16]byte]bool{ticket.Account(own): true} }, func(s *site, b *told) {
		for i := range 3 {
			p := s.login("a", "192.0.2.1")
			p.id[19] = byte(i)
			p.prove(p.honest(all, c), c)
		}
		o := s.login("own", "198.51.100.1")
		o.prove(o.honest(all, c), c)
		stock := s.stock("s", "203.0.113.1")
		stock.announce(c.Infohash, 0)
		time.Sleep(5 * epoch)
		a := s.login("a", "192.0.2.1")
		challenges, asked, passed := b.proofsOf(a, c.Infohash)
		between(t, "challenges", challenges, 18, 22)
		if passed != asked {
			t.Errorf("%d of %d passed", passed, asked)
		}
		if challenges, _, _ := b.proofsOf(o, c.Infohash); challenges != 0 {
			t.Errorf("the server's own account was asked %d times", challenges)
		}
		stock.silent()
	}, c)
}

// Who is there for half an hour a day is asked too, while those who stay are not asked more often.
func TestWhoComesForAWhileIsAsked(t *testing.T) {
	for name, v2 := range map[string]bool{"version 1": false, "version 2": true} {
		t.Run(name, func(t *testing.T) {
			c := newContent("song", 1<<20, 64<<10, v2)
			withProofs(t, func(cfg *Config) { cfg.Proofs.Epoch = 24 * time.Hour }, func(s *site, b *told) {
				stays := s.login("s", "192.0.2.1")
				stays.prove(stays.honest(all, c), c)
				var comes *peer
				for range 10 {
					time.Sleep(24*time.Hour - 30*time.Minute)
					comes = s.login("c", "198.51.100.1")
					comes.prove(comes.honest(all, c), c)
					time.Sleep(30 * time.Minute)
					comes.ws.Close()
				}
				time.Sleep(time.Minute)
				challenges, asked, passed := b.proofsOf(comes, c.Infohash)
				between(t, "challenges of who comes", challenges, 8, 14)
				if passed != asked {
					t.Errorf("%d of %d passed", passed, asked)
				}
				most := 42
				if !v2 {
					most = 240 // the epochs of these tests are hours
				}
				challenges, _, _ = b.proofsOf(stays, c.Infohash)
				between(t, "challenges of who stays", challenges, 38, most)
			}, c)
		})
	}
}

// Pieces of version 1 are large, and asked for once an epoch.
func TestVersion1(t *testing.T) {
	c, large := newContent("song", 9<<20+5, 1<<20, false), newContent("film", 40<<20, 32<<20, false)
	withProofs(t, nil, func(s *site, b *told) {
		a, half := s.login("a", "192.0.2.1"), s.login("h", "198.51.100.1")
		a.prove(a.honest(all, c, large), c, large)
		half.prove(half.honest(func(part int) bool { return part%2 == 0 }, c), c)
		time.Sleep(10 * epoch)
		challenges, asked, passed := b.proofsOf(a, c.Infohash)
		between(t, "challenges", challenges, 9, 11)
		if asked != 4*challenges || passed != asked {
			t.Errorf("%d of %d passed", passed, asked)
		}
		_, asked, passed = b.proofsOf(half, c.Infohash)
		between(t, "of half", passed, asked/4, asked*3/4)
		if challenges, _, _ := b.proofsOf(a, large.Infohash); challenges != 0 {
			t.Errorf("pieces of 32 MiB were asked for %d times", challenges)
		}
	}, c, large)
}

// The rate holds however many works there are, and each has its turn.
func TestChallengesAreBounded(t *testing.T) {
	var works []content
	for i := range 12 {
		works = append(works, newContent(string(rune('a'+i)), 300<<10, 16<<10, true))
	}
	withProofs(t, func(c *Config) { c.Proofs.Rate = 24 * 64 }, func(s *site, b *told) { // 128 KiB take 85 s
		a := s.login("a", "192.0.2.1")
		a.prove(a.honest(all, works...), works...)
		time.Sleep(3 * epoch)
		fewest, sum := 1000, 0
		for _, c := range works {
			challenges, asked, passed := b.proofsOf(a, c.Infohash)
			fewest, sum = min(fewest, challenges), sum+challenges
			if asked != passed {
				t.Errorf("%d of %d passed", passed, asked)
			}
		}
		between(t, "challenges", sum, 115, 128) // of 144 that would be due
		between(t, "challenges of the work that has fewest", fewest, 8, 12)
	}, works...)
}

// The seeders of a large swarm are asked one group after another, no more bytes at a time than the server can take.
func TestALargeSwarmIsAskedInGroups(t *testing.T) {
	c := newContent("film", 20<<20, 16<<20, false)
	withProofs(t, nil, func(s *site, b *told) {
		var mu sync.Mutex
		var moments []time.Time
		for i := range 5 {
			p := s.login(string(rune('a'+i)), "192.0.2.1")
			p.prove(func(m *announce.Challenge) {
				mu.Lock()
				defer mu.Unlock()
				moments = append(moments, time.Now())
			}, c)
		}
		time.Sleep(25 * time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if len(moments) != 5 {
			t.Fatalf("%d were asked, want 5", len(moments))
		}
		for i, want := range []time.Duration{0, 0, 8 * time.Second, 8 * time.Second, 16 * time.Second} { // 32 MiB at 4 MiB a second
			if got := moments[i].Sub(moments[0]); got != want {
				t.Errorf("the seeder number %d was asked %v after the first, want %v", i, got, want)
			}
		}
	}, c)
}

func TestAWorkThatIsTakenDownProvesNothing(t *testing.T) {
	c := newContent("song", 1<<20, 64<<10, true)
	withProofs(t, nil, func(s *site, b *told) {
		a := s.login("a", "192.0.2.1")
		a.announce(c.Infohash, 0)
		a.waitChallenge()
		s.works.remove(c.Infohash)
		s.hub.Revoke(c.Infohash, "a complaint")
		time.Sleep(time.Hour)
		if challenges, _, _ := b.proofsOf(a, c.Infohash); challenges != 0 {
			t.Error("it was told")
		}
	}, c)
}

// TestTheLoopDoesNotWaitForTorrents holds the metainfo back, and then has none.
func TestTheLoopDoesNotWaitForTorrents(t *testing.T) {
	c, lost := newContent("song", 1<<20, 64<<10, true), newContent("lost", 1<<20, 64<<10, true)
	var from *torrents
	withProofs(t, func(cfg *Config) {
		from = cfg.Torrents.(*torrents)
		from.gate = make(chan struct{})
		from.bytes = map[[20]byte][]byte{c.Infohash: c.Bytes()}
	}, func(s *site, b *told) {
		a := s.login("a", "192.0.2.1")
		a.prove(a.honest(all, c), c, lost)
		time.Sleep(time.Hour)
		s.stock("s", "203.0.113.1").announce(c.Infohash, 0)
		between(t, "minutes", b.of(a, c.Infohash), 58, 60)
		close(from.gate)
		time.Sleep(epoch)
		challenges, _, _ := b.proofsOf(a, c.Infohash)
		between(t, "challenges", challenges, 3, 6)
	}, c, lost)
}

// An answer has three round trips and two seconds, and the time to upload at 32 KiB a second and to read at 16 MiB a second.
func TestDeadlines(t *testing.T) {
	v2, v1 := newContent("song", 1<<20, 1<<20, true), newContent("film", 5<<20, 1<<20, false)
	for _, c := range []struct {
		content
		count   int
		rtt     time.Duration
		waiting int64
		want    time.Duration
	}{
		{v2, 8, 100 * time.Millisecond, 128 << 10, 300*time.Millisecond + 2*time.Second + 4*time.Second + time.Second/2},
		{v2, 8, 0, 128 << 10, 6*time.Second + 2*time.Second + 4*time.Second + time.Second/2},
		{v2, 8, time.Minute, 256 << 10, 6*time.Second + 2*time.Second + 8*time.Second + time.Second/2},
		{v1, 4, 100 * time.Millisecond, 4 << 20, 300*time.Millisecond + 2*time.Second + 128*time.Second + time.Second/4},
	} {
		r := round{listed: &listed{torrent: c.Torrent}, count: c.count}
		if got := r.allowed(c.rtt, c.waiting); got != c.want {
			t.Errorf("%d of pieces of %d bytes, round trip %v: got %v, want %v", c.count, c.Info.PieceLength, c.rtt, got, c.want)
		}
	}
}

func TestAgenda(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a agenda[int]
		now := time.Now()
		for _, n := range rand.New(rand.NewPCG(1, 1)).Perm(100) {
			a.add(now.Add(time.Duration(n)*time.Second), n)
		}
		var got []int
		for len(got) < 100 {
			if n, ok := a.take(now); ok {
				got = append(got, n)
				continue
			}
			now = a.due()
		}
		if !slices.IsSorted(got) || !a.due().IsZero() {
			t.Errorf("taken in the order %v", got)
		}
	})
}

func TestProofsFitTheirMessages(t *testing.T) {
	if announce.MaxBlock != proof.BlockSize || announce.MaxAsked != proof.MaxLeaves {
		t.Error("a block of a proof does not fit into a message, or not every part can be asked for")
	}
	m := announce.Proof{ID: announce.MaxAmount, Index: 31, Begin: 1 << 24, Path: make([]byte, announce.MaxPath), Block: make([]byte, announce.MaxBlock)}
	if n := len(m.Append(nil)); n > announce.MaxMessage {
		t.Errorf("a proof takes %d bytes", n)
	}
}
