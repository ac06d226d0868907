package log

import (
	"encoding/hex"
	"strconv"
)

// Times of records are Unix milliseconds of the server's clock, amounts µ-credits, infohashes those of the works' pages.

// Deposit says that credits came into the treasury.
type Deposit struct {
	Time   uint64
	ID     [16]byte
	Amount uint64
}

// Record returns what the log has of it.
func (d Deposit) Record() Record {
	return Record{KindDeposit, []line{number("time", d.Time), hexes("id", d.ID[:]), number("amount", d.Amount)}}
}

// Boost says that credits were locked on a work, to be paid to those who share it.
type Boost struct {
	Time     uint64
	ID       [16]byte
	Infohash [20]byte
	Amount   uint64 // without the fee
	Fee      uint64 // which went to the treasury
	First    uint32 // epoch
	Epochs   uint32 // how many
}

// Record returns what the log has of it.
func (b Boost) Record() Record {
	return Record{KindBoost, []line{
		number("time", b.Time), hexes("id", b.ID[:]), hexes("infohash", b.Infohash[:]), number("amount", b.Amount), number("fee", b.Fee),
		number("first", uint64(b.First)), number("epochs", uint64(b.Epochs)),
	}}
}

// Pool says that a creator pays for a work's bytes.
type Pool struct {
	Time     uint64
	ID       [16]byte
	Infohash [20]byte
	Amount   uint64
	Rate     uint64 // µ-credits per GiB
	Last     uint32 // epoch; what is unspent then returns
}

// Record returns what the log has of it.
func (p Pool) Record() Record {
	return Record{KindPool, []line{
		number("time", p.Time), hexes("id", p.ID[:]), hexes("infohash", p.Infohash[:]), number("amount", p.Amount), number("rate", p.Rate),
		number("last", uint64(p.Last)),
	}}
}

// Grant says that a new account has its first credits.
type Grant struct {
	Time    uint64
	Epoch   uint32
	Account [16]byte
	Amount  uint64
}

// Record returns what the log has of it.
func (g Grant) Record() Record {
	return Record{KindGrant, []line{
		number("time", g.Time), number("epoch", uint64(g.Epoch)), hexes("account", g.Account[:]), number("amount", g.Amount),
	}}
}

// Audit says that an account could not prove that it stores a work.
type Audit struct {
	Time          uint64
	Account       [16]byte
	Infohash      [20]byte
	Asked, Passed uint32 // leaves or pieces
}

// Record returns what the log has of it.
func (a Audit) Record() Record {
	return Record{KindAudit, []line{
		number("time", a.Time), hexes("account", a.Account[:]), hexes("infohash", a.Infohash[:]),
		number("asked", uint64(a.Asked)), number("passed", uint64(a.Passed)),
	}}
}

// Takedown says that the operator removed a work.
type Takedown struct {
	Time     uint64
	Infohash [20]byte
}

// Record returns what the log has of it.
func (t Takedown) Record() Record {
	return Record{KindTakedown, []line{number("time", t.Time), hexes("infohash", t.Infohash[:])}}
}

func number(key string, n uint64) line { return line{key, []string{strconv.FormatUint(n, 10)}} }

func hexes(key string, b []byte) line { return line{key, []string{hex.EncodeToString(b)}} }
