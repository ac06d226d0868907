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
