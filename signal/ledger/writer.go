package ledger

import (
	"context"
	"sync"
)

// groupSize is the number of items at which a group is written without looking
// for more.
const groupSize = 500

// writer writes the batches of many callers in few transactions: while one is
// being written the next ones gather, so that a lone caller never waits for
// company and a crowd shares the cost of the disk.
type writer struct {
	backend Backend
	queue   chan request
	closing chan struct{}
	close   func()
	stopped sync.WaitGroup
}

type request struct {
	batch  Batch
	answer chan answer
}

type answer struct {
	outcome Outcome
	err     error
}

func startWriter(b Backend) *writer {
	w := &writer{backend: b, queue: make(chan request), closing: make(chan struct{})}
	w.close = sync.OnceFunc(func() { close(w.closing) })
	w.stopped.Go(w.run)
	return w
}

// stop refuses further batches and waits for those that were taken.
func (w *writer) stop() {
	w.close()
	w.stopped.Wait()
}

// apply returns once the batch is on disk, or an error. When ctx ends first it is
// not known which.
func (w *writer) apply(ctx context.Context, b Batch) (Outcome, error) {
	r := request{b, make(chan answer, 1)}
	select {
	case w.queue <- r:
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	case <-w.closing:
		return Outcome{}, ErrClosed
	}
	select {
	case a := <-r.answer:
		return a.outcome, a.err
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	}
}

func (w *writer) run() {
	for {
		select {
		case r := <-w.queue:
			w.write(w.gather(r))
		case <-w.closing:
			return
		}
	}
}

// gather takes what waits already.
func (w *writer) gather(first request) []request {
	group, size := []request{first}, first.batch.Size()
	for size < groupSize {
		select {
		case r := <-w.queue:
			group, size = append(group, r), size+r.batch.Size()
		default:
			return group
		}
	}
	return group
}

// write answers each request of a group. When the group fails, each is tried
// alone, so that nobody can spoil the batch of somebody else.
func (w *writer) write(group []request) {
	var all Batch
	for _, r := range group {
		all.Keys = append(all.Keys, r.batch.Keys...)
		all.Tickets = append(all.Tickets, r.batch.Tickets...)
		all.Presences = append(all.Presences, r.batch.Presences...)
		all.Told = append(all.Told, r.batch.Told...)
		all.Audits = append(all.Audits, r.batch.Audits...)
		all.Claims = append(all.Claims, r.batch.Claims...)
	}
	out, err := w.backend.Apply(context.Background(), all)
	if err != nil && len(group) > 1 {
		for _, r := range group {
			w.write([]request{r})
		}
		return
	}
	for _, r := range group {
		var a answer
		if a.err = err; err == nil {
			a.outcome.Issued, out.Issued = cut(out.Issued, len(r.batch.Tickets))
			a.outcome.Results, out.Results = cut(out.Results, len(r.batch.Claims))
			a.outcome.Increases, out.Increases = cut(out.Increases, len(r.batch.Claims))
		}
		r.answer <- a
	}
}

func cut[T any](list []T, n int) (head, tail []T) { return list[:n:n], list[n:] }
