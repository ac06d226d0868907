package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"fanseed/signal/api"
	"fanseed/signal/socket"
)

// options is what the flags say.
type options struct {
	addr       string
	urls       string
	name       string
	data       string
	ledger     string
	books      place // what ledger says
	open       bool
	trust      bool
	epoch      time.Duration
	emission   uint64
	treasury   int64
	ice        string
	admin      string
	proxies    string
	drain      time.Duration
	maxWorks   int
	maxSockets int
	perAddress int
	audits     int
	auditRelay bool
	verbose    bool
	trackers   string
	seedbox    copyOptions
}

const ledgerHelp = "where the ledger is: a URL such as `postgres://user@host/name`, or an SQLite file; the file ledger.db in -data when empty; " +
	"a password is better given by PGPASSWORD or ~/.pgpass than in the URL"

func parseFlags(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("fanseed serve", flag.ContinueOnError)
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 takes a free one")
	f.StringVar(&o.urls, "url", "", "`origin` by which browsers reach this server, such as https://fanseed.example; several are joined by commas, the first one goes into links; needed unless -addr is a loopback address")
	f.StringVar(&o.name, "name", "Fanseed", "`name` of this server, as people see it")
	f.StringVar(&o.data, "data", defaultData(), "`folder` of the ledger, unless -ledger says otherwise, and of the server's keys; it is made if it is missing")
	f.StringVar(&o.ledger, "ledger", "", ledgerHelp)
	f.BoolVar(&o.open, "open", false, "introduce the peers of every torrent, not only of those published here; unpublished ones earn nothing")
	f.BoolVar(&o.trust, "trust-private-nets", false, "count each account on a loopback or private address as a network of its own, and do not limit how fast it asks: for laptops and tests; implied when -addr is a loopback address")
	f.DurationVar(&o.epoch, "epoch", 24*time.Hour, "`length` of an epoch, at the end of which credits are paid: whole seconds; it cannot be changed once the ledger has begun")
	f.Uint64Var(&o.emission, "emission", 1_000_000_000, "`µ-credits` that an epoch pays out of the treasury at most; and never more than a 400th of what is in it")
	f.Int64Var(&o.treasury, "treasury", 1_000_000_000, "`µ-credits` deposited in the treasury altogether; starting again with a larger number adds the difference")
	f.StringVar(&o.ice, "ice-servers", "", "STUN and TURN `servers` that pages use: URLs joined by commas, or @file with a JSON array of {urls, username, credential}; none when empty")
	f.StringVar(&o.admin, "admin", "127.0.0.1:0", "`address` of the operator's listener (/healthz, /readyz, /metrics, takedown), or off; keep it private")
	f.StringVar(&o.proxies, "proxies", "", "`networks` of the proxies before this server, such as 10.0.0.0/8, joined by commas, whose X-Forwarded-For is believed")
	f.DurationVar(&o.drain, "drain", time.Second, "`time` over which the open sockets are closed when the server stops")
	f.IntVar(&o.maxWorks, "max-works", 10_000, "most works that can be published here")
	f.IntVar(&o.maxSockets, "max-sockets", 50_000, "most sockets that are open at once")
	f.IntVar(&o.perAddress, "max-sockets-per-address", 50, "most sockets of one address, or of one IPv6 /64; not limited with -trust-private-nets")
	f.StringVar(&o.trackers, "trackers", "", "`URLs` of ordinary trackers (http, udp) for clients that speak no WebRTC, joined by commas: every work's .torrent and link names them after this server, if it is not private")
	f.IntVar(&o.audits, "audits", 0, "`times` an hour, on average and at random moments, that this server downloads a part of some work as anybody does, to see how it is seeded; 0 for never; what fails is logged and counted")
	f.BoolVar(&o.auditRelay, "audit-relay", false, "make the connections of -audits through the TURN servers of -ice-servers alone, so that seeders do not know them by this server's address")
	o.seedbox.define(f)
	f.BoolVar(&o.verbose, "verbose", false, "log more")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("%q is not a flag", f.Arg(0))
	}
	return o, o.check()
}

// defaultData is the folder for a person's own server.
func defaultData() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "fanseed-data"
	}
	return filepath.Join(dir, "fanseed")
}

func (o *options) check() error {
	var err error
	if o.books, err = placeOf(o.ledger, o.data); err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(o.addr)
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	if !loopback(host) && o.urls == "" {
		return errors.New("-addr is no loopback address, so -url must say how browsers reach this server")
	}
	if err := o.seedbox.check(); err != nil {
		return err
	}
	for _, tracker := range listed(o.trackers) {
		if !strings.HasPrefix(tracker, "http://") && !strings.HasPrefix(tracker, "https://") && !strings.HasPrefix(tracker, "udp://") {
			return fmt.Errorf("-trackers: %q is no http or udp tracker", tracker)
		}
	}
	o.trust = o.trust || loopback(host)
	if o.audits < 0 {
		return errors.New("-audits is not negative")
	}
	if o.treasury < 0 || o.maxWorks < 0 || o.maxSockets < 1 || o.perAddress < 1 {
		return errors.New("-treasury and limits are not negative, and at least one socket must be allowed")
	}
	return nil
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback() || host == "localhost"
}

// origins returns every origin by which this server, listening on addr, is dialled.
func (o *options) origins(addr *net.TCPAddr) ([]string, error) {
	var list []string
	for url := range strings.SplitSeq(o.urls, ",") {
		if url = strings.TrimSuffix(strings.TrimSpace(url), "/"); url == "" {
			continue
		}
		scheme, host, ok := strings.Cut(url, "://")
		if !ok || scheme != "http" && scheme != "https" || host == "" || strings.ContainsAny(host, "/?#@ ") {
			return nil, fmt.Errorf("-url: %q is not an origin, such as https://fanseed.example", url)
		}
		list = append(list, scheme+"://"+strings.ToLower(host))
	}
	if addr.IP.IsLoopback() {
		for _, host := range []string{addr.IP.String(), "127.0.0.1", "localhost", "::1"} {
			if origin := "http://" + net.JoinHostPort(host, strconv.Itoa(addr.Port)); !slices.Contains(list, origin) {
				list = append(list, origin)
			}
		}
	}
	return list, nil
}

// limits are those of the sockets.
func (o *options) limits() socket.Limits {
	l := socket.Limits{Sockets: o.maxSockets, PerAddress: o.perAddress}
	if o.trust { // all that is on a laptop has one address
		l.PerAddress, l.UpgradeRate, l.UpgradeMax = o.maxSockets, 1000, 1000
	}
	return l
}

// iceServers reads what -ice-servers says.
func (o *options) iceServers() ([]api.ICEServer, error) {
	servers := []api.ICEServer{}
	if path, ok := strings.CutPrefix(o.ice, "@"); ok {
		b, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(b, &servers)
		}
		if err != nil {
			return nil, fmt.Errorf("-ice-servers: %w", err)
		}
		return servers, nil
	}
	for url := range strings.SplitSeq(o.ice, ",") {
		if url = strings.TrimSpace(url); url == "" {
			continue
		}
		if scheme, _, ok := strings.Cut(url, ":"); !ok || !strings.Contains(" stun stuns turn turns ", " "+scheme+" ") {
			return nil, fmt.Errorf("-ice-servers: %q is not a stun or turn URL", url)
		}
		servers = append(servers, api.ICEServer{URLs: []string{url}})
	}
	return servers, nil
}

func (o *options) trustedProxies() (socket.Proxies, error) {
	var proxies socket.Proxies
	for network := range strings.SplitSeq(o.proxies, ",") {
		if network = strings.TrimSpace(network); network == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return nil, fmt.Errorf("-proxies: %w", err)
		}
		proxies = append(proxies, prefix)
	}
	return proxies, nil
}
