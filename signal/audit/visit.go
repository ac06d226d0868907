package audit

import (
	"context"
	"crypto/ed25519"
	"math/rand/v2"
	"sync"
	"time"

	"fanseed/signal/receipt"
	"fanseed/signal/seedbox"
	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/node"
	"fanseed/wasm/rtc"
	"fanseed/wasm/store"
)

// visit is one audit: an engine with one work, empty at first, that is watched.
type visit struct {
	config  Config
	key     ed25519.PrivateKey
	torrent *metainfo.Torrent
	rand    *rand.Rand
	link    *downstream
	pieces  *pieces
	begun   time.Time
	stay    time.Duration // at least
	left    time.Time     // when enough was seen

	mu       sync.Mutex
	taps     []*tap
	tickets  map[[32]byte]ticket.Ticket // that it pays with, by channel
	leechers int                        // the most that the server has told of
	shown    node.Snapshot
}

// overshoot is what may come in bytes after a visit has taken what it may, before it notices.
const overshoot = 16 << 20

func newVisit(c Config, key ed25519.PrivateKey, t *metainfo.Torrent, r *rand.Rand) *visit {
	v := &visit{config: c, key: key, torrent: t, rand: r, tickets: map[[32]byte]ticket.Ticket{}}
	v.link = &downstream{rate: rate(r, c.Rules.Slowest, c.Rules.Fastest)}
	v.stay = c.Rules.Stay + time.Duration(r.Int64N(int64(c.Rules.Stay)))
	buffers := min(c.Rules.Most+overshoot, t.Info.Length)
	v.pieces = &pieces{store.NewMemory(t.Info, store.NewBudget(buffers)), t.Info, v.verified}
	return v
}

// poll is how often a visit looks whether it has seen enough.
const poll = 100 * time.Millisecond

// run visits until enough was seen; false where ctx has ended before.
func (v *visit) run(ctx context.Context) (whole bool) {
	visiting, leave := context.WithCancel(context.WithoutCancel(ctx))
	streaming, stop := context.WithCancel(ctx)
	v.link.ctx, v.begun = visiting, time.Now()
	parts := seedbox.NewParts(v.key, v.config.Dial, nil)
	parts.Peers = peers{rtc.Config{ICEServers: v.config.ICE, Relay: v.config.Relay}, v}
	parts.Sockets = sockets{parts.Sockets, v}
	parts.Stores, parts.Host = v, v
	n := node.New(node.Config{Server: v.config.Server, Rand: v.rand, Parts: parts})
	file, at := v.anywhere()
	var engine, player sync.WaitGroup
	defer engine.Wait()
	defer leave()
	defer player.Wait() // the engine answers it until it has ended
	defer stop()
	engine.Go(func() { n.Run(visiting) })
	if n.Share(ctx, true) != nil {
		return false
	}
	if _, err := n.AddTorrent(ctx, v.torrent.Bytes()); err != nil {
		return false
	}
	player.Go(func() { v.stream(streaming, n, file, at) })
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case now := <-ticker.C:
			if v.over(now) {
				v.left = now
				return true
			}
		}
	}
}

// anywhere returns a random byte of the work, and its file.
func (v *visit) anywhere() (file int, at int64) {
	at = v.rand.Int64N(max(1, v.torrent.Info.Size()))
	for n, f := range v.torrent.Info.Content() {
		if file = n; at < f.Length {
			break
		}
		at -= f.Length
	}
	return file, at
}

// stream reads a file from a byte on, as a player does.
func (v *visit) stream(ctx context.Context, n *node.Node, file int, at int64) {
	f, _ := v.torrent.Info.ContentFile(file)
	for at < f.Length {
		b, err := n.Read(ctx, v.torrent.Infohash, file, at, f.Length)
		if err != nil {
			return
		}
		at += int64(len(b))
	}
}

// verified has all connections told of a piece.
func (v *visit) verified(index int, piece []byte) {
	for _, t := range v.watched() {
		t.verified(index, piece)
	}
}

func (v *visit) watched() []*tap {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.taps[:len(v.taps):len(v.taps)]
}

// ticketed takes a ticket.
func (v *visit) ticketed(t ticket.Ticket) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if t.Leecher == [32]byte(v.key.Public().(ed25519.PublicKey)) {
		v.tickets[t.Channel] = t
	}
}

// counted takes how many leechers the server knows of.
func (v *visit) counted(leechers int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.leechers = max(v.leechers, leechers)
}

// Open implements node.Stores.
func (v *visit) Open(context.Context, [20]byte, *metainfo.Info) (store.Store, error) {
	return v.pieces, nil
}

// Changed implements node.Host, as do those after it.
func (v *visit) Changed(s node.Snapshot) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.shown = s
}

// Nothing is earned, and a visit is nobody's budget.
func (v *visit) Removed([20]byte)        {}
func (v *visit) Keep(node.Receipt)       {}
func (v *visit) Forget([16]byte)         {}
func (v *visit) Promised(receipt.Result) {}
func (v *visit) Moved(int64, int64)      {}
