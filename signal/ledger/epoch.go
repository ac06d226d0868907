package ledger

import (
	"errors"
	"time"
)

// Epochs numbers the spans of equal length that follow each other since the
// beginning of Unix time. Its value is their length: whole seconds.
type Epochs time.Duration

// ErrEpochs refuses a length of which the numbers would not fit, or that is not
// whole seconds.
var ErrEpochs = errors.New("an epoch lasts a whole number of seconds, from 1 s to 366 days")

func (e Epochs) check() error {
	length := time.Duration(e)
	if length < time.Second || length > 366*24*time.Hour || length%time.Second != 0 {
		return ErrEpochs
	}
	return nil
}

// At returns the number of the epoch that t is in.
func (e Epochs) At(t time.Time) uint32 {
	return uint32(max(t.UnixMilli(), 0) / time.Duration(e).Milliseconds())
}

// Starts returns the first moment of epoch n.
func (e Epochs) Starts(n uint32) time.Time {
	return time.UnixMilli(int64(n) * time.Duration(e).Milliseconds())
}

// Ends returns the first moment after epoch n.
func (e Epochs) Ends(n uint32) time.Time { return e.Starts(n).Add(time.Duration(e)) }
