package node

import "time"

// burst is how much may be sent at once when nothing was for a while, as a
// share of a second.
const burst = 250 * time.Millisecond

// uploads holds blocks that peers wait for, until the limits allow them: a
// token bucket for the rate, and a budget for the day.
type uploads struct {
	queue  []func() // each sends one block
	sizes  []int
	rate   int64 // bytes a second; 0: unlimited
	perDay int64 // bytes; 0: unlimited
	today  int64 // bytes sent today in all tabs, as far as the host was told
	untold int64 // bytes sent since
	tokens float64
	filled time.Time
}

func (u *uploads) limit(now time.Time, l Limits) {
	u.rate, u.perDay, u.filled = l.UploadRate, l.UploadPerDay, now
	u.tokens = min(u.tokens, u.most())
}

func (u *uploads) most() float64 { return max(16<<10, float64(u.rate)*burst.Seconds()) }

// add queues a block of size bytes; send is called when its turn comes.
func (u *uploads) add(size int, send func()) {
	u.queue, u.sizes = append(u.queue, send), append(u.sizes, size)
}

// serve sends what the limits allow now.
func (u *uploads) serve(now time.Time, n *Node) {
	if u.rate > 0 {
		u.tokens = min(u.most(), u.tokens+now.Sub(u.filled).Seconds()*float64(u.rate))
	}
	u.filled = now
	served := 0
	for served < len(u.queue) && u.allowed() {
		u.take(u.sizes[served])
		u.queue[served]()
		served++
	}
	u.queue, u.sizes = u.queue[served:], u.sizes[served:]
	if len(u.queue) == 0 {
		u.queue, u.sizes = nil, nil
	}
	u.report(n)
}

func (u *uploads) allowed() bool {
	return (u.rate == 0 || u.tokens > 0) && !u.exhausted()
}

// exhausted says that today's budget is used up.
func (u *uploads) exhausted() bool { return u.perDay > 0 && u.today+u.untold >= u.perDay }

func (u *uploads) take(size int) {
	u.tokens -= float64(size)
	u.untold += int64(size)
}

// report tells the host what was sent, in steps that are worth keeping.
func (u *uploads) report(n *Node) {
	const step = 1 << 20
	if u.untold >= step {
		n.parts.Host.Sent(u.untold)
		u.today += u.untold
		u.untold = 0
	}
}

// deadline is when the next block may go; zero when none waits for tokens.
func (u *uploads) deadline(now time.Time) time.Time {
	if len(u.queue) == 0 || u.rate == 0 || u.exhausted() {
		return time.Time{}
	}
	wait := time.Duration(-u.tokens / float64(u.rate) * float64(time.Second))
	return now.Add(max(10*time.Millisecond, wait))
}
