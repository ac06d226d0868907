package ledger

import (
	"context"
	"errors"
	"time"
)

// PromiseTime is how long a record may take until it is in the public log. It takes a second or two; a failure of the disk can be mended
// before a promise is broken.
const PromiseTime = time.Hour

// How the public log is written.
const (
	sequenceMost  = 4096             // records of one transaction, which settlement waits for
	sequencePause = time.Second      // in which records gather
	sequenceIdle  = time.Minute      // after which it is looked for what servers left that were killed
	sequenceRetry = 10 * time.Second // after a failure
	sequenceLast  = 5 * time.Second  // that the last round may take when the server stops
)

// noteUnlogged has the sequencer look for what the log lacks.
func (l *Ledger) noteUnlogged() {
	select {
	case l.unlogged <- struct{}{}:
	default: // it will look anyway
	}
}

// Sequence writes what was kept into the public log, a second after it was, until ctx is done, and then what is left. Of several servers
// on the same books any may write what another kept. It returns an error that is ErrCorrupt when the log's tiles do not make its tree.
func (l *Ledger) Sequence(ctx context.Context) error {
	for ctx.Err() == nil {
		err := l.sequence(ctx)
		if errors.Is(err, ErrCorrupt) {
			return err
		}
		pause := sequencePause
		if err != nil && ctx.Err() == nil {
			l.log.Error("the public log is not written", "err", err)
			pause = sequenceRetry
			l.noteUnlogged()
		}
		l.gather(ctx, pause)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), sequenceLast)
	defer cancel()
	err := l.sequence(last)
	if err != nil && !errors.Is(err, ErrCorrupt) {
		l.log.Warn("the end of the public log is left to the next server", "err", err)
		return nil
	}
	return err
}

// gather waits until there is something to write, and then for as long as more may come.
func (l *Ledger) gather(ctx context.Context, pause time.Duration) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(sequenceIdle):
		return
	case <-l.unlogged:
	}
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}

// sequence writes all that there is, in transactions between which others settle.
func (l *Ledger) sequence(ctx context.Context) error {
	for {
		n, err := l.books.Sequence(ctx, sequenceMost)
		if err != nil || n < sequenceMost {
			return err
		}
	}
}
