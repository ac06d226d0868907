package seedbox

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What one address, or one IPv6 /64, and all together may ask for.
const (
	maxRequests         = 1024 // that are being answered
	maxRequestsOfOne    = 32
	requestsPerSecond   = 100
	requestsInAnInstant = 400
)

// pace bounds how much is asked for, and how fast it is sent.
type pace struct {
	perAddress int64
	yielding   int64
	total      *rate.Limiter // nil: no limit

	mu       sync.Mutex
	requests int
	seen     map[visit]*visitor
	sweep    int // length of seen at which the idle ones are forgotten
}

// visit is an address, and where it is limited the work that it fetches.
type visit struct {
	from     netip.Prefix
	infohash [20]byte // zero: all
}

type visitor struct {
	requests int           // that are being answered
	asks     *rate.Limiter // of requests
	bytes    *rate.Limiter // nil: no limit
}

const minSweep = 1024

func newPace(c WebseedConfig) *pace {
	return &pace{perAddress: c.PerAddress, yielding: c.Yielding, total: limiter(c.Total), seen: map[visit]*visitor{}, sweep: minSweep}
}

// limiter lets so many bytes pass in a second; nil lets any.
func limiter(bytes int64) *rate.Limiter {
	if bytes <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(bytes), int(max(bytes/4, limitedPart)))
}

// enter counts a request, unless there are too many.
func (p *pace) enter(from netip.Prefix) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.visitor(visit{from: from}, p.perAddress)
	if p.requests >= maxRequests || v.requests >= maxRequestsOfOne || !v.asks.Allow() {
		return false
	}
	p.requests++
	v.requests++
	return true
}

func (p *pace) leave(from netip.Prefix) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests--
	p.seen[visit{from: from}].requests--
}

func (p *pace) visitor(key visit, bytes int64) *visitor {
	v := p.seen[key]
	if v == nil {
		p.forget(time.Now())
		v = &visitor{asks: rate.NewLimiter(requestsPerSecond, requestsInAnInstant), bytes: limiter(bytes)}
		p.seen[key] = v
	}
	return v
}

// forget drops the visitors that have nothing to remember, each time their number has doubled.
func (p *pace) forget(now time.Time) {
	if len(p.seen) < p.sweep {
		return
	}
	for key, v := range p.seen {
		rested := v.bytes == nil || v.bytes.TokensAt(now) >= float64(v.bytes.Burst())
		if v.requests == 0 && rested && v.asks.TokensAt(now) >= requestsInAnInstant {
			delete(p.seen, key)
		}
	}
	p.sweep = max(minSweep, 2*len(p.seen))
}

// group returns what counts as one address.
func group(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	prefix, _ := a.Prefix(bits) // of no address at all: the zero prefix
	return prefix
}

// tokens are what an answer must have before it sends bytes.
type tokens []*rate.Limiter

// tokens returns what bounds the bytes of a work to an address.
func (h *Webseed) tokens(infohash [20]byte, from netip.Prefix) (t tokens) {
	h.pace.mu.Lock()
	defer h.pace.mu.Unlock()
	limits := []*rate.Limiter{h.pace.visitor(visit{from: from}, h.pace.perAddress).bytes, h.pace.total}
	if h.Seeders != nil && h.Seeders(infohash) > 0 {
		limits = append(limits, h.pace.visitor(visit{from, infohash}, h.pace.yielding).bytes)
	}
	for _, l := range limits {
		if l != nil {
			t = append(t, l)
		}
	}
	return t
}

// Bytes that are sent at a time.
const (
	part        = 1 << 20
	limitedPart = 64 << 10
)

// part is how many bytes may be waited for at a time.
func (t tokens) part() int64 {
	if len(t) > 0 {
		return limitedPart
	}
	return part
}

// wait waits until so many bytes may be sent.
func (t tokens) wait(ctx context.Context, n int64) error {
	for _, l := range t {
		if err := l.WaitN(ctx, int(n)); err != nil {
			return err
		}
	}
	return nil
}
