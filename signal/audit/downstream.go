package audit

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// downstream lets so many bytes a second in, for all connections of a visit together, in the order in which they come. To a seeder it is a fan's
// line that is full: its channel fills up. Without it an audit beside a silent seeder would take a whole work from the others meanwhile.
type downstream struct {
	ctx  context.Context // nothing waits when it has ended
	rate int64           // bytes a second

	mu   sync.Mutex
	free time.Time // when what came last is through
}

// rate draws a line's bytes a second: every doubling is as likely as any other, so that some visits last long enough to tell a silent seeder of
// a small work, and a slow downloader is no sign of an audit, nor a fast one of a fan.
func rate(r *rand.Rand, slowest, fastest int64) int64 {
	return int64(float64(slowest) * math.Pow(float64(fastest)/float64(slowest), r.Float64()))
}

// burst is how much comes through at once when nothing did for a while, as a time.
const burst = 250 * time.Millisecond

func (d *downstream) wait(bytes int) {
	now := time.Now()
	d.mu.Lock()
	if earliest := now.Add(-burst); d.free.Before(earliest) {
		d.free = earliest
	}
	d.free = d.free.Add(time.Duration(int64(bytes) * int64(time.Second) / d.rate))
	wait := d.free.Sub(now)
	d.mu.Unlock()
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.ctx.Done():
	}
}
