package ledger

import (
	"errors"
	"math/bits"
	"time"

	"fanseed/signal/reward"
)

// GiB is the unit of the rate.
const GiB = 1 << 30

// MaxRate bounds the rate, in µ-credits per GiB, so that no pay overflows.
const MaxRate = 1 << 40

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

// Price returns what served bytes are worth at a rate of µ-credits per GiB,
// rounded down. bytes ≤ MaxAmount and rate ≤ MaxRate.
func Price(bytes, rate uint64) uint64 {
	high, low := bits.Mul64(bytes, rate)
	return high<<(64-30) | low>>30
}

// Pay divides an epoch's pay: share i is the price of served[i] bytes, or its
// part of the treasury when that holds less than all the prices together.
func Pay(treasury uint64, served []uint64, rate uint64) []uint64 {
	prices := make([]uint64, len(served))
	left, short := treasury, false
	for i, bytes := range served {
		prices[i] = Price(bytes, rate)
		short = short || prices[i] > left
		left -= min(prices[i], left)
	}
	if short {
		return reward.Split(treasury, prices)
	}
	return prices
}
