package node

import (
	"context"
	"errors"
	"time"
)

// Limits bound what a node gives and takes. Zero means unlimited.
type Limits struct {
	UploadRate       int64 // bytes a second, to all peers together
	DownloadRate     int64 // bytes a second, from all peers and webseeds together
	UploadPerDay     int64 // bytes
	UploadPerMonth   int64 // bytes
	DownloadPerMonth int64 // bytes
	Storage          int64 // bytes of downloaded pieces
	Help             bool  // fetch and seed what the server hands out, while nothing else is to do
}

// Used is what all tabs have moved, as far as the host knows.
type Used struct {
	SentToday, SentThisMonth, ReceivedThisMonth int64 // bytes
}

// Cap is a limit that holds a work up.
type Cap string

// The caps of the page's API.
const (
	CapUploadDay     Cap = "upload_day"
	CapUploadMonth   Cap = "upload_month"
	CapDownloadMonth Cap = "download_month"
)

// errCapped answers blocks that a used-up budget does not allow.
var errCapped = errors.New("the budget is used up")

// budget counts what is moved against the limits of days and months.
type budget struct {
	limits         Limits
	used           Used
	sent, received int64 // since the host was told last
	told           time.Time
}

// The host is told of so many bytes, and not more often: to keep them costs it more than to move them.
const (
	tellEvery = 1 << 20
	tellRest  = time.Second
)

// report tells the host what was moved; all of it, however little, if all says so.
func (b *budget) report(now time.Time, host Host, all bool) {
	moved := b.sent + b.received
	if moved == 0 || !all && (moved < tellEvery || now.Sub(b.told) < tellRest) {
		return
	}
	b.told = now
	host.Moved(b.sent, b.received)
	b.used.SentToday += b.sent
	b.used.SentThisMonth += b.sent
	b.used.ReceivedThisMonth += b.received
	b.sent, b.received = 0, 0
}

func reached(limit, used int64) bool { return limit > 0 && used >= limit }

// uploads says whether nothing more may be sent, and why.
func (b *budget) uploads() (caps []Cap) {
	if reached(b.limits.UploadPerDay, b.used.SentToday+b.sent) {
		caps = append(caps, CapUploadDay)
	}
	if reached(b.limits.UploadPerMonth, b.used.SentThisMonth+b.sent) {
		caps = append(caps, CapUploadMonth)
	}
	return caps
}

// downloads says whether nothing more may be asked for.
func (b *budget) downloads() bool {
	return reached(b.limits.DownloadPerMonth, b.used.ReceivedThisMonth+b.received)
}

// caps are the limits that hold the work up now.
func (w *work) caps() (caps []Cap) {
	if w.meeting {
		caps = w.node.budget.uploads()
	}
	if w.active && !w.complete() && w.node.budget.downloads() {
		caps = append(caps, CapDownloadMonth)
	}
	return caps
}

// SetLimits replaces the limits.
func (n *Node) SetLimits(ctx context.Context, l Limits) error {
	return n.do(ctx, func(now time.Time) error {
		n.limit(now, l)
		return nil
	})
}

func (n *Node) limit(now time.Time, l Limits) {
	n.budget.limits = l
	n.uploads.bucket.limit(now, l.UploadRate)
	n.downloads.bucket.limit(now, l.DownloadRate)
}

// SetUsed says what all tabs have moved.
func (n *Node) SetUsed(ctx context.Context, used Used) error {
	return n.do(ctx, func(time.Time) error {
		n.budget.used = used
		return nil
	})
}

// obeyBudget holds fetching while the month's budget is used up, and tells the
// works when a budget ends or begins again.
func (n *Node) obeyBudget(now time.Time) {
	n.budget.report(now, n.parts.Host, false)
	up, down := len(n.budget.uploads()) > 0, n.budget.downloads()
	if up == n.capped.up && down == n.capped.down {
		return
	}
	n.capped.up, n.capped.down = up, down
	for _, w := range n.works {
		w.hold(now)
		w.changed = true
	}
}

// hold lets the swarm know whether pieces may be asked for.
func (w *work) hold(now time.Time) {
	w.swarm.Hold(now, w.node.capped.down)
	w.drain(now)
	w.flush(now)
}
