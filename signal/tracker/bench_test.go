package tracker

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"fanseed/signal/announce"
)

// BenchmarkAnnounce announces with 5 offers in a swarm of 10,000, half of them seeders.
func BenchmarkAnnounce(b *testing.B) {
	tr := New(Config{Rand: rand.New(rand.NewPCG(1, 1))})
	now := time.Unix(0, 0)
	sdp := strings.Repeat("a=candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host\r\n", 18)
	var m announce.Announce
	id := func(n int) (id [20]byte) {
		binary.BigEndian.PutUint64(id[:], uint64(n))
		return id
	}
	for i := range 10_000 {
		tr.Receive(now, Conn(i), &announce.Announce{PeerID: id(i), Left: float64(i % 2)})
		take(tr)
	}
	for i := range 5 {
		m.Offers = append(m.Offers, announce.Offer{ID: id(i), SDP: sdp})
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.PeerID, m.Left = id(i%10_000), float64(i%2)
		now = now.Add(10 * time.Millisecond)
		tr.Tick(now)
		tr.Receive(now, Conn(i%10_000), &m)
		for _, ok := tr.Next(); ok; _, ok = tr.Next() {
		}
	}
}
