package node

import "context"

// workers is how many pieces are hashed, stored or loaded at a time.
const workers = 4

// job is work that may block. Its result is a letter for the loop.
type job func(ctx context.Context) (letter func())

// jobs runs jobs off the loop, in the order in which they came.
type jobs struct {
	queue chan job
	slow  func(job)
}

func (j *jobs) start(ctx context.Context, mail *mailbox) {
	j.queue = make(chan job, 1<<16)
	for range workers {
		go func() {
			for {
				select {
				case <-ctx.Done():
					return
				case f := <-j.queue:
					mail.post(f(ctx))
				}
			}
		}()
	}
	j.slow = func(f job) { go func() { mail.post(f(ctx)) }() }
}

// do queues a job that is short: a piece to hash, store or load. What is in
// flight is bounded by the swarms, far below the queue's length.
func (j *jobs) do(f job) { j.queue <- f }

// wait runs a job that may take seconds, such as gathering candidates, beside
// the others.
func (j *jobs) wait(f job) { j.slow(f) }
