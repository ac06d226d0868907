package socket

import (
	"net/http"
	"net/netip"
	"testing"
	"time"
)

func TestProxies(t *testing.T) {
	proxies := Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		remote    string
		forwarded []string
		want      string
	}{
		{"192.0.2.1:80", nil, "192.0.2.1"},
		{"192.0.2.1:80", []string{"198.51.100.1"}, "192.0.2.1"}, // nobody trusts a client's own word
		{"10.0.0.1:80", nil, "10.0.0.1"},
		{"10.0.0.1:80", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:80", []string{"6.6.6.6, 198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:80", []string{"6.6.6.6", "198.51.100.1, 10.2.2.2"}, "198.51.100.1"},
		{"[fd00::1]:80", []string{"2001:db8::1"}, "2001:db8::1"},
		{"10.0.0.1:80", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"10.0.0.1:80", []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{"10.0.0.1:80", []string{"nonsense"}, "10.0.0.1"},
		{"10.0.0.1:80", []string{"6.6.6.6, nonsense, 10.2.2.2"}, "10.2.2.2"},
		{"10.0.0.1:80", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"[::ffff:192.0.2.1]:80", nil, "192.0.2.1"},
		{"[fe80::1%eth0]:80", nil, "fe80::1"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := proxies.Client(r).String(); got != c.want {
			t.Errorf("%s, %q: got %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
	if got := proxies.Client(&http.Request{RemoteAddr: "@"}); got.IsValid() {
		t.Errorf("a request without an address: got %v", got)
	}
}

func TestIdleAddressesAreForgotten(t *testing.T) {
	as := newAddresses(Limits{}.withDefaults())
	now := time.Unix(0, 0)
	a := netip.MustParseAddr("10.0.0.0")
	for range 10_000 {
		a = a.Next()
		now = now.Add(10 * time.Millisecond)
		if !as.open(a, now) {
			t.Fatal("refused")
		}
		as.close(a)
		if len(as.seen) > 2*minSweep {
			t.Fatalf("%d addresses are kept", len(as.seen))
		}
	}
}

func TestAddressWithoutAName(t *testing.T) {
	as := newAddresses(Limits{PerAddress: 1}.withDefaults())
	if !as.open(netip.Addr{}, time.Unix(0, 0)) || as.open(netip.Addr{}, time.Unix(0, 0)) {
		t.Error("clients whose address is not known do not count as one address")
	}
}
