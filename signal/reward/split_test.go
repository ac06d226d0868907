package reward_test

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"fanseed/signal/reward"
)

func TestSplit(t *testing.T) {
	const max = math.MaxUint64
	for _, c := range []struct {
		name    string
		pool    uint64
		weights []uint64
		want    []uint64
	}{
		{"nobody", 100, nil, []uint64{}},
		{"no weight", 100, []uint64{0, 0}, []uint64{0, 0}},
		{"empty pool", 0, []uint64{1, 2}, []uint64{0, 0}},
		{"alone", 100, []uint64{7}, []uint64{100}},
		{"even", 100, []uint64{1, 1, 2}, []uint64{25, 25, 50}},
		{"a tie goes to the lower index", 100, []uint64{1, 1, 1}, []uint64{34, 33, 33}},
		{"two units over", 101, []uint64{1, 1, 1}, []uint64{34, 34, 33}},
		{"the largest remainder first", 10, []uint64{1, 6, 7}, []uint64{1, 4, 5}},
		{"no weight gets no unit over", 1, []uint64{0, 3, 3}, []uint64{0, 1, 0}},
		{"fewer units than people", 2, []uint64{1, 1, 1, 1}, []uint64{1, 1, 0, 0}},
		{"products beyond 64 bits", max, []uint64{1 << 63, 1 << 63}, []uint64{1 << 63, 1<<63 - 1}},
		{"a sum beyond 64 bits", 3, []uint64{max, max, max}, []uint64{1, 1, 1}},
	} {
		if got := reward.Split(c.pool, c.weights); !slices.Equal(got, c.want) {
			t.Errorf("%s: Split(%d, %v) = %v, want %v", c.name, c.pool, c.weights, got, c.want)
		}
	}
}

func TestSplitIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		weights := make([]uint64, rng.IntN(20))
		for i := range weights {
			weights[i] = rng.Uint64() >> rng.IntN(64)
		}
		checkSplit(t, rng.Uint64()>>rng.IntN(64), weights)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(uint64(100), []byte("0123456789abcdef"))
	f.Fuzz(func(t *testing.T, pool uint64, b []byte) {
		var weights []uint64
		for ; len(b) >= 8; b = b[8:] {
			weights = append(weights, binary.BigEndian.Uint64(b))
		}
		checkSplit(t, pool, weights)
	})
}

// checkSplit holds a division to its definition: nothing appears or is lost, each
// share is within one unit of the exact quota, and no one with a smaller
// remainder was preferred.
func checkSplit(t *testing.T, pool uint64, weights []uint64) {
	t.Helper()
	shares := reward.Split(pool, weights)
	total, paid := new(big.Int), new(big.Int)
	for i, w := range weights {
		total.Add(total, new(big.Int).SetUint64(w))
		paid.Add(paid, new(big.Int).SetUint64(shares[i]))
	}
	if total.Sign() == 0 {
		if paid.Sign() != 0 {
			t.Fatalf("Split(%d, %v) pays %v for nothing", pool, weights, shares)
		}
		return
	}
	if paid.Cmp(new(big.Int).SetUint64(pool)) != 0 {
		t.Fatalf("Split(%d, %v) = %v, whose sum is %v", pool, weights, shares, paid)
	}
	up := make([]bool, len(weights))
	remainders := make([]*big.Int, len(weights))
	for i, w := range weights {
		quota, remainder := new(big.Int), new(big.Int)
		quota.QuoRem(new(big.Int).Mul(new(big.Int).SetUint64(pool), new(big.Int).SetUint64(w)), total, remainder)
		over := new(big.Int).Sub(new(big.Int).SetUint64(shares[i]), quota)
		if !over.IsUint64() || over.Uint64() > 1 {
			t.Fatalf("Split(%d, %v): share %d is %d, its quota %v", pool, weights, i, shares[i], quota)
		}
		up[i], remainders[i] = over.Uint64() == 1, remainder
	}
	for i := range weights {
		for j := range weights {
			if !up[i] && up[j] && (remainders[i].Cmp(remainders[j]) > 0 || (remainders[i].Cmp(remainders[j]) == 0 && i < j)) {
				t.Fatalf("Split(%d, %v) = %v prefers %d to %d", pool, weights, shares, j, i)
			}
		}
	}
}
