package log

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// A schema is the lines of a kind in their order.
type schema []form

// A form is what one line of a record looks like. A line of which there can be many comes at most maxLines times, its first words in
// ascending order and each once.
type form struct {
	key   string
	words []func(string) bool
	many  bool
}

const maxLines = 32

var schemas = map[Kind]schema{
	// When a receipt was settled is not told: the leaf can be computed from what the seeder was given, and the order says enough.
	KindReceipt: {one("hash", isHash)},
	KindDeposit: {one("time", isNumber), one("id", isID), one("amount", isNumber)},
	KindBoost: {
		one("time", isNumber), one("id", isID), one("infohash", isInfohash), one("amount", isNumber), one("fee", isNumber),
		one("first", isEpoch), one("epochs", isEpoch),
	},
	KindPool: {
		one("time", isNumber), one("id", isID), one("infohash", isInfohash), one("amount", isNumber), one("rate", isNumber), one("last", isEpoch),
	},
	KindGrant:    {one("time", isNumber), one("epoch", isEpoch), one("account", isID), one("amount", isNumber)},
	KindAudit:    {one("time", isNumber), one("account", isID), one("infohash", isInfohash), one("asked", isEpoch), one("passed", isEpoch)},
	KindTakedown: {one("time", isNumber), one("infohash", isInfohash)},
	KindEpoch: {
		one("time", isNumber), one("number", isEpoch), one("emission", isNumber), many("pool", isName, isNumber, isSum),
		one("inputs", isHash, isNumber), one("payouts", isHash, isNumber),
	},
}

func one(key string, words ...func(string) bool) form  { return form{key, words, false} }
func many(key string, words ...func(string) bool) form { return form{key, words, true} }

func (s schema) check(lines []line) error {
	for _, f := range s {
		n := f.count(lines)
		if n > maxLines || !f.many && n != 1 {
			return fmt.Errorf("%s is there %d times", f.key, n)
		}
		for i, l := range lines[:n] {
			if !f.fits(l) {
				return fmt.Errorf("%s is not as it must be", f.key)
			}
			if i > 0 && lines[i-1].words[0] >= l.words[0] {
				return fmt.Errorf("%s: the lines are not in order", f.key)
			}
		}
		lines = lines[n:]
	}
	if len(lines) > 0 {
		return errors.New("there is a line more than there can be")
	}
	return nil
}

// count returns how many lines follow each other that have the form's key.
func (f form) count(lines []line) (n int) {
	for n < len(lines) && lines[n].key == f.key {
		n++
	}
	return n
}

func (f form) fits(l line) bool {
	if len(l.words) != len(f.words) {
		return false
	}
	for i, is := range f.words {
		if !is(l.words[i]) {
			return false
		}
	}
	return true
}

func isHash(s string) bool     { return isHex(s, 64) }
func isID(s string) bool       { return isHex(s, 32) }
func isInfohash(s string) bool { return isHex(s, 40) }

func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}

func isNumber(s string) bool { return isDecimal(s, 64) }
func isEpoch(s string) bool  { return isDecimal(s, 32) }

func isDecimal(s string, size int) bool {
	n, err := strconv.ParseUint(s, 10, size)
	return err == nil && s == strconv.FormatUint(n, 10)
}

// maxSumDigits is what a number below 2¹²⁸ has at most.
const maxSumDigits = 39

// isSum reports whether s is a number below 2¹²⁸: weights are 64 bits each, and there may be many.
func isSum(s string) bool {
	if len(s) == 0 || len(s) > maxSumDigits || strings.Trim(s, "0123456789") != "" {
		return false
	}
	n, ok := new(big.Int).SetString(s, 10)
	return ok && n.BitLen() <= 128 && n.String() == s
}

// isName reports whether s is a word of 1 to 32 small letters, digits and underscores that begins with a letter.
func isName(s string) bool {
	return len(s) > 0 && len(s) <= 32 && s[0] >= 'a' && s[0] <= 'z' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
