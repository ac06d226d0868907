package reward

// boostFee is what the treasury keeps of a boost, in 10,000ths, so that paying oneself costs something.
const boostFee = 200

// Fee divides the price of a boost into what is locked for seeders and the fee, which is rounded up.
func Fee(price uint64) (locked, fee uint64) {
	fee = part(price, boostFee)
	if part(price, boostFee)*10_000 < price*boostFee && fee < price {
		fee++
	}
	return price - fee, fee
}

// Slice returns what a boost of so many epochs pays in its n-th one, counted from 0: equal parts, and in the last one the rest too.
func Slice(locked uint64, epochs, n uint32) uint64 {
	each := locked / uint64(epochs)
	if n == epochs-1 {
		return locked - each*uint64(epochs-1)
	}
	return each
}
