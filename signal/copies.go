package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"

	"fanseed/signal/api"
	"fanseed/signal/ledger"
	"fanseed/signal/seedbox"
	"fanseed/signal/socket"
	"fanseed/wasm/rtc"
)

// copyOptions is what the flags say of the server's own copies. Sizes are bytes,
// rates bytes a second; of rates 0 means no limit.
type copyOptions struct {
	mode            string // off, web or full
	disk            int64
	each            int64 // of it, for one publisher
	webseed         int64
	webseedEach     int64
	webseedYielding int64
	listen          string
	stockUp         int64
	dht, utp        bool
}

func (o *copyOptions) define(f *flag.FlagSet) {
	o.disk, o.webseedEach, o.webseedYielding = 20<<30, 32<<20, 4<<20
	f.StringVar(&o.mode, "seedbox", "web", "`what` this server does itself for the works that are published here: web keeps a copy of each, and gives it to browsers and over HTTP; full gives it to BitTorrent clients too, over TCP and uTP; off keeps none")
	f.Var(size{&o.disk}, "seedbox-disk", "`size` of all copies together, such as 500MiB; a new one that does not fit takes the place of those that most others seed")
	f.Var(size{&o.each}, "seedbox-each", "`size` of the copies of one publisher's works together; 0 for no limit but -seedbox-disk")
	f.StringVar(&o.listen, "seedbox-listen", ":6881", "`address` at which BitTorrent clients are met, TCP and UDP, with -seedbox=full")
	f.Var(size{&o.stockUp}, "seedbox-rate", "`bytes` that BitTorrent clients are sent in a second at most, all together, such as 4MiB; 0 for no limit")
	f.BoolVar(&o.dht, "seedbox-dht", true, "with -seedbox=full, find BitTorrent clients by DHT and peer exchange; private torrents never")
	f.BoolVar(&o.utp, "seedbox-utp", true, "with -seedbox=full, speak uTP beside TCP")
	f.Var(size{&o.webseed}, "webseed-rate", "`bytes` that are sent over HTTP in a second at most, to all together; 0 for no limit")
	f.Var(size{&o.webseedEach}, "webseed-rate-each", "`bytes` that one address, or one IPv6 /64, is sent over HTTP in a second at most; 0 for no limit; not limited with -trust-private-nets")
	f.Var(size{&o.webseedYielding}, "webseed-rate-yielding", "the same `bytes` of a work that others seed: those who are there for it come first; 0 for no limit")
}

func (o *copyOptions) check() error {
	if o.mode != "off" && o.mode != "web" && o.mode != "full" {
		return fmt.Errorf("-seedbox: %q is not off, web or full", o.mode)
	}
	return nil
}

// stock is how BitTorrent clients are met; nil for not at all.
func (s *server) stock() *seedbox.StockConfig {
	o := s.seedbox
	if o.mode != "full" {
		return nil
	}
	return &seedbox.StockConfig{
		Listen: o.listen, DHT: o.dht, PEX: o.dht, UTP: o.utp, Rates: seedbox.Rates{Up: o.stockUp}, PrivateNets: s.trust,
		Trackers: listed(s.trackers), Log: s.log,
	}
}

// overHTTP is the webseed.
func (s *server) overHTTP(c *copies, proxies socket.Proxies) *seedbox.Webseed {
	o := s.seedbox
	if s.trust { // all that is on a laptop has one address
		o.webseedEach = 0
	}
	return seedbox.NewWebseed(c.shelf, seedbox.WebseedConfig{
		Client: proxies.Client, PerAddress: o.webseedEach, Total: o.webseed, Seeders: c.Box.Others, Yielding: o.webseedYielding,
	})
}

// copies are the server's own copies of works. A nil one is off.
type copies struct {
	*seedbox.Box
	shelf   *seedbox.Shelf
	webseed *seedbox.Webseed
	loop    *loop
}

// works are the published ones, as the box sees them.
type works struct {
	*ledger.Listing
	db ledger.Works
}

func (w works) Torrent(ctx context.Context, infohash [20]byte) ([]byte, error) {
	return w.db.Torrent(ctx, infohash)
}

// openCopies opens what there is of copies. Nothing is fetched before begin.
func (s *server) openCopies(own net.Addr, proxies socket.Proxies, ice []api.ICEServer) (err error) {
	if s.seedbox.mode == "off" {
		return nil
	}
	key, err := loadKey(s.data, seedboxKey)
	if err != nil {
		return err
	}
	c := &copies{}
	servers := make([]rtc.ICEServer, len(ice))
	for i, server := range ice {
		servers[i] = rtc.ICEServer(server)
	}
	folder := filepath.Join(s.data, "copies")
	if c.shelf, err = seedbox.OpenShelf(folder, s.log); err != nil {
		return err
	}
	c.Box, err = seedbox.NewBox(seedbox.BoxConfig{
		Shelf: c.shelf, Record: filepath.Join(folder, "wanted.json"), Server: s.origins[0], Dial: own.String(), Key: key,
		Budget: s.seedbox.disk, Each: s.seedbox.each, Works: works{s.listing, s.db}, Counts: func(infohash [20]byte) (int, int) { return s.hub.Counts(infohash) },
		ICE: servers, Stock: s.stock(), Log: s.log,
	})
	if err != nil {
		return err
	}
	for infohash, w := range s.listing.All() { // the box may have been off when they were published
		c.Adopt(infohash, w.Length, w.Publisher)
	}
	if port := c.Port(); port != 0 {
		s.log.Info("BitTorrent clients are met", "port", port)
	}
	c.webseed, s.copies = s.overHTTP(c, proxies), c
	return nil
}

// Copy implements api.Copies.
func (c *copies) Copy(infohash [20]byte) (string, float64) {
	state, progress := c.Box.Copy(infohash)
	return string(state), progress
}

// words are what the API says of the copies.
func (c *copies) words() api.Copies {
	if c == nil {
		return nil // and not an interface that holds a nil
	}
	return c
}

// accounts are the server's own, which earns nothing.
func (c *copies) accounts() map[[16]byte]bool {
	if c == nil {
		return nil
	}
	return map[[16]byte]bool{c.Account(): true}
}

// handler puts the webseed before everything else that is said on the public
// listener.
func (c *copies) handler(next http.Handler) http.Handler {
	if c == nil {
		return next
	}
	mux := http.NewServeMux()
	mux.Handle(seedbox.WebseedPath, c.webseed)
	mux.Handle("/", next)
	return mux
}

func (c *copies) begin(failed chan<- error) {
	if c != nil {
		c.loop = begin(c.Box.Run, failed)
	}
}

// end says good-bye to the peers.
func (c *copies) end() {
	if c != nil {
		c.loop.end()
	}
}

func (c *copies) remove(infohash [20]byte) error {
	if c == nil {
		return nil
	}
	return c.Remove(infohash)
}

func (c *copies) close() error {
	if c == nil {
		return nil
	}
	return c.shelf.Close()
}

func (c *copies) metrics() []api.Metric {
	if c == nil {
		return nil
	}
	return []api.Metric{
		{Name: "fanseed_copies", Help: "Works of which this server has a copy, or a part of one.", Type: "gauge", Value: func() int64 { return int64(len(c.shelf.Copies())) }},
		{Name: "fanseed_copies_bytes", Help: "What the copies take on the disk.", Type: "gauge", Value: c.shelf.Used},
		{Name: "fanseed_copies_waiting", Help: "Works for whose copy there is no room.", Type: "gauge", Value: func() int64 { return int64(c.Box.Waiting()) }},
		{Name: "fanseed_copies_received_bytes_total", Help: "Bytes of works that the copies got from peers over WebRTC.", Type: "counter", Value: func() int64 { n, _ := c.Moved(); return n }},
		{Name: "fanseed_copies_sent_bytes_total", Help: "Bytes of works that peers got from the copies over WebRTC.", Type: "counter", Value: func() int64 { _, n := c.Moved(); return n }},
		{Name: "fanseed_stock_received_bytes_total", Help: "Bytes of works that BitTorrent clients gave.", Type: "counter", Value: func() int64 { n, _ := c.StockBytes(); return n }},
		{Name: "fanseed_stock_sent_bytes_total", Help: "Bytes of works that BitTorrent clients got.", Type: "counter", Value: func() int64 { _, n := c.StockBytes(); return n }},
		{Name: "fanseed_webseed_bytes_total", Help: "Bytes of works sent over HTTP.", Type: "counter", Value: c.webseed.Total},
	}
}

// size is a flag's number of bytes, such as 20GiB, in the units that follow.
type size struct{ bytes *int64 }

func (s size) String() string {
	if s.bytes == nil {
		return ""
	}
	n, unit := *s.bytes, ""
	for _, next := range units {
		if n == 0 || n%1024 != 0 {
			break
		}
		n, unit = n/1024, next
	}
	return strconv.FormatInt(n, 10) + unit
}

var units = []string{"KiB", "MiB", "GiB", "TiB"}

// Set implements flag.Value.
func (s size) Set(text string) error {
	number, unit := text, int64(1)
	for i, name := range units {
		if before, ok := strings.CutSuffix(text, name); ok {
			number, unit = before, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/unit {
		return fmt.Errorf("%q is no size, such as 20GiB", text)
	}
	*s.bytes = n * unit
	return nil
}
