package seedbox

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// took tells how long an answer of so many bytes takes.
func took(t *testing.T, limits tokens, bytes int64) time.Duration {
	t.Helper()
	begin := time.Now()
	for bytes > 0 {
		n := min(bytes, limits.part())
		if err := limits.wait(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		bytes -= n
	}
	return time.Since(begin)
}

// near tells whether a duration is what is wanted, or a tenth less or more.
func near(got, want time.Duration) bool { return got > want*9/10 && got < want*11/10 }

var (
	anna = group(netip.MustParseAddr("2001:db8:1:2::3"))
	next = group(netip.MustParseAddr("2001:db8:1:2:ffff::4")) // the same customer
	bert = group(netip.MustParseAddr("192.0.2.1"))
)

func TestRatesOfAnAddressAndOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewWebseed(nil, WebseedConfig{PerAddress: 1 << 20, Total: 3 << 20})
		work := [20]byte{1}
		if got := took(t, h.tokens(work, anna), 20<<20); !near(got, 20*time.Second) {
			t.Errorf("20 MiB to one address took %v", got)
		}
		if got := took(t, h.tokens([20]byte{2}, next), 10<<20); !near(got, 10*time.Second) {
			t.Errorf("10 MiB more to its neighbour took %v", got)
		}
		done := make(chan time.Duration)
		for i := range 6 {
			go func() { done <- took(t, h.tokens(work, group(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}))), 10<<20) }()
		}
		var last time.Duration
		for range 6 {
			last = max(last, <-done)
		}
		if !near(last, 20*time.Second) {
			t.Errorf("60 MiB to six addresses took %v", last)
		}
	})
}

// While others seed a work, an address gets little of it, and as much of other works as before.
func TestTheWebseedYieldsToFans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seeded := [20]byte{1}
		h := NewWebseed(nil, WebseedConfig{Yielding: 128 << 10, Seeders: func(infohash [20]byte) int {
			if infohash == seeded {
				return 3
			}
			return 0
		}})
		if got := took(t, h.tokens(seeded, bert), 4<<20); !near(got, 32*time.Second) {
			t.Errorf("4 MiB of a work that fans seed took %v", got)
		}
		if got := took(t, h.tokens([20]byte{2}, bert), 1<<30); got > 0 {
			t.Errorf("1 GiB of another work took %v", got)
		}
	})
}

func TestRequestsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(WebseedConfig{})
		for i := range maxRequestsOfOne {
			if !p.enter(anna) {
				t.Fatalf("request %d was refused", i)
			}
		}
		if p.enter(next) {
			t.Error("a request too many of one customer")
		}
		if !p.enter(bert) {
			t.Error("somebody else was refused")
		}
		for range maxRequestsOfOne {
			p.leave(anna)
		}
		n := 0
		for p.enter(anna) {
			p.leave(anna)
			n++
		}
		if n != requestsInAnInstant-maxRequestsOfOne {
			t.Errorf("%d more requests in an instant", n)
		}
		time.Sleep(time.Second)
		if !p.enter(anna) {
			t.Error("refused a second later")
		}
		p.leave(anna)
		p.leave(bert)
		all := 0
		for i := range 2 * maxRequests {
			if p.enter(group(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))) {
				all++
			}
		}
		if all != maxRequests {
			t.Errorf("%d requests of all together, want %d", all, maxRequests)
		}
	})
}

// Addresses that come and go take no memory for ever.
func TestVisitorsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewWebseed(nil, WebseedConfig{PerAddress: 1 << 20, Yielding: 1 << 20, Seeders: func([20]byte) int { return 1 }})
		for i := range 100_000 {
			from := group(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
			if h.pace.enter(from) {
				h.tokens([20]byte{1}, from)
				h.pace.leave(from)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if got := len(h.pace.seen); got > 2*minSweep {
			t.Errorf("%d visitors are remembered", got)
		}
	})
}
