package verify

import (
	"bytes"
	"context"
	"fmt"

	"fanseed/signal/log"
	"fanseed/signal/log/reader"
)

// epoch keeps what a record says of an epoch, and has nothing to say of others.
func (l *look) epoch(e reader.Entry) error {
	if e.Record.Kind() != log.KindEpoch {
		return nil
	}
	closed, err := log.ParseEpoch(e.Record)
	if err != nil {
		return fmt.Errorf("record %d: %w", e.N, err)
	}
	if n := len(l.epochs); n > 0 && l.epochs[n-1].Number >= closed.Number {
		return fmt.Errorf("%w: %d after %d", ErrEpochs, closed.Number, l.epochs[n-1].Number)
	}
	l.epochs = append(l.epochs, closed)
	return nil
}

// divisions divides every epoch again.
func (l *look) divisions(ctx context.Context) error {
	for _, e := range l.epochs {
		if err := l.division(ctx, e); err != nil {
			return fmt.Errorf("epoch %d: %w", e.Number, err)
		}
	}
	return nil
}

func (l *look) division(ctx context.Context, e log.Epoch) error {
	inputs, err := l.log.Table(ctx, e.Inputs)
	if err != nil {
		return fmt.Errorf("inputs: %w", err)
	}
	published, err := l.log.Table(ctx, e.Payouts)
	if err != nil {
		return fmt.Errorf("payouts: %w", err)
	}
	if l.Divide == nil {
		l.say("epoch %d: %d µ-credits; both tables are those that the log names, and were not divided again", e.Number, e.Emission)
		return nil
	}
	computed, err := l.Divide(inputs)
	if err != nil {
		return fmt.Errorf("%w: they cannot be read: %v", ErrDivision, err)
	}
	if !bytes.Equal(computed, published) {
		return fmt.Errorf("%w: line %d of the payouts is another", ErrDivision, firstDifference(computed, published))
	}
	l.say("epoch %d: %d µ-credits, divided as its inputs say", e.Number, e.Emission)
	return nil
}

// firstDifference returns the number of the line, counted from 1, in which two documents begin to differ.
func firstDifference(a, b []byte) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return 1 + bytes.Count(a[:n], []byte("\n"))
}
