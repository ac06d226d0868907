package announcer

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"fanseed/signal/announce"
)

// A server reads five messages a second, and thirty at once, of one socket.
func TestAHundredTorrentsAreNotAnnouncedAtOnce(t *testing.T) {
	a := New(Config{PeerID: name("me"), Rand: rand.New(rand.NewPCG(1, 2))})
	start := time.Unix(1_700_000_000, 0)
	now, announced, allowed := start, 0, 30.0
	count := func() {
		for e, ok := a.Next(); ok; e, ok = a.Next() {
			if text, is := e.(SendText); is && strings.Contains(string(text.Text), `"started"`) {
				announced++
				allowed--
			}
		}
	}
	for i := range 100 {
		a.Join(now, [20]byte{byte(i)}, announce.LeftUnknown)
	}
	a.Opened(now, false)
	count()
	if announced == 0 || announced > 30 {
		t.Errorf("%d announces at once", announced)
	}
	for announced < 100 && now.Before(start.Add(25*time.Second)) {
		next := a.Deadline()
		if !next.After(now) {
			t.Fatalf("due %v ago, with %d announced", now.Sub(next), announced)
		}
		allowed = min(30, allowed+5*next.Sub(now).Seconds())
		now = next
		a.Tick(now)
		count()
		if allowed < 0 {
			t.Fatalf("%d announces after %v are more than a server reads", announced, now.Sub(start))
		}
	}
	if announced != 100 {
		t.Errorf("%d of 100 torrents were announced in 25 s", announced)
	}
}

// More torrents than can be announced in an interval: each has its turn, before a tracker forgets it.
func TestEveryOneOfManyTorrentsIsAnnounced(t *testing.T) {
	for _, c := range []struct {
		pace     time.Duration
		torrents int
		within   time.Duration
	}{
		{0, 900, 290 * time.Second},
		{5 * time.Millisecond, 900, 5 * time.Second},
	} {
		a := New(Config{PeerID: name("me"), Rand: rand.New(rand.NewPCG(1, 2)), Pace: c.pace})
		now := time.Unix(1_700_000_000, 0)
		for i := range c.torrents {
			a.Join(now, [20]byte{byte(i), byte(i >> 8)}, announce.LeftUnknown)
		}
		a.Opened(now, false)
		end, started := now.Add(c.within), 0
		for now.Before(end) {
			var replies []*announce.Reply
			for e, ok := a.Next(); ok; e, ok = a.Next() {
				if text, is := e.(SendText); is {
					m, err := announce.ParseClient(text.Text)
					if err != nil {
						t.Fatal(err)
					}
					said := m.(*announce.Announce)
					replies = append(replies, &announce.Reply{Infohash: said.Infohash, Interval: 120})
					if said.Event == announce.EventStarted {
						started++
					}
				}
			}
			for _, reply := range replies {
				a.Received(now, reply.Append(nil))
			}
			now = later(a.Deadline(), now.Add(time.Millisecond))
			a.Tick(now)
		}
		if started != c.torrents {
			t.Errorf("%d of %d torrents were announced in %v", started, c.torrents, c.within)
		}
	}
}
