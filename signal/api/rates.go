package api

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How many requests one address, or one IPv6 /64, may send; those that cost the
// server more count as several.
const (
	requestsPerSecond = 20
	requestsAtOnce    = 100
	publishCost       = 10
	receiptsPerCost   = 50
)

// rates remembers how fast each address asks.
type rates struct {
	mu    sync.Mutex
	seen  map[netip.Prefix]*rate.Limiter
	sweep int // length of seen at which the idle ones are forgotten
}

const minSweep = 1024

func newRates() *rates { return &rates{seen: map[netip.Prefix]*rate.Limiter{}, sweep: minSweep} }

func (rs *rates) allow(a netip.Addr, now time.Time, cost int) bool {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	key, _ := a.Prefix(bits) // of no address at all: the zero prefix
	limiter := rs.seen[key]
	if limiter == nil {
		rs.forget(now)
		limiter = rate.NewLimiter(requestsPerSecond, requestsAtOnce)
		rs.seen[key] = limiter
	}
	return limiter.AllowN(now, cost)
}

// forget drops the addresses that have all their requests left, each time their
// number has doubled.
func (rs *rates) forget(now time.Time) {
	if len(rs.seen) < rs.sweep {
		return
	}
	for key, limiter := range rs.seen {
		if limiter.TokensAt(now) >= requestsAtOnce {
			delete(rs.seen, key)
		}
	}
	rs.sweep = max(minSweep, 2*len(rs.seen))
}

func private(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() }
