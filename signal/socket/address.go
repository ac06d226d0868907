package socket

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Proxies are the networks whose X-Forwarded-For header is believed.
type Proxies []netip.Prefix

// Client returns the address of a request's client: the rightmost hop that is no trusted proxy. It is unmapped, without a zone, and
// zero when the request names none.
func (p Proxies) Client(r *http.Request) netip.Addr {
	hop := parseHost(r.RemoteAddr)
	forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(forwarded) - 1; i >= 0 && p.trusted(hop); i-- {
		next := parseHost(strings.TrimSpace(forwarded[i]))
		if !next.IsValid() {
			break
		}
		hop = next
	}
	return hop
}

func (p Proxies) trusted(a netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// parseHost reads an address with or without a port.
func parseHost(s string) netip.Addr {
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// addresses counts the sockets and upgrades of each address.
type addresses struct {
	limits Limits
	mu     sync.Mutex
	seen   map[netip.Prefix]*address
	sweep  int // length of seen at which the idle ones are forgotten
}

type address struct {
	sockets  int
	upgrades *rate.Limiter
}

const minSweep = 1024

func newAddresses(l Limits) *addresses {
	return &addresses{limits: l, seen: map[netip.Prefix]*address{}, sweep: minSweep}
}

// group returns what counts as one address: an IPv6 customer has a whole /64.
func group(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // of the zero address: the zero prefix
	return p
}

// open counts a socket, unless its address has too many or opens them too fast.
func (as *addresses) open(addr netip.Addr, now time.Time) bool {
	as.mu.Lock()
	defer as.mu.Unlock()
	key := group(addr)
	a := as.seen[key]
	if a == nil {
		as.forget(now)
		a = &address{upgrades: rate.NewLimiter(rate.Limit(as.limits.UpgradeRate), as.limits.UpgradeMax)}
		as.seen[key] = a
	}
	if a.sockets >= as.limits.PerAddress || !a.upgrades.AllowN(now, 1) {
		return false
	}
	a.sockets++
	return true
}

func (as *addresses) close(addr netip.Addr) {
	as.mu.Lock()
	defer as.mu.Unlock()
	as.seen[group(addr)].sockets--
}

// forget drops the addresses that have no socket and nothing to remember, each time their number has doubled.
func (as *addresses) forget(now time.Time) {
	if len(as.seen) < as.sweep {
		return
	}
	for key, a := range as.seen {
		if a.sockets == 0 && a.upgrades.TokensAt(now) >= float64(as.limits.UpgradeMax) {
			delete(as.seen, key)
		}
	}
	as.sweep = max(minSweep, 2*len(as.seen))
}
