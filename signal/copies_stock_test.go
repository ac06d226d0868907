package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"fanseed/signal/seedbox"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// stockClient is a client that speaks TCP and no WebRTC, and a way to have it meet the server.
type stockClient struct {
	*testing.T
	*seedbox.Stock
	server netip.AddrPort
}

func newStockClient(t *testing.T, s *server) stockClient {
	t.Helper()
	client, err := seedbox.NewStock(seedbox.StockConfig{Listen: "127.0.0.1:0", PrivateNets: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return stockClient{t, client, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(s.copies.Port()))}
}

// takes has the client share a work from what it has of it.
func (c stockClient) takes(work song, have bool) store.Store {
	c.Helper()
	view := store.NewMemory(work.Info, store.NewBudget(1<<30))
	for i := 0; have && i < work.Info.NumPieces(); i++ {
		if err := view.Put(c.Context(), i, work.content[i*songPiece:min(len(work.content), (i+1)*songPiece)]); err != nil {
			c.Fatal(err)
		}
	}
	if err := c.Add(work.Torrent, view); err != nil {
		c.Fatal(err)
	}
	return view
}

// until has the client meet the server again and again: the copy may not have begun.
func (c stockClient) until(what string, work song, is func() bool) {
	c.Helper()
	eventually(c.T, what, func() bool {
		if is() {
			return true
		}
		c.Connect(work.Infohash, c.server)
		return false
	})
}

// What is published over WebRTC reaches a client over TCP, and what that one seeds reaches the server, whence browsers and the webseed have
// it, also after a restart.
func TestStockClientsAndBrowsersAreOneSwarm(t *testing.T) {
	o := flags(t, "-seedbox", "full", "-seedbox-listen", "127.0.0.1:0", "-seedbox-dht=false", "-trackers", "http://127.0.0.1:9/announce")
	s, stop := run(t, o)
	ours, theirs := newSong(1, 3<<20+5), newSong(2, 2<<20)
	client := newStockClient(t, s)
	publishes(t, s, "", ours)
	got := client.takes(ours, false)
	client.until("what was published", ours, func() bool { return got.Have().Full(ours.Info.NumPieces()) })
	becomes(t, s, ours, seedbox.Whole)
	if _, sent := s.copies.StockBytes(); sent < int64(len(ours.content)) {
		t.Errorf("the server counts %d bytes", sent)
	}

	client.takes(theirs, true)
	p := publishes(t, s, "")
	p.register(s, theirs, "")
	client.until("what the client has", theirs, func() bool { return copyOf(s.copies.Box, theirs) == seedbox.Whole })
	if err := stop(); err != nil {
		t.Fatal(err)
	}

	s, stop = run(t, o)
	defer stop()
	fan := publishes(t, s, "")
	fan.must(fan.box.Pull(theirs.Torrent, fan.box.Account()))
	eventually(t, "it comes to a fan", func() bool { return copyOf(fan.box, theirs) == seedbox.Whole })
	if received, _ := s.copies.StockBytes(); received != 0 {
		t.Errorf("after the restart %d bytes were fetched again", received)
	}
	if !bytes.Equal(served(t, s, theirs), theirs.content) {
		t.Error("the webseed gave something else")
	}
}

// A work's .torrent names the ordinary trackers after this server; that of a private one does not.
func TestTrackersOfWorks(t *testing.T) {
	s, stop := run(t, flags(t, "-seedbox", "off", "-trackers", "http://127.0.0.1:9/announce, udp://127.0.0.1:9"))
	defer stop()
	open, private := newSong(1, 1<<20), newSong(2, 1<<20)
	private.Info.Private = true
	private.Torrent = metainfo.New(private.Info)
	p := publishes(t, s, "")
	for work, want := range map[*song]string{&open: "/announce http://127.0.0.1:9/announce udp://127.0.0.1:9", &private: "/announce"} {
		p.register(s, *work, "")
		status, body := request(t, "GET", s.origins[0]+"/v1/works/"+work.hex()+".torrent")
		torrent, err := metainfo.Parse([]byte(body))
		if status != http.StatusOK || err != nil {
			t.Fatal(status, err)
		}
		var names []string
		for _, tier := range torrent.Announce {
			names = append(names, tier...)
		}
		if got := strings.Join(names, " "); got != "ws"+strings.TrimPrefix(s.origins[0], "http")+want {
			t.Errorf("trackers %q", got)
		}
	}
}
