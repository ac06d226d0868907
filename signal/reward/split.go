// Package reward owns the arithmetic by which a pool of µ-credits is divided.
//
// It promises that every division is exact and the same on every machine, so
// that anyone can repeat it. It never reads a clock, keeps anything or moves
// credits.
package reward

import (
	"cmp"
	"math/big"
	"slices"
)

// Split divides pool in proportion to weights. Share i is floor(pool·wᵢ/Σw); the
// units left over go one each to the largest remainders, of equal ones to the
// lower index. The shares add up to pool, or are all zero when no weight is
// positive.
func Split(pool uint64, weights []uint64) []uint64 {
	shares := make([]uint64, len(weights))
	total := sum(weights)
	if total.Sign() == 0 {
		return shares
	}
	remainders := make([]*big.Int, len(weights))
	left := pool
	for i, w := range weights {
		product := new(big.Int).Mul(integer(pool), integer(w))
		share, remainder := product.QuoRem(product, total, new(big.Int))
		shares[i], remainders[i] = share.Uint64(), remainder
		left -= shares[i]
	}
	for _, i := range byRemainder(remainders)[:left] {
		shares[i]++
	}
	return shares
}

// byRemainder returns the indexes of remainders, the largest remainder first.
func byRemainder(remainders []*big.Int) []int {
	order := make([]int, len(remainders))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(remainders[b].Cmp(remainders[a]), cmp.Compare(a, b))
	})
	return order
}

func sum(weights []uint64) *big.Int {
	total := new(big.Int)
	for _, w := range weights {
		total.Add(total, integer(w))
	}
	return total
}

func integer(n uint64) *big.Int { return new(big.Int).SetUint64(n) }
