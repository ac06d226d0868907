package hub

import (
	"context"
	"sync"

	"fanseed/signal/announce"
)

const (
	maxJobs    = 8 // of one client, running or waiting
	maxRunning = 8 // of all
)

// job works off the loop, and returns what is to be done on the loop afterwards.
type job func(ctx context.Context) (apply func())

// desk runs the clients' jobs: those of one client one after another, those of all a few at a time, first come, first served.
type desk struct {
	waiting  []*client // have a job, and none that runs
	running  int
	finished chan finished
	jobs     sync.WaitGroup
}

type finished struct {
	client *client // nil for the issuing of tickets
	apply  func()
}

func newDesk() desk { return desk{finished: make(chan finished)} }

// enqueue adds a job of a client, or tells it that it has too many.
func (h *Hub) enqueue(c *client, j job) {
	if len(c.jobs) == maxJobs {
		c.send(&announce.Error{Code: codeBusy, Message: "too many requests wait for their answers"})
		return
	}
	c.jobs = append(c.jobs, j)
	if len(c.jobs) == 1 {
		h.desk.waiting = append(h.desk.waiting, c)
	}
}

// dispatch starts the jobs that may run.
func (h *Hub) dispatch(ctx context.Context) {
	for h.desk.running < maxRunning && len(h.desk.waiting) > 0 {
		c := h.desk.waiting[0]
		h.desk.waiting = h.desk.waiting[1:]
		h.desk.running++
		h.desk.start(ctx, c, c.jobs[0])
	}
	h.dispatchIssue(ctx)
	h.dispatchSeeding(ctx)
	h.dispatchAttention(ctx)
}

func (d *desk) start(ctx context.Context, c *client, j job) {
	d.jobs.Go(func() {
		f := finished{c, j(ctx)}
		select {
		case d.finished <- f:
		case <-ctx.Done():
		}
	})
}

// finish applies a finished job on the loop.
func (h *Hub) finish(f finished) {
	f.apply()
	if f.client == nil {
		return
	}
	h.desk.running--
	f.client.jobs = f.client.jobs[1:]
	if len(f.client.jobs) > 0 {
		h.desk.waiting = append(h.desk.waiting, f.client)
	}
}

// unavailable tells a client that the ledger failed; it may ask again.
func (h *Hub) unavailable(c *client, what string, err error) {
	h.log.Error("ledger failed", "doing", what, "err", err)
	c.send(&announce.Error{Code: codeUnavailable, Message: "the ledger is not available now"})
}
