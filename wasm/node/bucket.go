package node

import "time"

// burst is how much may move at once when nothing did for a while, as a share of
// a second.
const burst = 250 * time.Millisecond

// bucket is a token bucket: it lets so many bytes a second through.
type bucket struct {
	rate   int64 // bytes a second; 0: unlimited
	tokens float64
	filled time.Time
}

func (b *bucket) limit(now time.Time, rate int64) {
	b.rate, b.filled = rate, now
	b.tokens = min(b.tokens, b.most())
}

func (b *bucket) most() float64 { return max(16<<10, float64(b.rate)*burst.Seconds()) }

func (b *bucket) fill(now time.Time) {
	if b.rate > 0 {
		b.tokens = min(b.most(), b.tokens+now.Sub(b.filled).Seconds()*float64(b.rate))
	}
	b.filled = now
}

// open says whether something may go now. What goes may be larger than what is
// left: the next then waits for longer.
func (b *bucket) open() bool { return b.rate == 0 || b.tokens > 0 }

func (b *bucket) take(bytes int64) { b.tokens -= float64(bytes) }

// due is when it is open again.
func (b *bucket) due(now time.Time) time.Time {
	if b.rate == 0 {
		return now
	}
	wait := time.Duration(-b.tokens / float64(b.rate) * float64(time.Second))
	return now.Add(max(10*time.Millisecond, wait))
}
