package main

import (
	"context"
	"errors"
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
)

// copyOptions is what the flags say of the server's own copies.
type copyOptions struct {
	mode            string // off, web or full
	folder          string
	disk            int64
	upload          int64
	listen          string
	dht, utp        bool
	webseed         int64
	webseedEach     int64
	webseedYielding int64
}

func (o *copyOptions) define(f *flag.FlagSet) {
	f.StringVar(&o.mode, "seedbox", "web", "the server's own copies of published works: `off`, web for browsers and over HTTP, or full for BitTorrent clients over TCP, too")
	f.StringVar(&o.folder, "seedbox-data", "", "`folder` of the copies; seedbox in -data when empty")
	f.Int64Var(&o.disk, "seedbox-disk", 20<<30, "`bytes` that all copies may take; where a work has no room, copies make way that at least two others seed, first those that most others seed, and of these what nobody has asked for longest")
	f.Int64Var(&o.upload, "seedbox-upload", 0, "most `bytes` a second that go to browsers over WebRTC, and as many to BitTorrent clients; 0 for no limit")
	f.StringVar(&o.listen, "seedbox-listen", ":6881", "`address` for BitTorrent clients, TCP and UDP, with -seedbox=full")
	f.BoolVar(&o.dht, "seedbox-dht", true, "find BitTorrent clients by DHT and PEX, with -seedbox=full; private torrents never")
	f.BoolVar(&o.utp, "seedbox-utp", false, "also speak uTP, with -seedbox=full: the implementation in Go stalls with some clients now and then")
	f.Int64Var(&o.webseed, "webseed-rate", 0, "most `bytes` a second that all together are sent over HTTP; 0 for no limit")
	f.Int64Var(&o.webseedEach, "webseed-rate-each", 32<<20, "most `bytes` a second that one address, or one IPv6 /64, is sent over HTTP; 0 for no limit")
	f.Int64Var(&o.webseedYielding, "webseed-rate-yielding", 4<<20, "most `bytes` a second that one address is sent over HTTP of a work that others seed too, so that they come first; 0 for no limit")
}

func (o *copyOptions) check() error {
	if o.mode != "off" && o.mode != "web" && o.mode != "full" {
		return fmt.Errorf("-seedbox: %q is not off, web or full", o.mode)
	}
	if o.disk < 0 || o.upload < 0 || o.webseed < 0 || min(o.webseedEach, o.webseedYielding) < 0 {
		return errors.New("-seedbox-disk, -seedbox-upload and the rates of the webseed are not negative")
	}
	return nil
}

// openBox opens the copies that there are. The server's own peers reach it on the
// address that it listens on, by the name that it has outside.
func (s *server) openBox(ctx context.Context, listens *net.TCPAddr, ice []api.ICEServer) error {
	o := s.copies
	if o.mode != "web" && o.mode != "full" {
		return nil
	}
	folder := o.folder
	if folder == "" {
		folder = filepath.Join(s.data, "seedbox")
	}
	box, err := seedbox.OpenBox(seedbox.BoxConfig{
		Folder: folder, Disk: o.disk, Upload: o.upload, Key: s.copyKey, Server: s.origins[0],
		Dialer: socket.Dialer{Address: reach(listens)}, ICE: iceOf(ice),
		Torrents: s.db, Swarms: s.hub, Stock: o.stock(s), Log: s.log,
	})
	if err != nil {
		return fmt.Errorf("-seedbox: %w", err)
	}
	s.box = box
	if port := box.StockPort(); port > 0 {
		s.log.Info("BitTorrent clients are met", "port", port)
	}
	listed, err := s.listed(ctx)
	if err != nil {
		return err
	}
	box.Begin(listed)
	return nil
}

// stock is how BitTorrent clients are met; nil for not at all.
func (o *copyOptions) stock(s *server) *seedbox.StockConfig {
	if o.mode != "full" {
		return nil
	}
	return &seedbox.StockConfig{
		Listen: o.listen, DHT: o.dht, PEX: o.dht, UTP: o.utp, Rates: seedbox.Rates{Up: o.upload}, PrivateNets: s.trust, Log: s.log,
	}
}

// reach is where a listener is reached from the same machine.
func reach(listens *net.TCPAddr) string {
	ip := listens.IP
	if ip.IsUnspecified() {
		ip = net.IPv4(127, 0, 0, 1)
		if strings.Contains(listens.IP.String(), ":") {
			ip = net.IPv6loopback
		}
	}
	return net.JoinHostPort(ip.String(), strconv.Itoa(listens.Port))
}

func iceOf(servers []api.ICEServer) (list []seedbox.ICEServer) {
	for _, s := range servers {
		list = append(list, seedbox.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	return list
}

// listed returns every listed work, the newest first.
func (s *server) listed(ctx context.Context) (all []seedbox.Listed, err error) {
	for page := (ledger.Page{Limit: 1000}); ; {
		works, err := s.db.Works(ctx, page)
		if err != nil || len(works) == 0 {
			return all, err
		}
		for _, w := range works {
			all = append(all, seedbox.Listed{Infohash: w.Infohash, Length: int64(w.Length)})
		}
		page.After = works[len(works)-1].Infohash
	}
}

// copies is the box as the API knows it.
type copies struct {
	*seedbox.Box
	webseed http.Handler
}

// copiesFor returns the copies for the API; nil where there are none.
func (s *server) copiesFor(proxies socket.Proxies) api.Copies {
	if s.box == nil {
		return nil
	}
	o := s.options.copies
	c := seedbox.WebseedConfig{Client: proxies.Client, PerAddress: o.webseedEach, Total: o.webseed, Yielding: o.webseedYielding}
	if s.trust { // all that is on a laptop has one address
		c.PerAddress = 0
	}
	return copies{s.box, s.box.Webseed(c)}
}

// Copy implements api.Copies.
func (c copies) Copy(infohash [20]byte) (state string, progress float64, known bool) {
	status, known := c.Status(infohash)
	return string(status.State), status.Progress, known
}

// Pull implements api.Copies.
func (c copies) Pull(infohash [20]byte, length int64) {
	c.Box.Pull(seedbox.Listed{Infohash: infohash, Length: length})
}

// Webseed implements api.Copies.
func (c copies) Webseed() http.Handler { return c.webseed }

func (s *server) copyMetrics() []api.Metric {
	if s.box == nil {
		return nil
	}
	used := func() int64 { bytes, _ := s.box.Used(); return bytes }
	whole := func() int64 { _, whole := s.box.Used(); return int64(whole) }
	return []api.Metric{
		{Name: "fanseed_copies", Help: "Works of which the server has a whole copy.", Type: "gauge", Value: whole},
		{Name: "fanseed_copies_bytes", Help: "Bytes of the server's copies.", Type: "gauge", Value: used},
		{Name: "fanseed_copies_sent_bytes_total", Help: "Bytes that the server's copies sent over WebRTC.", Type: "counter", Value: s.box.Sent},
		{Name: "fanseed_copies_received_bytes_total", Help: "Bytes that they received over WebRTC.", Type: "counter", Value: s.box.Received},
	}
}
