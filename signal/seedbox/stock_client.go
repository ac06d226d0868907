package seedbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/anacrolix/dht/v2"
	"github.com/anacrolix/torrent"
	"github.com/anacrolix/torrent/iplist"
	stock "github.com/anacrolix/torrent/metainfo"
	"github.com/anacrolix/torrent/storage"
	"golang.org/x/time/rate"
)

// What peers are told of us.
const (
	stockVersion = "Fanseed 0.1"
	stockPeerID  = "-FS0100-"
)

// wakes is how often the client looks whether it has something to write to a peer: it can sleep over a block that became ready just as it
// looked, and would wait for its keep-alive, which is due each minute otherwise.
const wakes = 3 * time.Second

// client makes anacrolix's client. It never uses webseeds or trackers of WebTorrent: these are other parties' work.
func (s *Stock) client(listen string, private bool) (*torrent.Client, error) {
	host, port, err := listenAddress(listen)
	if err != nil {
		return nil, err
	}
	c := torrent.NewDefaultClientConfig()
	c.ListenHost, c.ListenPort = func(string) string { return host }, port
	c.DisableIPv4, c.DisableIPv6 = withoutFamily(host)
	c.Seed, c.DisableWebtorrent, c.DisableWebseeds, c.NoDefaultPortForwarding = true, true, true, true
	c.DisableUTP, c.NoDHT, c.DisablePEX = !s.config.UTP, !s.config.DHT || private, !s.config.PEX || private
	c.KeepAliveTimeout = wakes
	if nodes := s.config.Nodes; len(nodes) > 0 {
		c.DhtStartingNodes = func(string) dht.StartingNodesGetter {
			return func() ([]dht.Addr, error) { return dhtNodes(nodes), nil }
		}
	}
	c.Bep20, c.ExtendedHandshakeClientVersion, c.HTTPUserAgent = stockPeerID, stockVersion, stockVersion
	if up := s.config.Rates.Up; up > 0 {
		c.UploadRateLimiter = rateLimiter(up)
	}
	if down := s.config.Rates.Down; down > 0 { // a limiter without a limit would count as one that is used up
		c.DownloadRateLimiter = rateLimiter(down)
	}
	c.MaxUnverifiedBytes, c.EstablishedConnsPerTorrent = unverified, connsOfWork
	c.DisableAcceptRateLimiting = s.config.PrivateNets
	c.DefaultStorage = noStorage{}
	c.Slogger = slog.New(slog.DiscardHandler) // it tells of addresses at every level
	s.guard(c)
	client, err := torrent.NewClient(c)
	if err != nil {
		return nil, fmt.Errorf("listen for stock clients: %w", err)
	}
	return client, nil
}

func dhtNodes(addresses []netip.AddrPort) (nodes []dht.Addr) {
	for _, a := range addresses {
		nodes = append(nodes, dht.NewAddr(net.UDPAddrFromAddrPort(a)))
	}
	return nodes
}

func rateLimiter(bytes int64) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(bytes), int(max(256<<10, min(bytes, 4<<20))))
}

// noStorage is that of torrents without a store: there are none, and the client writes no files of its own.
type noStorage struct{}

// OpenTorrent implements storage.ClientImpl.
func (noStorage) OpenTorrent(context.Context, *stock.Info, stock.Hash) (storage.TorrentImpl, error) {
	return storage.TorrentImpl{}, errors.New("a torrent without a store")
}

// guard bounds the client's connections and sorts out what it must not see.
func (s *Stock) guard(c *torrent.ClientConfig) {
	d := door{private: s.config.PrivateNets, conns: &s.conns, most: int64(s.config.MaxConns)}
	c.IPBlocklist, c.TrackerDialContext, c.HTTPDialContext, c.TrackerListenPacket = d, d.dial, d.dial, d.listenPacket
	c.Callbacks.PeerConnAdded = append(c.Callbacks.PeerConnAdded, func(*torrent.PeerConn) { s.conns.Add(1) })
	c.Callbacks.PeerConnClosed = func(*torrent.PeerConn) { s.conns.Add(-1) }
	c.Callbacks.ReadMessage = sift
}

func listenAddress(listen string) (host string, port int, err error) {
	host, service, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("listen for stock clients: %w", err)
	}
	port, err = net.LookupPort("tcp", service)
	return host, port, err
}

// withoutFamily says which of the address families cannot be listened on: the other than the host's, or one that the system lacks.
func withoutFamily(host string) (v4, v6 bool) {
	if a, err := netip.ParseAddr(host); err == nil {
		return !a.Is4(), a.Is4()
	}
	return lacks("tcp4", "0.0.0.0:0"), lacks("tcp6", "[::]:0")
}

func lacks(network, address string) bool {
	l, err := net.Listen(network, address)
	if err == nil {
		_ = l.Close()
	}
	return err != nil
}

var _ iplist.Ranger = door{}

// mostTrackers of one work are asked: a torrent may name thousands of strangers.
const mostTrackers = 8

// stockTrackers are those that stock clients can speak with: over HTTP and UDP, in the one form of their URLs over which the client does
// not end the process. They are the first of them all.
func stockTrackers(tiers [][]string) (kept [][]string) {
	left := mostTrackers
	for _, tier := range tiers {
		var urls []string
		for _, s := range tier {
			if canonical, ok := stockTracker(s); ok && left > 0 {
				urls = append(urls, canonical)
				left--
			}
		}
		if len(urls) > 0 {
			kept = append(kept, urls)
		}
	}
	return kept
}

func stockTracker(s string) (canonical string, ok bool) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return "", false
	}
	canonical = u.String()
	if again, err := url.Parse(canonical); err != nil || again.String() != canonical {
		return "", false
	}
	return canonical, u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "udp" && u.Port() != ""
}
