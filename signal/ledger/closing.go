package ledger

import (
	"math/big"
	"strconv"
	"time"

	"fanseed/signal/log"
	"fanseed/signal/reward"
)

// Epoch is a closed epoch.
type Epoch struct {
	Number uint32
	Bytes  uint64 // confirmed in it
	Paid   uint64 // µ-credits, out of whatever
}

// Closed is a closed epoch with the record that the public log has of it.
type Closed struct {
	Epoch
	Record log.Record
}

// Holding is pay that becomes payable when the epoch Release closes.
type Holding struct {
	Account [16]byte
	Epoch   uint32 // in which it was earned
	Release uint32
	Amount  uint64 // µ-credits
}

// Reached says how many networks downloaded a work.
type Reached struct {
	Work [20]byte
	Nets uint64
}

// Repute is what an account takes along into the next epoch.
type Repute struct {
	Account    [16]byte
	Reputation uint64 // in 1,000ths
	Granted    bool
}

// Closing is what the end of an epoch changes, all of it in one transaction.
type Closing struct {
	Epoch
	Lines     []reward.Line // at most one for each kind, account, work and source
	Transfers []Transfer
	Holdings  []Holding // new ones; those that were due are done with
	Reputes   []Repute
	Reached   []Reached
	Forget    uint32 // presences of earlier epochs are of no use any more
	// Inputs and Payouts are the tables by which anybody can repeat the division. Record names them in the public log.
	Inputs, Payouts []byte
	Record          log.Record
}

// lateFor is how long after its epoch began a ticket may still be settled, and more.
const lateFor = 4 * 24 * time.Hour

// input makes an epoch's inputs of what the books say.
func (l *Ledger) input(n uint32, f *Facts) *reward.Input {
	minutes := uint32((time.Duration(l.epochs) + time.Minute - 1) / time.Minute)
	return f.Input(n, minutes, l.emission, func(account [16]byte) reward.Tag { return l.tags.leecher(n, account) })
}

// maxRows is the most transfers, and as many stays, of which an epoch is computed.
const maxRows = 4 << 20

// maxTable is the most bytes of an epoch's table. An epoch of more is closed without what counts for least in it: it must close.
const maxTable = log.MaxTable

// closing computes the end of an epoch, whose tables have no more than so many bytes.
func (l *Ledger) closing(n uint32, now time.Time, f *Facts, maxTable int) (Closing, error) {
	c := Closing{Epoch: Epoch{Number: n}}
	for _, g := range f.Gave {
		c.Bytes += g.Bytes + g.Traded
	}
	var in *reward.Input
	var out reward.Outcome
	for most := min(max(len(f.Gave), len(f.Stays)), maxRows); ; most /= 2 {
		left := f.keep(most)
		in = l.input(n, f)
		var err error
		if out, err = reward.Standard.Close(in); err != nil {
			return Closing{}, err
		}
		c.Lines, c.Inputs, c.Payouts = out.Lines, in.Append(nil), out.Append(nil, n)
		if most == 0 || max(len(c.Inputs), len(c.Payouts)) <= maxTable {
			if left > 0 {
				l.log.Error("the epoch has more rows than its tables: the smallest are left out", "epoch", n, "left out", left)
			}
			break
		}
	}
	var earned, granted sums
	for _, line := range out.Lines {
		c.Paid += line.Amount
		if line.Kind == reward.Grant {
			granted.add(line.Account, line.Amount)
		} else {
			earned.add(line.Account, line.Amount)
		}
	}
	c.Transfers = transfers(pay(in, &out, earned, granted), refund(n, f, &out), mature(n, f.Due))
	c.Holdings = l.hold(n, f, earned)
	c.Reputes = reputes(in, out, f, granted)
	c.Forget = n - min(n, uint32(lateFor/time.Duration(l.epochs))+1)
	c.Reached = reached(in, f)
	var err error
	c.Record, err = record(&c, &out, now)
	return c, err
}

// reached tells how many networks downloaded each work in this epoch: the inputs have them with those of the epochs before.
func reached(in *reward.Input, f *Facts) (list []Reached) {
	before := map[[20]byte]uint64{}
	for _, r := range f.Reached {
		before[r.Work] = r.Nets
	}
	for _, w := range in.Works {
		if nets := w.Nets - before[w.Infohash]; nets > 0 {
			list = append(list, Reached{w.Infohash, nets})
		}
	}
	return list
}

// record is what the public log says of an epoch.
func record(c *Closing, out *reward.Outcome, now time.Time) (log.Record, error) {
	e := log.Epoch{Time: uint64(now.UnixMilli()), Number: c.Number, Inputs: log.TableOf(c.Inputs), Payouts: log.TableOf(c.Payouts)}
	for _, of := range []struct {
		kind reward.Kind
		reward.Pot
	}{{reward.Availability, out.Availability}, {reward.Bandwidth, out.Bandwidth}, {reward.Grant, out.Grants}} {
		e.Emission += of.Paid
		e.Pools = append(e.Pools, log.Share{Name: string(of.kind), Amount: of.Pool, Weight: new(big.Int).SetUint64(of.Weights)})
	}
	return e.Record()
}

// sums adds up amounts by account, in the order in which they came first.
type sums struct {
	accounts [][16]byte
	of       map[[16]byte]uint64
}

func (s *sums) add(account [16]byte, amount uint64) {
	if amount == 0 {
		return
	}
	if s.of == nil {
		s.of = map[[16]byte]uint64{}
	}
	if s.of[account] == 0 {
		s.accounts = append(s.accounts, account)
	}
	s.of[account] += amount
}

// pay moves an epoch's pay out of the treasury, the boosts and the pools: what was earned is held, what was granted can be spent on boosts.
func pay(in *reward.Input, out *reward.Outcome, earned, granted sums) Transfer {
	t := Transfer{Key: "epoch:" + strconv.FormatUint(uint64(in.Number), 10)}
	for _, of := range []struct {
		sums
		account func([16]byte) string
	}{{earned, Earned}, {granted, Promo}} {
		for _, account := range of.accounts {
			t.Entries = append(t.Entries, Entry{of.account(account), int64(of.of[account])})
		}
	}
	from, sources := map[string]uint64{}, []string{}
	take := func(source string, amount uint64) {
		if from[source] == 0 && amount > 0 {
			sources = append(sources, source)
		}
		from[source] += amount
	}
	for _, line := range out.Lines {
		switch line.Kind {
		case reward.FromBoost: // of all boosts of the work together
		case reward.FromPool:
			take(PoolAccount(line.From), line.Amount)
		default:
			take(Treasury, line.Amount)
		}
	}
	refunded := out.Refunded()
	for _, b := range in.Boosts {
		take(BoostAccount(b.ID), b.Amount-refunded[b.ID])
	}
	for _, source := range sources {
		t.Entries = append(t.Entries, Entry{source, -int64(from[source])})
	}
	return t
}

// refund gives back a boost's part of an epoch in which nobody served, and what pools that end have left.
func refund(n uint32, f *Facts, out *reward.Outcome) Transfer {
	t := Transfer{Key: "refund:" + strconv.FormatUint(uint64(n), 10)}
	back, owners := map[string]uint64{}, []string{}
	give := func(from, to string, amount uint64) {
		if amount == 0 {
			return
		}
		t.Entries = append(t.Entries, Entry{from, -int64(amount)})
		if back[to] == 0 {
			owners = append(owners, to)
		}
		back[to] += amount
	}
	refunded := out.Refunded()
	for _, s := range f.Slices {
		give(BoostAccount(s.ID), s.source(), refunded[s.ID])
	}
	paid := map[[16]byte]uint64{}
	for _, line := range out.Lines {
		if line.Kind == reward.FromPool {
			paid[line.From] += line.Amount
		}
	}
	for _, p := range f.Funds {
		if p.Last <= n {
			give(PoolAccount(p.ID), Payable(p.Owner), p.Left-paid[p.ID])
		}
	}
	for _, owner := range owners {
		t.Entries = append(t.Entries, Entry{owner, int64(back[owner])})
	}
	return t
}

// mature moves what was held long enough to where it can be paid from.
func mature(n uint32, due []Holding) Transfer {
	t := Transfer{Key: "mature:" + strconv.FormatUint(uint64(n), 10)}
	var ripe sums
	for _, h := range due {
		ripe.add(h.Account, h.Amount)
	}
	for _, account := range ripe.accounts {
		amount := int64(ripe.of[account])
		t.Entries = append(t.Entries, Entry{Earned(account), -amount}, Entry{Payable(account), amount})
	}
	return t
}

// transfers leaves out those that move nothing.
func transfers(list ...Transfer) (moving []Transfer) {
	for _, t := range list {
		if len(t.Entries) > 0 {
			moving = append(moving, t)
		}
	}
	return moving
}

// hold says until when what was earned is held.
func (l *Ledger) hold(n uint32, f *Facts, earned sums) (list []Holding) {
	begun := map[[16]byte]uint32{}
	for _, p := range f.People {
		begun[p.Account] = l.epochs.At(time.UnixMilli(int64(p.Registered)))
	}
	for _, account := range earned.accounts {
		for _, r := range reward.Hold(begun[account], n, earned.of[account]) {
			list = append(list, Holding{account, n, r.Epoch, r.Amount})
		}
	}
	return list
}

// reputes says what becomes of everybody who took part.
func reputes(in *reward.Input, out reward.Outcome, f *Facts, granted sums) (list []Repute) {
	before := map[[16]byte]bool{}
	for _, p := range f.People {
		before[p.Account] = p.Granted
	}
	for i, s := range in.Seeders {
		list = append(list, Repute{s.Account, out.Reputations[i], before[s.Account] || granted.of[s.Account] > 0})
	}
	return list
}
