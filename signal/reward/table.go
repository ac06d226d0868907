package reward

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
)

// The tables are text: a first line that names the form, then lines of words with one space between them. Numbers are decimal, names are
// lower-case hexadecimal, flags 0 or 1. Every table has one form only: what does not come out again as it went in is refused.
const (
	inputForm   = "fanseed inputs v1"
	payoutsForm = "fanseed payouts v1"
)

// ErrTable refuses a table that is not in its form.
var ErrTable = errors.New("not a table of an epoch")

// Append appends the table of inputs.
func (in *Input) Append(dst []byte) []byte {
	t := table{dst}
	t.line(inputForm)
	t.line("epoch", u(in.Number), u(in.Minutes), u(in.Treasury), u(in.Most))
	for _, w := range in.Works {
		t.line("work", x(w.Infohash[:]), u(w.Leaves), u(w.Nets), flag(w.Weak), flag(w.Common))
	}
	for _, s := range in.Seeders {
		t.line("seeder", x(s.Account[:]), x(s.Net[:]), u(s.Reputation), flag(s.New), u(s.Failed))
	}
	for _, l := range in.Leechers {
		t.line("leecher", x(l.Tag[:]), x(l.Net[:]), u(l.Tickets), u(l.Used))
	}
	for _, r := range in.Transfers {
		t.line("transfer", u(r.Seeder), u(r.Leecher), u(r.Work), u(r.Bytes), u(r.Traded), flag(r.Capped))
	}
	for _, s := range in.Stays {
		t.line("stay", u(s.Seeder), u(s.Work), u(s.Minutes), u(s.Asked), u(s.Passed))
	}
	for _, p := range in.Pools {
		t.line("pool", x(p.ID[:]), u(p.Work), u(p.Rate), u(p.Left), flag(p.Ends))
	}
	for _, b := range in.Boosts {
		t.line("boost", x(b.ID[:]), u(b.Work), u(b.Amount))
	}
	return t.text
}

// Append appends the table of payouts of epoch n.
func (out *Outcome) Append(dst []byte, n uint32) []byte {
	t := table{dst}
	t.line(payoutsForm)
	t.line("epoch", u(n))
	for _, p := range []struct {
		kind Kind
		Pot
	}{{Bandwidth, out.Bandwidth}, {Availability, out.Availability}, {Grant, out.Grants}} {
		t.line("pot", string(p.kind), u(p.Pool), u(p.Weights), u(p.Paid))
	}
	for _, l := range out.Lines {
		t.line("pay", string(l.Kind), x(l.Account[:]), x(l.Work[:]), x(l.From[:]), u(l.Basis), u(l.Counted), u(l.Weight), u(l.Amount), string(l.Reason))
	}
	for _, r := range out.Refunds {
		t.line("refund", x(r.ID[:]), u(r.Amount))
	}
	return t.text
}

// Recompute returns the table of payouts that the table of inputs must give: whoever has both can check the division.
func Recompute(inputs []byte) ([]byte, error) {
	in, err := ParseInput(inputs)
	if err != nil {
		return nil, err
	}
	out, err := Standard.Close(in)
	if err != nil {
		return nil, err
	}
	return out.Append(nil, in.Number), nil
}

// table is text that is being written.
type table struct{ text []byte }

func (t *table) line(words ...string) {
	for i, w := range words {
		if i > 0 {
			t.text = append(t.text, ' ')
		}
		t.text = append(t.text, w...)
	}
	t.text = append(t.text, '\n')
}

func u[N uint64 | uint32 | int](n N) string { return strconv.FormatUint(uint64(n), 10) }
func x(name []byte) string                  { return hex.EncodeToString(name) }

func flag(is bool) string {
	if is {
		return "1"
	}
	return "0"
}

// ParseInput reads a table of inputs. Errors are ErrTable, and ErrInput for one that Close would refuse.
func ParseInput(text []byte) (*Input, error) {
	in := &Input{}
	rest, found := bytes.CutPrefix(text, []byte(inputForm+"\n"))
	if !found {
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrTable, inputForm)
	}
	for number := 2; len(rest) > 0; number++ {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		rest = after
		r := row{words: bytes.Split(line, []byte(" "))}
		if !whole || !in.read(&r) || r.wrong || len(r.words) > 0 {
			return nil, fmt.Errorf("%w: line %d", ErrTable, number)
		}
	}
	if err := in.Check(); err != nil {
		return nil, err
	}
	if !bytes.Equal(in.Append(nil), text) {
		return nil, fmt.Errorf("%w: its lines are not in order", ErrTable)
	}
	return in, nil
}

// read takes one line; false for one of no known kind.
func (in *Input) read(r *row) bool {
	switch string(r.next()) {
	case "epoch":
		in.Number, in.Minutes, in.Treasury, in.Most = uint32(r.number(32)), uint32(r.number(32)), r.number(64), r.number(64)
	case "work":
		w := Work{}
		r.name(w.Infohash[:])
		w.Leaves, w.Nets, w.Weak, w.Common = r.number(64), r.number(64), r.flag(), r.flag()
		in.Works = append(in.Works, w)
	case "seeder":
		s := Seeder{}
		r.name(s.Account[:])
		r.name(s.Net[:])
		s.Reputation, s.New, s.Failed = r.number(64), r.flag(), r.number(64)
		in.Seeders = append(in.Seeders, s)
	case "leecher":
		l := Leecher{}
		r.name(l.Tag[:])
		r.name(l.Net[:])
		l.Tickets, l.Used = r.number(64), r.number(64)
		in.Leechers = append(in.Leechers, l)
	case "transfer":
		in.Transfers = append(in.Transfers, Transfer{r.index(), r.index(), r.index(), r.number(64), r.number(64), r.flag()})
	case "stay":
		in.Stays = append(in.Stays, Stay{r.index(), r.index(), r.number(64), r.number(64), r.number(64)})
	case "pool":
		p := Pool{}
		r.name(p.ID[:])
		p.Work, p.Rate, p.Left, p.Ends = r.index(), r.number(64), r.number(64), r.flag()
		in.Pools = append(in.Pools, p)
	case "boost":
		b := Boost{}
		r.name(b.ID[:])
		b.Work, b.Amount = r.index(), r.number(64)
		in.Boosts = append(in.Boosts, b)
	default:
		return false
	}
	return true
}

// row is a line that is being read.
type row struct {
	words [][]byte
	wrong bool
}

func (r *row) next() (word []byte) {
	if len(r.words) == 0 {
		r.wrong = true
		return nil
	}
	word, r.words = r.words[0], r.words[1:]
	return word
}

func (r *row) number(bits int) uint64 {
	n, err := strconv.ParseUint(string(r.next()), 10, bits)
	r.wrong = r.wrong || err != nil
	return n
}

func (r *row) index() int { return int(r.number(31)) }

func (r *row) flag() bool { return r.number(1) == 1 }

func (r *row) name(dst []byte) {
	word := r.next()
	if len(word) != 2*len(dst) {
		r.wrong = true
		return
	}
	_, err := hex.Decode(dst, word)
	r.wrong = r.wrong || err != nil
}
