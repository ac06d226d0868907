package ledger

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
)

// The ledger's accounts. A transfer moves µ-credits between them.
const (
	Funding  = "funding"  // where deposits come from; the only one that may be below zero
	Treasury = "treasury" // the operator's deposits, out of which epochs are paid
)

// Earned names the account of what a seeder was paid and is still held.
func Earned(account [16]byte) string { return "earned:" + hex.EncodeToString(account[:]) }

// Payable names the account of what a seeder can be paid out or spend, and Promo that of grants, which can be spent on boosts alone.
func Payable(account [16]byte) string { return "payable:" + hex.EncodeToString(account[:]) }
func Promo(account [16]byte) string   { return "promo:" + hex.EncodeToString(account[:]) }

// Entry is one line of a transfer: so many µ-credits into an account, or out of
// it when negative.
type Entry struct {
	Account string
	Amount  int64
}

// Transfer moves µ-credits. It is kept for ever and never changed. A second
// transfer with the same key is the same transfer and moves nothing.
type Transfer struct {
	Key     string
	Entries []Entry
}

// ErrUnbalanced refuses a transfer that would make or lose credits.
var ErrUnbalanced = errors.New("entries do not sum to zero")

// Check refuses a transfer of which the entries do not sum to zero, or move
// nothing, or name an account twice.
func (t Transfer) Check() error {
	sum, seen := int64(0), map[string]bool{}
	for _, e := range t.Entries {
		next := sum + e.Amount
		if (e.Amount > 0) != (next > sum) || e.Amount == 0 || seen[e.Account] {
			return fmt.Errorf("transfer %s, entry of %s: %w", t.Key, e.Account, ErrUnbalanced)
		}
		sum, seen[e.Account] = next, true
	}
	if sum != 0 || len(t.Entries) == 0 {
		return fmt.Errorf("transfer %s: %w by %d", t.Key, ErrUnbalanced, sum)
	}
	return nil
}

// Deposit moves amount from the funding source to the treasury. total is what
// will then have been deposited altogether, and makes the transfer unique.
func Deposit(total, amount int64) Transfer {
	return Transfer{
		Key:     "deposit:" + strconv.FormatInt(total, 10),
		Entries: []Entry{{Funding, -amount}, {Treasury, amount}},
	}
}
