package log

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
)

// MaxTable is the most bytes of an epoch's table.
const MaxTable = 256 << 20

// Epoch says how an epoch was divided. Its tables are documents of their own that anybody can fetch by their hash: who divides the inputs by
// the published rules gets the payouts, byte for byte.
type Epoch struct {
	Time     uint64 // when it was closed, in Unix milliseconds
	Number   uint32
	Emission uint64  // µ-credits that left the treasury for it
	Pools    []Share // at most 32, by name in ascending order
	Inputs   Table
	Payouts  Table
}

// Share is one of an epoch's pools.
type Share struct {
	Name   string   // small letters, digits and underscores
	Amount uint64   // µ-credits
	Weight *big.Int // sum of the weights by which it was divided, below 2¹²⁸
}

// Table names a document by its SHA-256 and its size in bytes.
type Table struct {
	Hash [32]byte
	Size uint64
}

// TableOf names a document.
func TableOf(document []byte) Table { return Table{sha256.Sum256(document), uint64(len(document))} }

// Record returns what the log has of it, or ErrRecord when the pools are not as they must be or a table is larger than MaxTable.
func (e Epoch) Record() (Record, error) {
	r := Record{KindEpoch, []line{number("time", e.Time), number("number", uint64(e.Number)), number("emission", e.Emission)}}
	for _, p := range e.Pools {
		if p.Weight == nil {
			return Record{}, fmt.Errorf("%w: the pool %q has no weight", ErrRecord, p.Name)
		}
		r.lines = append(r.lines, line{"pool", []string{p.Name, strconv.FormatUint(p.Amount, 10), p.Weight.String()}})
	}
	r.lines = append(r.lines, e.Inputs.line("inputs"), e.Payouts.line("payouts"))
	if err := schemas[KindEpoch].check(r.lines); err != nil {
		return Record{}, fmt.Errorf("%w: epoch: %v", ErrRecord, err)
	}
	if err := e.checkTables(); err != nil {
		return Record{}, err
	}
	return r, nil
}

// ParseEpoch reads a record of this kind. An error is ErrRecord.
func ParseEpoch(r Record) (Epoch, error) {
	if r.kind != KindEpoch {
		return Epoch{}, fmt.Errorf("%w: it is of the kind %q, not of %q", ErrRecord, r.kind, KindEpoch)
	}
	var e Epoch
	for _, l := range r.lines { // each fits its form, so that no number can fail
		switch l.key {
		case "time":
			e.Time = parsed(l.words[0])
		case "number":
			e.Number = uint32(parsed(l.words[0]))
		case "emission":
			e.Emission = parsed(l.words[0])
		case "pool":
			weight, _ := new(big.Int).SetString(l.words[2], 10)
			e.Pools = append(e.Pools, Share{l.words[0], parsed(l.words[1]), weight})
		case "inputs":
			e.Inputs = tableOf(l.words)
		case "payouts":
			e.Payouts = tableOf(l.words)
		}
	}
	if err := e.checkTables(); err != nil {
		return Epoch{}, err
	}
	return e, nil
}

func (e Epoch) checkTables() error {
	if e.Inputs.Size > MaxTable || e.Payouts.Size > MaxTable {
		return fmt.Errorf("%w: epoch: a table has more than %d bytes", ErrRecord, MaxTable)
	}
	return nil
}

func (t Table) line(key string) line {
	return line{key, []string{hex.EncodeToString(t.Hash[:]), strconv.FormatUint(t.Size, 10)}}
}

func tableOf(words []string) (t Table) {
	_, _ = hex.Decode(t.Hash[:], []byte(words[0]))
	t.Size = parsed(words[1])
	return t
}

func parsed(word string) uint64 {
	n, _ := strconv.ParseUint(word, 10, 64)
	return n
}
