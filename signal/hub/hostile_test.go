package hub

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"

	"fanseed/signal/announce"
	"fanseed/signal/socket"
)

// attack runs a hostile client beside two that meet afterwards as if nothing had happened.
func attack(t *testing.T, attack func(s *site, attacker *peer)) {
	t.Helper()
	inBubble(t, nil, func(s *site) {
		a, b := s.login("a", "192.0.2.1"), s.login("b", "198.51.100.1")
		a.announce(workA, 0)
		attack(s, s.stock("x", "203.0.113.1"))
		a.silent()
		b.silent()
		for len(a.messages) > 0 {
			<-a.messages
		}
		meet(workA, b, 100, a)
		a.ticket()
		b.ticket()
	})
}

func TestBombs(t *testing.T) {
	for name, text := range map[string]string{
		"arrays":    `{"action":"announce","x":` + strings.Repeat("[", 60_000),
		"objects":   strings.Repeat(`{"a":`, 12_000),
		"not JSON":  "hello",
		"not UTF-8": "{\"action\":\"scrape\",\"x\":\"\xff\"}",
		"SDP not UTF-8": strings.Replace(string((&announce.Announce{
			Infohash: workA, PeerID: [20]byte{'x'}, Left: 1, Offers: []announce.Offer{{SDP: "EVIL"}},
		}).Append(nil)), "EVIL", "\xed\xa0\x80", 1),
		"half a surrogate pair": strings.Replace(string((&announce.Announce{
			Infohash: workA, PeerID: [20]byte{'x'}, Left: 1, Offers: []announce.Offer{{SDP: "EVIL"}},
		}).Append(nil)), "EVIL", `\ud800`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			attack(t, func(s *site, x *peer) {
				x.sendText(text)
				x.closed(socket.InvalidPayload)
			})
		})
	}
}

func TestTooLargeMessage(t *testing.T) {
	attack(t, func(s *site, x *peer) {
		go x.ws.WriteMessage(websocket.TextMessage, make([]byte, 1<<20))
		x.closed(websocket.CloseMessageTooBig)
	})
}

// TestRefusedButOpen gives what breaks the protocol and could hurt the one who is handed it.
func TestRefusedButOpen(t *testing.T) {
	good := string((&announce.Announce{
		Infohash: workA, PeerID: [20]byte{'x'}, Left: 1, Offers: []announce.Offer{{ID: offerID, SDP: "SDP"}},
	}).Append(nil))
	answer := string((&announce.Answer{Infohash: workA, PeerID: [20]byte{'x'}, To: [20]byte{'a'}, OfferID: offerID, SDP: "v=0"}).Append(nil))
	id := `"offer_id":"o` + strings.Repeat(`\u0000`, 19) + `"`
	for name, text := range map[string]string{
		"SDP bomb":                strings.Replace(good, "SDP", strings.Repeat("x", announce.MaxSDP+1), 1),
		"offer_id null":           strings.Replace(good, id, `"offer_id":null`, 1),
		"offer_id number":         strings.Replace(good, id, `"offer_id":7`, 1),
		"offer_id short":          strings.Replace(good, id, `"offer_id":"o"`, 1),
		"answer's offer_id null":  strings.Replace(answer, id, `"offer_id":null`, 1),
		"answer without offer_id": strings.Replace(answer, ","+id, "", 1),
	} {
		if text == good || text == answer {
			t.Fatalf("%s: nothing was replaced in %s", name, text)
		}
		t.Run(name, func(t *testing.T) {
			attack(t, func(s *site, x *peer) {
				x.sendText(text)
				if got := next[*announce.Failure](x); got.Infohash != workA {
					t.Errorf("got %+v", got)
				}
				x.send(&announce.Scrape{Infohashes: [][20]byte{workA}})
				next[*announce.ScrapeReply](x)
			})
		})
	}
}

func TestForeignAnswers(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		a, b, x := s.stock("a", "192.0.2.1"), s.stock("b", "198.51.100.1"), s.stock("x", "203.0.113.1")
		a.announce(workA, 0)
		b.announce(workA, 100, announce.Offer{ID: offerID, SDP: b.description()})
		next[*announce.RelayedOffer](a)
		x.announce(workA, 0)
		for _, m := range []*announce.Answer{
			{Infohash: workA, PeerID: x.id, To: b.id, OfferID: offerID, SDP: "evil"},           // in its own name
			{Infohash: workA, PeerID: a.id, To: b.id, OfferID: offerID, SDP: "evil"},           // in the name of the peer that was asked
			{Infohash: workA, PeerID: x.id, To: a.id, OfferID: offerID, SDP: "evil"},           // to one who offered nothing
			{Infohash: workB, PeerID: a.id, To: b.id, OfferID: offerID, SDP: "evil"},           // in another swarm
			{Infohash: workA, PeerID: a.id, To: b.id, OfferID: [20]byte{'g'}, SDP: "guessing"}, // to no offer
		} {
			x.send(m)
		}
		x.silent()
		a.silent()
		b.silent()
		a.send(&announce.Answer{Infohash: workA, PeerID: a.id, To: b.id, OfferID: offerID, SDP: "good"})
		if got := next[*announce.RelayedAnswer](b); got.SDP != "good" {
			t.Errorf("got %+v", got)
		}
	})
}

// TestUnknownFieldsAreNotRelayed looks at the bytes that a client is handed.
func TestUnknownFieldsAreNotRelayed(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		d := websocket.Dialer{NetDialContext: s.listener.Dial("192.0.2.1")}
		victim, _, err := d.Dial("ws://fanseed.example/announce", nil)
		if err != nil {
			t.Fatal(err)
		}
		victim.WriteMessage(websocket.TextMessage, (&announce.Announce{Infohash: workA, PeerID: [20]byte{'v'}}).Append(nil))
		victim.ReadMessage()
		x := s.stock("x", "203.0.113.1")
		text := string((&announce.Announce{Infohash: workA, PeerID: x.id, Left: 1, Offers: []announce.Offer{{ID: offerID, SDP: "v=0"}}}).Append(nil))
		text = strings.Replace(text, `"sdp":`, `"evil":{"a":1},"sdp":`, 1)
		text = strings.Replace(text, `"offer":`, `"interval":1,"offer":`, 1)
		text = strings.Replace(text, `"action":`, `"warning message":"boo","action":`, 1)
		go x.sendText(text)
		_, got, err := victim.ReadMessage()
		zeros := strings.Repeat(`\u0000`, 19)
		want := `{"action":"announce","offer":{"type":"offer","sdp":"v=0"},"offer_id":"o` + zeros + `","peer_id":"x` + zeros + `","info_hash":"A` + zeros + `"}`
		if string(got) != want {
			t.Errorf("got %s, %v\nwant %s", got, err, want)
		}
	})
}

// TestSlowPeer is in a swarm and does not read: it loses its socket, the others lose nothing.
func TestSlowPeer(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		d := websocket.Dialer{NetDialContext: s.listener.Dial("203.0.113.1")}
		slow, _, err := d.Dial("ws://fanseed.example/announce", nil)
		if err != nil {
			t.Fatal(err)
		}
		slow.WriteMessage(websocket.TextMessage, (&announce.Announce{Infohash: workA, PeerID: [20]byte{'x'}}).Append(nil))
		synctest.Wait()

		a := s.stock("a", "192.0.2.1")
		sdp := strings.Repeat("x", announce.MaxSDP)
		synctest.Wait()
		sent := 0
		for ; s.sockets.Len() == 2 && sent < 30; sent++ {
			a.send(&announce.Announce{Infohash: workA, PeerID: a.id, Left: 1, Offers: []announce.Offer{{ID: [20]byte{byte(sent)}, SDP: sdp}}})
			next[*announce.Reply](a)
			synctest.Wait()
		}
		if sent < 16 || sent > 18 {
			t.Errorf("cut after %d offers of 16 KiB, want 256 KiB in its queue", sent)
		}
		if got := a.announce(workA, 1); got.Complete != 0 || got.Incomplete != 1 {
			t.Errorf("counts after it was cut: %+v", got)
		}
	})
}
