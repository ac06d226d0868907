package announce

import (
	"strings"
	"testing"
)

// sdp1KB is as long as a browser's description of one data channel with a few candidates.
var sdp1KB = "v=0\r\n" + strings.Repeat("a=candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host\r\n", 17)

func withOffers(n int) *Announce {
	m := &Announce{Infohash: everyByte, PeerID: everyByte, NumWant: n, Left: 1 << 30}
	for range n {
		m.Offers = append(m.Offers, Offer{everyByte, sdp1KB})
	}
	return m
}

func BenchmarkParseAnnounce(b *testing.B) {
	for name, n := range map[string]int{"0 offers": 0, "1 offer": 1, "5 offers": 5} {
		text := withOffers(n).Append(nil)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseClient(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendOffer(b *testing.B) {
	m := &RelayedOffer{everyByte, everyByte, everyByte, sdp1KB}
	b.ReportAllocs()
	for b.Loop() {
		m.Append(nil)
	}
}
