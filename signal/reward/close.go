package reward

import (
	"fmt"

	"fanseed/signal/receipt"
)

// Kind says what a line of pay is for.
type Kind string

// The kinds of pay.
const (
	Bandwidth    Kind = "bandwidth"    // of the common pool, for bytes
	Availability Kind = "availability" // of the common pool, for time and proofs
	Grant        Kind = "grant"        // of the common pool, to a new account
	FromPool     Kind = "pool"         // of a creator's pool
	FromBoost    Kind = "boost"        // of the boosts of a work
)

// Line is one payment, with how its number came about.
type Line struct {
	Kind    Kind
	Account [16]byte
	Work    [20]byte // zero for a grant
	From    [16]byte // the pool; zero for a common one, and for the boosts of a work, which are divided together
	Basis   uint64   // bytes that were confirmed, or minutes
	Counted uint64   // of those, what no cap took away
	Weight  uint64   // what that counted for in the division
	Amount  uint64   // µ-credits
	Reason  receipt.Reason
}

// sentences are those of lines that are not for bytes.
var sentences = map[Kind]map[receipt.Reason]string{
	Availability: {
		receipt.Confirmed: "You were there for this work and proved that you have it.",
		receipt.Pending:   "You are there for this work and have proved that you have it; the credits are paid when the epoch closes.",
	},
	Grant: {
		receipt.Confirmed: "First credits: this account was there for a day, proved what it has, and gave something.",
		receipt.Pending:   "First credits: they are paid when the epoch closes.",
	},
}

// Text returns why the line is what it is, in one plain English sentence.
func (l Line) Text() string {
	if s := sentences[l.Kind][l.Reason]; s != "" {
		return s
	}
	return l.Reason.Text()
}

// Pot is a common pool of an epoch.
type Pot struct {
	Pool    uint64 // µ-credits that there were
	Weights uint64 // of all
	Paid    uint64 // µ-credits; what is left stays in the treasury
}

// Refund gives a boost's part of an epoch back, because nobody served.
type Refund struct {
	ID     [16]byte
	Amount uint64 // µ-credits
}

// Outcome is what an epoch pays.
type Outcome struct {
	Bandwidth, Availability, Grants Pot
	Lines                           []Line // by kind, then by seeder and work, or by pool or boost
	Refunds                         []Refund
	Reputations                     []uint64 // of the seeders, after it
}

// Refunded tells how much is given back of each boost.
func (out *Outcome) Refunded() map[[16]byte]uint64 {
	amounts := map[[16]byte]uint64{}
	for _, r := range out.Refunds {
		amounts[r.ID] = r.Amount
	}
	return amounts
}

// Close computes an epoch's pay. It returns ErrInput for what is not in order.
func (r Rules) Close(in *Input) (Outcome, error) {
	if err := in.Check(); err != nil {
		return Outcome{}, fmt.Errorf("close epoch %d: %w", in.Number, err)
	}
	var out Outcome
	out.Bandwidth.Pool, out.Availability.Pool, out.Grants.Pool = r.emission(in.Treasury, in.Most)
	gave := r.bandwidth(in)
	r.payBandwidth(in, &out, gave)
	r.payAvailability(in, &out)
	r.payGrants(in, &out)
	payPools(in, &out, gave)
	payBoosts(in, &out, gave)
	out.Reputations = reputations(in)
	return out, nil
}

func (s served) line(in *Input, kind Kind) Line {
	return Line{
		Kind: kind, Account: in.Seeders[s.seeder].Account, Work: in.Works[s.work].Infohash,
		Basis: s.bytes, Counted: s.counted, Weight: s.weight, Reason: s.reason,
	}
}

// payBandwidth divides the pool in proportion to the weights.
func (r Rules) payBandwidth(in *Input, out *Outcome, gave []served) {
	weights, lines := make([]uint64, len(gave)), make([]Line, len(gave))
	for i, s := range gave {
		lines[i] = s.line(in, Bandwidth)
		if in.Works[s.work].Common {
			weights[i] = s.weight
		} else {
			lines[i].Weight = 0
			if s.given > 0 {
				lines[i].Reason = receipt.NotCommon
			}
		}
	}
	amounts := Split(out.Bandwidth.Pool, weights)
	r.pay(in, &out.Bandwidth, amounts, lines, func(i int) int { return gave[i].seeder })
	out.Lines = append(out.Lines, lines...)
}

// payAvailability divides the pool among works and then among those who were there.
func (r Rules) payAvailability(in *Input, out *Outcome) {
	list, values := r.availability(in, out.Availability.Pool)
	amounts, lines := make([]uint64, len(list)), make([]Line, len(list))
	for i, s := range list {
		amounts[i] = s.share
		lines[i] = Line{
			Kind: Availability, Account: in.Seeders[s.seeder].Account, Work: in.Works[s.work].Infohash,
			Basis: s.minutes, Counted: s.minutes, Weight: s.weight, Reason: stayReason(in, i),
		}
	}
	r.pay(in, &out.Availability, amounts, lines, func(i int) int { return list[i].seeder })
	out.Availability.Weights = 0
	for _, v := range values {
		out.Availability.Weights += v
	}
	out.Lines = append(out.Lines, lines...)
}

func stayReason(in *Input, i int) receipt.Reason {
	switch s := in.Stays[i]; {
	case !in.Works[s.Work].Common:
		return receipt.NotCommon
	case s.Passed == 0:
		return receipt.NoProof
	case s.Passed < s.Asked:
		return receipt.ProofFailed
	}
	return receipt.Confirmed
}

// pay gives out amounts of a common pool, to each network no more than it may have.
func (r Rules) pay(in *Input, pot *Pot, amounts []uint64, lines []Line, seeder func(i int) int) {
	var nets groups[Tag]
	for i := range lines {
		pot.Weights += lines[i].Weight
		if amounts[i] > 0 {
			nets.add(in.Seeders[seeder(i)].Net, i)
		}
	}
	most := r.mostPerNet(pot.Pool, len(nets.rows))
	for _, rows := range nets.rows {
		if clip(amounts, rows, most) {
			for _, i := range rows {
				lines[i].Reason = receipt.CappedNet
			}
		}
	}
	for i := range lines {
		lines[i].Amount = amounts[i]
		pot.Paid += amounts[i]
	}
}

// payGrants gives each network's first new account the same.
func (r Rules) payGrants(in *Input, out *Outcome) {
	taken := map[Tag]bool{}
	var lines []Line
	var weights []uint64
	for _, s := range in.Seeders {
		if s.New && !taken[s.Net] {
			taken[s.Net] = true
			lines, weights = append(lines, Line{Kind: Grant, Account: s.Account, Weight: 1, Reason: receipt.Confirmed}), append(weights, 1)
		}
	}
	for i, share := range Split(out.Grants.Pool, weights) {
		lines[i].Amount = min(share, r.MostGrant)
		out.Grants.Paid += lines[i].Amount
		out.Grants.Weights++
	}
	out.Lines = append(out.Lines, lines...)
}

// payPools pays every creator's pool at its rate, or all that it has left, divided.
func payPools(in *Input, out *Outcome, gave []served) {
	works := byWork(in, gave)
	for _, p := range in.Pools {
		rows := works[p.Work]
		prices, left, short := make([]uint64, len(rows)), p.Left, false
		for i, row := range rows {
			prices[i] = price(gave[row].weight, p.Rate)
			short = short || prices[i] > left
			left -= min(prices[i], left)
		}
		if short {
			prices = Split(p.Left, prices)
		}
		for i, row := range rows {
			line := gave[row].line(in, FromPool)
			line.From, line.Amount = p.ID, prices[i]
			if short {
				line.Reason = receipt.PoolShort
			}
			out.Lines = append(out.Lines, line)
		}
	}
}

// payBoosts divides what is locked on each work for this epoch, or gives it back. All boosts of a work are divided together: many small ones
// are no more lines than one.
func payBoosts(in *Input, out *Outcome, gave []served) {
	works := byWork(in, gave)
	weights, served := make([][]uint64, len(in.Works)), make([]bool, len(in.Works))
	for w, rows := range works {
		for _, row := range rows {
			weights[w] = append(weights[w], gave[row].weight)
			served[w] = served[w] || gave[row].weight > 0
		}
	}
	locked := make([]uint64, len(in.Works))
	for _, b := range in.Boosts {
		if served[b.Work] {
			locked[b.Work] += b.Amount
		} else {
			out.Refunds = append(out.Refunds, Refund{b.ID, b.Amount})
		}
	}
	for w, amount := range locked {
		if amount == 0 {
			continue
		}
		for i, share := range Split(amount, weights[w]) {
			line := gave[works[w][i]].line(in, FromBoost)
			line.Amount = share
			out.Lines = append(out.Lines, line)
		}
	}
}

// byWork lists the rows of each work.
func byWork(in *Input, gave []served) [][]int {
	works := make([][]int, len(in.Works))
	for i, s := range gave {
		works[s.work] = append(works[s.work], i)
	}
	return works
}

// price returns what bytes are worth at a rate of µ-credits per GiB, rounded down. Both are bounded, so that it fits.
func price(bytes, rate uint64) uint64 { return scale(bytes, rate, 1<<30) }

// reputations returns what becomes of every seeder's.
func reputations(in *Input) []uint64 {
	nets := make([]map[Tag]bool, len(in.Seeders))
	for _, t := range in.Transfers {
		if t.Bytes+t.Traded == 0 {
			continue
		}
		if nets[t.Seeder] == nil {
			nets[t.Seeder] = map[Tag]bool{}
		}
		nets[t.Seeder][in.Leechers[t.Leecher].Net] = true
	}
	list := make([]uint64, len(in.Seeders))
	for i, s := range in.Seeders {
		list[i] = reputation(s, len(nets[i]))
	}
	return list
}
