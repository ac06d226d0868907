package swarm

import (
	"time"

	"fanseed/wasm/wire"
)

// Messages that cost their sender nothing are paid for from a bucket. An honest peer that fetches pieces of one block at 60 MB/s, and says
// have for each, never empties it.
const (
	bucketSize = 16384
	bucketRate = 8192 // a second
)

// cost returns what a message takes from the bucket. A block is bounded by our requests.
func cost(k wire.Kind) float64 {
	switch k {
	case wire.KindPiece:
		return 0
	case wire.KindChoke, wire.KindUnchoke, wire.KindInterested, wire.KindNotInterested:
		return 16
	case wire.KindBitfield, wire.KindExtended:
		return 8
	case wire.KindHashRequest, wire.KindHashes:
		return 4
	}
	return 1
}

// receiptCost is for checking a signature, and for keeping the receipt.
const receiptCost = 128

// bucket is a token bucket.
type bucket struct {
	tokens float64
	filled time.Time
}

func (b *bucket) fill(now time.Time) { b.tokens, b.filled = bucketSize, now }

// take tells whether n tokens were there.
func (b *bucket) take(now time.Time, n float64) bool {
	if n == 0 {
		return true
	}
	b.refill(now)
	b.tokens -= n
	return b.tokens >= 0
}

// afford takes n tokens if they are there.
func (b *bucket) afford(now time.Time, n float64) bool {
	b.refill(now)
	if b.tokens < n {
		return false
	}
	b.tokens -= n
	return true
}

func (b *bucket) refill(now time.Time) {
	b.tokens = min(bucketSize, b.tokens+now.Sub(b.filled).Seconds()*bucketRate)
	b.filled = now
}
