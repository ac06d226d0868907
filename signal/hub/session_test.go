package hub

import (
	"testing"
	"testing/synctest"
	"time"

	"fanseed/signal/announce"
)

// TestStock is a whole session of two stock clients, message by message.
func TestStock(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		a, b := s.stock("a", "192.0.2.1"), s.stock("b", "198.51.100.1")
		a.silent() // a stock client is not greeted
		if got := a.announce(workA, 0); got.Complete != 1 || got.Incomplete != 0 || got.Interval < 108 || got.Interval > 132 {
			t.Errorf("reply %+v", got)
		}
		b.announce(workA, 100, announce.Offer{ID: offerID, SDP: "v=0"})
		offer := next[*announce.RelayedOffer](a)
		if *offer != (announce.RelayedOffer{Infohash: workA, PeerID: b.id, OfferID: offerID, SDP: "v=0"}) {
			t.Errorf("offer %+v", offer)
		}
		a.send(&announce.Answer{Infohash: workA, PeerID: a.id, To: b.id, OfferID: offerID, SDP: "v=1"})
		answer := next[*announce.RelayedAnswer](b)
		if *answer != (announce.RelayedAnswer{Infohash: workA, PeerID: a.id, OfferID: offerID, SDP: "v=1"}) {
			t.Errorf("answer %+v", answer)
		}
		b.send(&announce.Scrape{Infohashes: [][20]byte{workA}})
		if got := next[*announce.ScrapeReply](b); len(got.Files) != 1 || got.Files[0] != (announce.File{Infohash: workA, Complete: 1, Incomplete: 1}) {
			t.Errorf("scraped %+v", got)
		}
		b.send(&announce.Announce{Infohash: workA, PeerID: b.id, Event: announce.EventStopped})
		next[*announce.Reply](b)
		b.ws.Close()
		synctest.Wait()
		if seeders, leechers := s.hub.Counts(workA); seeders != 1 || leechers != 0 {
			t.Errorf("counts %d, %d", seeders, leechers)
		}
		a.silent() // neither answers nor departures are told
	})
}

func TestUnlisted(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		a := s.stock("a", "192.0.2.1")
		a.send(&announce.Announce{Infohash: unlisted, PeerID: a.id})
		if got := next[*announce.Failure](a); got.Infohash != unlisted || got.Reason == "" {
			t.Errorf("failure %+v", got)
		}
	})
	inBubble(t, func(c *Config) { c.Open = true }, func(s *site) {
		s.stock("a", "192.0.2.1").announce(unlisted, 0)
	})
}

func TestStockClientsGetStockRefusals(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		a := s.stock("a", "192.0.2.1")
		for _, text := range []string{
			`{"action":"dance"}`,
			`{"action":"login","public_key":"00"}`,
			string((&announce.Login{}).Append(nil)),
			string((&announce.Settle{}).Append(nil)),
			`{"action":"announce","info_hash":7}`,
		} {
			a.sendText(text)
			if got := next[*announce.Failure](a); got.Infohash != [20]byte{} || got.Scrape {
				t.Errorf("%s: failure %+v", text, got)
			}
		}
	})
}

func TestTakeOver(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		old := s.stock("a", "192.0.2.1")
		old.announce(workA, 0)
		thief := s.stock("a", "198.51.100.1")
		thief.send(&announce.Announce{Infohash: workA, PeerID: thief.id, Left: 1})
		if got := next[*announce.Failure](thief); got.Infohash != workA {
			t.Errorf("while the old socket lives: %+v", got)
		}

		old.ws.SetPingHandler(func(string) error { return nil }) // a socket that is dead, but not closed
		thief.send(&announce.Announce{Infohash: workA, PeerID: thief.id, Left: 1})
		thief.silent()
		time.Sleep(5 * time.Second)
		if got := next[*announce.Reply](thief); got.Complete != 0 || got.Incomplete != 1 {
			t.Errorf("taken over: %+v", got)
		}
	})
}

func TestExpiry(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		s.stock("a", "192.0.2.1").announce(workA, 0)
		time.Sleep(5*time.Minute - time.Second)
		if seeders, _ := s.hub.Counts(workA); seeders != 1 {
			t.Errorf("before: %d", seeders)
		}
		time.Sleep(2 * time.Second)
		if seeders, _ := s.hub.Counts(workA); seeders != 0 {
			t.Errorf("after: %d", seeders)
		}
	})
}

func TestRevoke(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		a, b, c := s.login("a", "192.0.2.1"), s.stock("b", "198.51.100.1"), s.login("c", "203.0.113.1")
		a.announce(workA, 0)
		a.send(&announce.Announce{Infohash: workA, PeerID: [20]byte{'z'}}) // a second peer on a's socket
		next[*announce.Reply](a)
		b.announce(workA, 0)
		c.announce(workB, 0)
		s.works.remove(workA)
		s.hub.Revoke(workA, "taken down")
		if got := next[*announce.Revoked](a); *got != (announce.Revoked{Infohash: workA, Message: "taken down"}) {
			t.Errorf("got %+v", got)
		}
		a.silent() // once
		b.silent() // a stock client does not know the message
		c.silent() // it is in another swarm
		b.send(&announce.Announce{Infohash: workA, PeerID: b.id})
		next[*announce.Failure](b)
		if seeders, leechers := s.hub.Counts(workA); seeders+leechers != 0 {
			t.Errorf("counts %d, %d", seeders, leechers)
		}
	})
}

// TestStopped calls a hub whose loop has ended.
func TestStopped(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		a := s.stock("a", "192.0.2.1")
		a.announce(workA, 0)
		s.stop()
		s.hub.Revoke(workA, "too late")
		if seeders, _ := s.hub.Counts(workA); seeders != 0 {
			t.Errorf("counts %d", seeders)
		}
		a.send(&announce.Scrape{}) // and sockets do not wait for it
		a.ws.Close()
		synctest.Wait()
		if s.sockets.Len() != 0 {
			t.Error("a socket waits for a loop that has ended")
		}
	})
}
