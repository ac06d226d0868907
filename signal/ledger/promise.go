package ledger

import (
	"context"
	"time"

	"fanseed/signal/log"
	"fanseed/signal/receipt"
)

// promise signs that what is stored will be in the public log, in the results that are of something. What was promised before is promised
// again, so that an answer that was lost costs nobody its proof.
func (l *Ledger) promise(out Outcome, now time.Time) {
	if l.signer == nil {
		return
	}
	by := uint64(now.Add(PromiseTime).UnixMilli())
	spread(len(out.Results), func(i int) {
		if record := out.Increases[i]; record != (log.Receipt{}) {
			p := l.signer.Promise(record.Record().Leaf(), by)
			out.Results[i].Promise = receipt.Promise{Salt: record.Salt, Epoch: record.Epoch, By: p.By, Signature: p.Signature}
		}
	})
}

// PublicLog returns the log as the books have it. It needs the Config's Signer.
func (l *Ledger) PublicLog() log.Source { return publicLog{l.books, l.signer} }

// publicLog signs what the books have.
type publicLog struct {
	Backend
	signer *log.Signer
}

// Checkpoint signs the tree as it is: it is kept together with all that it needs, and only grows.
func (p publicLog) Checkpoint(ctx context.Context) ([]byte, error) {
	tree, err := p.LogTree(ctx)
	if err != nil {
		return nil, err
	}
	return p.signer.Checkpoint(tree)
}
