package api

import (
	"net/netip"
	"testing"
	"time"
)

func TestRates(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	rs := newRates()
	ask := func(address string, cost, times int) (allowed int) {
		for range times {
			if rs.allow(netip.MustParseAddr(address), now, cost) {
				allowed++
			}
		}
		return allowed
	}
	for _, c := range []struct {
		address     string
		cost, times int
		want        int
	}{
		{"192.0.2.1", 1, 500, requestsAtOnce},
		{"192.0.2.2", 10, 500, requestsAtOnce / 10},
		{"2001:db8::1", 1, 60, 60},
		{"2001:db8::ffff:1", 1, 60, 40},
		{"2001:db8:0:1::1", 1, 60, 60},
		{"192.0.2.3", 0, 500, 500},
	} {
		if got := ask(c.address, c.cost, c.times); got != c.want {
			t.Errorf("%s: %d of %d requests were allowed, want %d", c.address, got, c.times, c.want)
		}
	}
	now = now.Add(2 * time.Second)
	if got := ask("192.0.2.1", 1, 500); got != 2*requestsPerSecond {
		t.Errorf("after 2 s: %d requests were allowed", got)
	}
}

func TestIdleAddressesAreForgotten(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	rs := newRates()
	for n := range 10 * minSweep {
		now = now.Add(100 * time.Millisecond)
		rs.allow(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), now, 1)
		if len(rs.seen) > 2*minSweep {
			t.Fatalf("%d addresses are remembered", len(rs.seen))
		}
	}
}
