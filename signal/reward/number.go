package reward

import "math/bits"

// scale returns ⌊a·b/c⌋; the quotient must fit.
func scale(a, b, c uint64) uint64 {
	high, low := bits.Mul64(a, b)
	quotient, _ := bits.Div64(high, low, c)
	return quotient
}

// root returns ⌊√n⌋.
func root(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	x := uint64(1) << ((bits.Len64(n) + 1) / 2) // not below √n
	for {
		next := (x + n/x) / 2
		if next >= x {
			return x
		}
		x = next
	}
}

// log2 returns log₂ n in 65,536ths, rounded down, for n ≥ 1: the integer part is the length in bits, and each further bit comes from a
// squaring, so that it is the same on every machine.
func log2(n uint64) uint64 {
	whole := uint64(bits.Len64(n) - 1)
	x := n << (63 - whole) // 1 ≤ x/2⁶³ < 2
	result := whole << 16
	for bit := uint64(1) << 15; bit > 0; bit >>= 1 {
		x, _ = bits.Mul64(x, x) // x²/2⁶⁴: below 2⁶³ where x² < 2
		if x>>63 == 1 {
			result |= bit
		} else {
			x <<= 1
		}
	}
	return result
}
