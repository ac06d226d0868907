package ledgertest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"maps"
	"slices"
	"sync"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
	"fanseed/signal/receipt"
	"fanseed/signal/reward"
	"fanseed/signal/ticket"
)

// defect is a mistake that a fake can be told to make.
type defect string

// fake keeps the books in memory, as simply as can be.
type fake struct {
	defect
	mu        sync.Mutex
	settings  map[string]string
	people    map[[16]byte]ledger.Key
	works     map[[20]byte]ledger.Work
	torrents  map[[20]byte][]byte
	tickets   map[[16]byte]ticket.Ticket
	settled   map[[16]byte]receipt.Result
	atFirst   map[[16]byte]receipt.Result // settled when the batch began
	increases []increase
	refused   map[[16]byte][]ledger.Refused // newest first
	closings  map[uint32]ledger.Closing
	matured   map[ledger.Holding]bool
	boosts    []ledger.Boost
	pools     []ledger.Pool
	booked    map[string]ledger.Transfer
	balances  map[string]int64
	presences []ledger.Presence
	stays     []ledger.Stay
	told      map[[16]byte]bool
	audits    []ledger.Audited
	appeals   []ledger.Appeal

	*log.Memory
	deposits []log.Record // that are not in the log yet
	logged   int          // increases
}

type increase struct {
	serial          [16]byte
	epoch           uint32
	seeder, leecher [16]byte
	infohash        [20]byte
	bytes           uint64
	capped          bool
	record          log.Receipt
}

func newFake(d defect) *fake {
	return &fake{
		defect: d, settings: map[string]string{}, people: map[[16]byte]ledger.Key{}, works: map[[20]byte]ledger.Work{},
		torrents: map[[20]byte][]byte{}, tickets: map[[16]byte]ticket.Ticket{}, settled: map[[16]byte]receipt.Result{},
		refused: map[[16]byte][]ledger.Refused{}, closings: map[uint32]ledger.Closing{}, matured: map[ledger.Holding]bool{}, booked: map[string]ledger.Transfer{},
		balances: map[string]int64{}, Memory: newLog(),
	}
}

func fakePlace(d defect) func(testing.TB) Place {
	return func(testing.TB) Place {
		f := newFake(d)
		return func(testing.TB) Store {
			if d == "forgets when it is opened again" && len(f.closings) > 0 {
				return newFake(d)
			}
			return f
		}
	}
}

func (f *fake) Close() error { return nil }

func (f *fake) Once(_ context.Context, name, value string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, kept := f.settings[name]; !kept || f.defect == "overwrites settings" {
		f.settings[name] = value
	}
	return f.settings[name], nil
}

func (f *fake) Registered(_ context.Context, key [32]byte) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, known := f.people[ticket.Account(key)]
	return known, nil
}

func (f *fake) work(hash [32]byte) (ledger.Work, bool) {
	for _, w := range f.works {
		if ticket.Infohash(w.Infohash) == hash {
			return w, true
		}
	}
	return ledger.Work{}, false
}

func (f *fake) Signers(_ context.Context, serials [][16]byte) ([]ledger.Signer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	signers := make([]ledger.Signer, len(serials))
	for i, serial := range serials {
		if t, known := f.tickets[serial]; known {
			signers[i] = ledger.Signer{Known: true, Seeder: ticket.Account(t.Seeder), Leecher: t.Leecher}
		}
	}
	return signers, nil
}

func (f *fake) Apply(ctx context.Context, b ledger.Batch) (out ledger.Outcome, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range b.Keys {
		if _, known := f.people[ticket.Account(k.Public)]; !known {
			f.people[ticket.Account(k.Public)] = k
		}
	}
	if err := ctx.Err(); err != nil && f.defect != "half a transaction" {
		for _, k := range b.Keys {
			delete(f.people, ticket.Account(k.Public))
		}
	}
	if err := ctx.Err(); err != nil {
		return out, err
	}
	for _, t := range b.Tickets {
		out.Issued = append(out.Issued, f.issue(t))
	}
	for _, p := range b.Presences {
		if _, registered := f.people[p.Account]; registered && (f.defect == "forgets where it saw somebody first" || !f.seen(p)) {
			f.presences = slices.DeleteFunc(f.presences, func(q ledger.Presence) bool { return q.Account == p.Account && q.Epoch == p.Epoch })
			f.presences = append(f.presences, p)
		}
	}
	for _, s := range f.untold(b.Told) {
		_, registered := f.people[s.Account]
		_, published := f.works[s.Work]
		if registered && published && (f.defect == "takes stays of closed epochs" || s.Epoch >= f.firstOpen()) {
			f.stays = append(f.stays, s)
		}
	}
	for _, a := range b.Audits {
		_, registered := f.people[a.Account]
		_, published := f.works[a.Work]
		if !registered || !published || a.Epoch < f.firstOpen() && f.defect != "takes audits of closed epochs" {
			continue
		}
		if slices.Contains(f.audits, a) && f.defect != "counts an audit again" {
			continue
		}
		f.audits = append(f.audits, a)
		if a.Passed {
			continue
		}
		if _, err := f.Append(ctx, log.Audit{Time: a.Time, Account: a.Account, Infohash: a.Work, Asked: 1}.Record()); err != nil {
			return out, err
		}
	}
	f.atFirst = maps.Clone(f.settled)
	for _, c := range b.Claims {
		out.Results = append(out.Results, f.judge(c))
		out.Increases = append(out.Increases, f.newest(out.Results[len(out.Results)-1]))
	}
	return out, nil
}

func (f *fake) seen(p ledger.Presence) bool {
	return slices.ContainsFunc(f.presences, func(q ledger.Presence) bool { return q.Account == p.Account && q.Epoch == p.Epoch })
}

func (f *fake) Facts(_ context.Context, n uint32) (ledger.Facts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.facts(n), nil
}

func (f *fake) facts(n uint32) (facts ledger.Facts) {
	facts.Treasury = uint64(f.balances[ledger.Treasury])
	accounts, works := map[[16]byte]bool{}, map[[20]byte]bool{}
	for _, i := range f.increases {
		if i.epoch != n {
			continue
		}
		accounts[i.seeder], accounts[i.leecher], works[i.infohash] = true, true, true
		at := slices.IndexFunc(facts.Gave, func(g ledger.Gave) bool {
			return g.Seeder == i.seeder && g.Leecher == i.leecher && g.Work == i.infohash
		})
		if at < 0 {
			at, facts.Gave = len(facts.Gave), append(facts.Gave, ledger.Gave{Seeder: i.seeder, Leecher: i.leecher, Work: i.infohash})
		}
		if f.tickets[i.serial].Flags&ticket.Traded != 0 && f.defect != "counts what was traded" {
			facts.Gave[at].Traded += i.bytes
		} else {
			facts.Gave[at].Bytes += i.bytes
		}
		facts.Gave[at].Capped = facts.Gave[at].Capped || i.capped
	}
	for _, s := range f.stays {
		if s.Epoch != n {
			continue
		}
		accounts[s.Account], works[s.Work] = true, true
		at := slices.IndexFunc(facts.Stays, func(o ledger.Stay) bool { return o.Account == s.Account && o.Work == s.Work })
		if at < 0 {
			at, facts.Stays = len(facts.Stays), append(facts.Stays, ledger.Stay{Epoch: n, Account: s.Account, Work: s.Work})
		}
		facts.Stays[at].Minutes += s.Minutes
		facts.Stays[at].Asked += s.Asked
		facts.Stays[at].Passed += s.Passed
	}
	for _, a := range f.audits {
		if a.Epoch != n || a.Passed {
			continue
		}
		accounts[a.Account] = true
		at := slices.IndexFunc(facts.Failed, func(o ledger.Failed) bool { return o.Account == a.Account })
		if at < 0 {
			at, facts.Failed = len(facts.Failed), append(facts.Failed, ledger.Failed{Account: a.Account})
		}
		facts.Failed[at].Times++
	}
	for _, b := range f.boosts {
		for _, s := range b.Slices() {
			if s.Epoch == n {
				facts.Slices, works[b.Work] = append(facts.Slices, s), true
			}
		}
	}
	for _, p := range f.pools {
		if p.Last >= f.firstOpen() || f.defect == "never ends a pool" {
			facts.Funds, works[p.Work] = append(facts.Funds, f.fund(p)), true
		}
	}
	facts.Tried = f.tried(n)
	for infohash := range works {
		facts.Works = append(facts.Works, f.works[infohash])
		nets := uint64(0)
		for before := n - 6; before < n; before++ {
			for _, r := range f.closings[before].Reached {
				if r.Work == infohash {
					nets += r.Nets
				}
			}
		}
		if nets > 0 {
			facts.Reached = append(facts.Reached, ledger.Reached{Work: infohash, Nets: nets})
		}
	}
	for account := range accounts {
		var latest *ledger.Presence
		for i, p := range f.presences {
			if p.Account == account && p.Epoch <= n && (latest == nil || p.Epoch > latest.Epoch) {
				latest = &f.presences[i]
			}
		}
		if latest != nil {
			facts.Presences = append(facts.Presences, *latest)
		}
		facts.People = append(facts.People, f.person(account))
	}
	if f.defect != "forgets what is held" {
		facts.Due = f.holdings(func(h ledger.Holding) bool { return h.Release <= n })
	}
	return facts
}

func (f *fake) person(account [16]byte) ledger.Person {
	p := ledger.Person{Account: account, Registered: f.people[account].Now, Reputation: reward.NewReputation}
	for _, n := range slices.Sorted(maps.Keys(f.closings)) {
		for _, r := range f.closings[n].Reputes {
			if r.Account == account && f.defect != "forgets reputations" {
				p.Reputation, p.Granted = r.Reputation, r.Granted
			}
		}
	}
	minutes := map[[20]byte]uint64{}
	for _, s := range f.stays {
		if s.Account == account {
			minutes[s.Work] += s.Minutes
			p.Longest = max(p.Longest, minutes[s.Work])
		}
	}
	return p
}

// holdings returns what is held.
func (f *fake) holdings(which func(ledger.Holding) bool) (list []ledger.Holding) {
	for _, n := range slices.Sorted(maps.Keys(f.closings)) {
		for _, h := range f.closings[n].Holdings {
			if !f.matured[h] && which(h) {
				list = append(list, h)
			}
		}
	}
	return list
}

func (f *fake) tried(n uint32) (list []ledger.Tried) {
	type pair struct {
		seeder, leecher, work [32]byte
	}
	pairs, by := map[pair]bool{}, map[[16]byte]*ledger.Tried{}
	for serial, t := range f.tickets {
		if p := (pair{t.Seeder, t.Leecher, t.Infohash}); t.Epoch == n && t.Flags&ticket.Traded == 0 {
			_, settled := f.settled[serial]
			pairs[p] = pairs[p] || settled
		}
	}
	for p, successful := range pairs {
		leecher := ticket.Account(p.leecher)
		if by[leecher] == nil {
			by[leecher] = &ledger.Tried{Leecher: leecher}
		}
		by[leecher].Pairs++
		if successful {
			by[leecher].Successful++
		}
	}
	for _, t := range by {
		list = append(list, *t)
	}
	return list
}

func (f *fake) issue(t ticket.Ticket) error {
	_, used := f.tickets[t.Serial]
	_, seeder := f.people[ticket.Account(t.Seeder)]
	_, leecher := f.people[ticket.Account(t.Leecher)]
	w, published := f.work(t.Infohash)
	if used || !seeder || !leecher || !published || w.Removed {
		return ledger.ErrTicket
	}
	f.tickets[t.Serial] = t
	return nil
}

func (f *fake) judge(c ledger.Claim) receipt.Result {
	t, known := f.tickets[c.Receipt.Serial]
	w, _ := f.work(t.Infohash)
	stored := f.settled[t.Serial]
	if f.defect == "judges a batch by what was there before it" {
		stored = f.atFirst[t.Serial]
	}
	s := ledger.Standing{
		Known: known, Seeder: ticket.Account(t.Seeder), Limit: t.Limit, Issued: t.Issued, SettleBy: t.SettleBy,
		Settled: stored.Amount, Reason: stored.Reason, Length: w.Length,
		Copied: f.copied(ticket.Account(t.Leecher), w.Infohash),
	}
	if f.defect == "counts copies by seeder" {
		s.Copied = s.Settled
	}
	v := ledger.Judge(c, s)
	if f.defect == "credits a repeated receipt" && c.Receipt.Amount == s.Settled && s.Settled > 0 {
		v.Advance, v.Credit = true, c.Receipt.Amount
	}
	if v.Advance {
		f.settled[t.Serial] = v.Result
		f.increases = append(f.increases, increase{
			t.Serial, f.epochFor(t.Epoch), s.Seeder, ticket.Account(t.Leecher), w.Infohash, v.Credit, v.Reason != receipt.Confirmed,
			log.Receipt{Salt: c.Salt, Serial: t.Serial, Amount: v.Amount, Epoch: f.epochFor(t.Epoch)},
		})
	} else if !v.Reason.Accepted() {
		f.refuse(c, v.Reason, w.Infohash)
	}
	return v.Result
}

func (f *fake) epochFor(n uint32) uint32 {
	if f.defect == "credits closed epochs" {
		return n
	}
	return max(n, f.firstOpen())
}

func (f *fake) firstOpen() (first uint32) {
	for n := range f.closings {
		first = max(first, n+1)
	}
	return first
}

func (f *fake) refuse(c ledger.Claim, why receipt.Reason, infohash [20]byte) {
	if _, known := f.people[c.Account]; !known {
		return
	}
	r := ledger.Refused{Serial: c.Receipt.Serial, Infohash: infohash, Amount: min(c.Receipt.Amount, ledger.MaxAmount), Reason: why, Time: c.Now}
	limit := ledger.KeepRefused
	if why == receipt.UnknownTicket {
		limit, r.Infohash = ledger.KeepUnknown, [20]byte{}
	}
	kept := 0
	f.refused[c.Account] = slices.DeleteFunc(slices.Insert(f.refused[c.Account], 0, r), func(other ledger.Refused) bool {
		if f.defect == "lets strangers push out refusals" || (other.Reason == receipt.UnknownTicket) == (why == receipt.UnknownTicket) {
			kept++
			return kept > limit
		}
		return false
	})
}

func (f *fake) copied(leecher [16]byte, infohash [20]byte) (sum uint64) {
	for _, i := range f.increases {
		if i.leecher == leecher && i.infohash == infohash {
			sum += i.bytes
		}
	}
	return sum
}

func (f *fake) Credited(_ context.Context, leecher, infohash [32]byte) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w, _ := f.work(infohash)
	return f.copied(ticket.Account(leecher), w.Infohash), nil
}

func (f *fake) Books(_ context.Context, account [16]byte, lines int) (ledger.Books, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := ledger.Books{
		Held: f.balances[ledger.Earned(account)], Payable: f.balances[ledger.Payable(account)], Promo: f.balances[ledger.Promo(account)],
		Refused: f.refused[account], Holdings: f.holdings(func(h ledger.Holding) bool { return h.Account == account }),
	}
	for _, i := range f.increases {
		if i.seeder == account {
			b.Bytes += i.bytes
		}
	}
	for n, c := range f.closings {
		for _, l := range c.Lines {
			if l.Account == account {
				b.Lines = append(b.Lines, ledger.Line{Line: l, Epoch: n, Name: f.works[l.Work].Name, Paid: true})
			}
		}
	}
	slices.SortFunc(b.Lines, func(x, y ledger.Line) int {
		return cmp.Or(cmp.Compare(y.Epoch, x.Epoch), cmp.Compare(x.Kind, y.Kind), bytes.Compare(x.Work[:], y.Work[:]))
	})
	if n := lines - 1; n < len(b.Lines) {
		oldest := b.Lines[n].Epoch
		b.Lines = slices.DeleteFunc(b.Lines, func(l ledger.Line) bool { return l.Epoch < oldest })
	}
	return b, nil
}

func (f *fake) fund(p ledger.Pool) ledger.Fund {
	return ledger.Fund{Pool: p, Left: uint64(f.balances[ledger.PoolAccount(p.ID)])}
}

// lock moves what an account has.
func (f *fake) lock(t ledger.Transfer) error {
	source := t.Entries[0]
	if f.balances[source.Account] < -source.Amount && f.defect != "lends" {
		return ledger.ErrFunds
	}
	f.booked[t.Key] = t
	for _, e := range t.Entries {
		f.balances[e.Account] += e.Amount
	}
	return nil
}

func (f *fake) Credit(_ context.Context, id, account [16]byte, amount, _ uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := ledger.Credit(id, account, amount)
	if before, done := f.booked[t.Key]; done && f.defect != "credits again" {
		if !slices.Equal(before.Entries, t.Entries) {
			return ledger.ErrTaken
		}
		return nil
	}
	return f.lock(t)
}

// mayStake says whether an account may put something on a work.
func (f *fake) mayStake(work [20]byte, owner [16]byte) error {
	if w, known := f.works[work]; !known || w.Removed {
		return ledger.ErrNoWork
	}
	if list := f.stakes(f.firstOpen(), owner); len(list.Boosts)+len(list.Pools) >= ledger.MaxRunning {
		return ledger.ErrMany
	}
	return nil
}

func (f *fake) Boost(ctx context.Context, b ledger.Boost) (ledger.Boost, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := b.Check(); err != nil {
		return b, err
	}
	for _, kept := range f.boosts {
		if kept.ID != b.ID || f.defect == "locks a boost again" {
			continue
		}
		if b.First, b.Time = kept.First, kept.Time; kept != b {
			return kept, ledger.ErrTaken
		}
		return kept, nil
	}
	if err := f.mayStake(b.Work, b.Owner); err != nil {
		return b, err
	}
	b.First = max(b.First, f.firstOpen())
	if err := f.lock(b.Transfer()); err != nil {
		return b, err
	}
	f.boosts = append(f.boosts, b)
	_, err := f.Append(ctx, b.Record())
	return b, err
}

func (f *fake) Fund(ctx context.Context, p ledger.Pool) (ledger.Pool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := p.Check(); err != nil {
		return p, err
	}
	for _, kept := range f.pools {
		if kept.ID != p.ID {
			continue
		}
		if p.Last, p.Time = kept.Last, kept.Time; kept != p {
			return kept, ledger.ErrTaken
		}
		return kept, nil
	}
	if err := f.mayStake(p.Work, p.Owner); err != nil {
		return p, err
	}
	pools := 0
	for _, other := range f.pools {
		if other.Work == p.Work && other.Last >= f.firstOpen() {
			pools++
		}
	}
	if pools >= ledger.MaxPools && f.defect != "takes any number of pools" {
		return p, ledger.ErrMany
	}
	p.Last = max(p.Last, f.firstOpen())
	if err := f.lock(p.Transfer()); err != nil {
		return p, err
	}
	f.pools = append(f.pools, p)
	_, err := f.Append(ctx, p.Record())
	return p, err
}

func (f *fake) stakes(n uint32, account [16]byte) (list ledger.Stakes) {
	for _, b := range f.boosts {
		if b.First+b.Epochs > n && (account == [16]byte{} || account == b.Owner) {
			list.Boosts = append(list.Boosts, b)
		}
	}
	for _, p := range f.pools {
		if p.Last >= n && (account == [16]byte{} || account == p.Owner) {
			list.Pools = append(list.Pools, f.fund(p))
		}
	}
	return list
}

func (f *fake) Stakes(_ context.Context, n uint32, account [16]byte) (ledger.Stakes, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stakes(n, account), nil
}

func (f *fake) Backing(_ context.Context, n uint32, work [20]byte) (b ledger.Backing, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.stakes(n, [16]byte{})
	for _, one := range list.Boosts {
		if one.Work != work && f.defect != "shows what is locked on other works" {
			continue
		}
		b.Boosts, b.BoostLast = b.Boosts+1, max(b.BoostLast, one.First+one.Epochs-1)
		for _, s := range one.Slices() {
			if s.Epoch == n {
				b.Boost += s.Amount
			}
			if s.Epoch >= n {
				b.BoostLeft += s.Amount
			}
		}
	}
	for _, one := range list.Pools {
		if one.Work == work && one.Left > 0 {
			b.Pools, b.PoolLeft, b.PoolRate, b.PoolLast = b.Pools+1, b.PoolLeft+one.Left, b.PoolRate+one.Rate, max(b.PoolLast, one.Last)
		}
	}
	return b, nil
}

func (f *fake) Boosted(_ context.Context, n uint32, most int) (list []ledger.Boosted, _ error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := map[[20]byte]int{}
	for _, b := range f.boosts {
		i, seen := at[b.Work]
		if b.First > n || b.First+b.Epochs <= n || f.works[b.Work].Removed && f.defect != "boosts what was removed" {
			continue
		}
		if !seen {
			i = len(list)
			at[b.Work], list = i, append(list, ledger.Boosted{Work: b.Work})
		}
		list[i].Amount += b.Slices()[n-b.First].Amount
		list[i].Last = max(list[i].Last, b.First+b.Epochs-1)
	}
	slices.SortFunc(list, func(a, b ledger.Boosted) int {
		if c := cmp.Compare(b.Amount, a.Amount); c != 0 {
			return c
		}
		return bytes.Compare(a.Work[:], b.Work[:])
	})
	return list[:min(most, len(list))], nil
}

func (f *fake) Deposit(_ context.Context, total int64, _ uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	more := total + f.balances[ledger.Funding]
	if f.defect == "deposits again" {
		more = total
	}
	if more > 0 {
		f.deposits = append(f.deposits, log.Deposit{Time: uint64(total), Amount: uint64(more)}.Record())
		f.balances[ledger.Funding] -= more
		f.balances[ledger.Treasury] += more
	}
	return nil
}

func (f *fake) Balance(_ context.Context, account string) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.balances[account], nil
}

func (f *fake) openEpochs() []uint32 {
	open := map[uint32]bool{}
	for _, i := range f.increases {
		open[i.epoch] = true
	}
	for _, s := range f.stays {
		open[s.Epoch] = open[s.Epoch] || f.defect != "closes over stays"
	}
	for _, h := range f.holdings(func(ledger.Holding) bool { return true }) {
		open[h.Release] = true
	}
	for _, b := range f.boosts {
		for _, s := range b.Slices() {
			open[s.Epoch] = true
		}
	}
	for _, p := range f.pools {
		open[p.Last] = true
	}
	for _, a := range f.audits {
		open[a.Epoch] = open[a.Epoch] || !a.Passed
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(open)), func(n uint32) bool { return n < f.firstOpen() || !open[n] })
}

// untold returns the stays of lists that were not told yet.
func (f *fake) untold(all []ledger.Told) (list []ledger.Stay) {
	for _, t := range all {
		if f.told[t.ID] && f.defect != "counts stays told again" {
			continue
		}
		if f.told == nil {
			f.told = map[[16]byte]bool{}
		}
		f.told[t.ID] = true
		list = append(list, t.Stays...)
	}
	return list
}

func (f *fake) OpenEpochs(context.Context) ([]uint32, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.openEpochs(), nil
}

func (f *fake) CloseEpoch(ctx context.Context, n uint32, _ uint64, closing func(ledger.Facts) (ledger.Closing, error)) (ledger.Epoch, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n < f.firstOpen() && f.defect != "pays an epoch twice" {
		return cmp.Or(f.closings[n].Epoch, ledger.Epoch{Number: n}), nil
	}
	if open := f.openEpochs(); len(open) > 0 && open[0] < n {
		return ledger.Epoch{}, ledger.ErrOrder
	}
	c, err := closing(f.facts(n))
	if err != nil {
		return ledger.Epoch{}, err
	}
	after := maps.Clone(f.balances)
	for _, t := range c.Transfers {
		if err := t.Check(); err != nil {
			return ledger.Epoch{}, err
		}
		for _, e := range t.Entries {
			after[e.Account] += e.Amount
			if after[e.Account] < 0 && e.Account != ledger.Funding && f.defect != "pays what it has not" {
				return ledger.Epoch{}, ledger.ErrStorage
			}
		}
	}
	for _, h := range f.holdings(func(h ledger.Holding) bool { return h.Release <= n }) {
		f.matured[h] = true
	}
	if f.defect != "keeps presences for ever" {
		f.presences = slices.DeleteFunc(f.presences, func(p ledger.Presence) bool { return p.Epoch < c.Forget })
	}
	f.balances, f.closings[n] = after, c
	if f.defect != "forgets tables" {
		f.Keep(c.Inputs)
		f.Keep(c.Payouts)
	}
	if _, err := f.sequence(ctx, len(f.deposits)+len(f.increases)); err != nil || f.defect == "does not log epochs" {
		return c.Epoch, err
	}
	_, err = f.Append(ctx, c.Record)
	return c.Epoch, err
}

func (f *fake) Closed(_ context.Context, last uint32, most int) (list []ledger.Closed, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range slices.Backward(slices.Sorted(maps.Keys(f.closings))) {
		if n <= last && len(list) < most {
			list = append(list, ledger.Closed{Epoch: f.closings[n].Epoch, Record: f.closings[n].Record})
		}
	}
	if f.defect == "lists epochs from the first on" {
		slices.Reverse(list)
	}
	return list, nil
}

func (f *fake) Appeal(_ context.Context, a ledger.Appeal) (ledger.Appeal, error) {
	if err := ledger.CheckNote(a.Note); err != nil {
		return a, err
	}
	found := f.fill(&a) || f.defect == "takes appeals about anything"
	f.mu.Lock()
	defer f.mu.Unlock()
	if !found {
		return a, ledger.ErrNoLine
	}
	written := 0
	for _, kept := range f.appeals {
		if kept.Account != a.Account {
			continue
		}
		if kept.Subject == a.Subject && f.defect != "takes an appeal again" {
			if kept.Note != a.Note {
				return a, ledger.ErrWritten
			}
			return kept, nil
		}
		if kept.Written == a.Written {
			written++
		}
	}
	if written >= ledger.MaxAppeals && f.defect != "takes any number of appeals" {
		return a, ledger.ErrAppeals
	}
	a.ID = int64(len(f.appeals)) + 1
	f.appeals = append(f.appeals, a)
	return a, nil
}

// fill says how the line or the receipt is that an appeal is about, and whether there is one.
func (f *fake) fill(a *ledger.Appeal) bool {
	b, _ := f.Books(context.Background(), a.Account, 1_000_000)
	for _, l := range b.Lines {
		if l.Kind == a.Kind && l.Epoch == a.Epoch && l.Work == a.Work && l.From == a.Source {
			a.Name, a.Basis, a.Credits, a.Reason = l.Name, l.Basis, l.Amount, l.Reason
			return true
		}
	}
	for _, r := range b.Refused {
		if a.Kind == "" && r.Serial == a.Serial {
			a.Work, a.Name, a.Basis, a.Reason = r.Infohash, f.works[r.Infohash].Name, r.Amount, r.Reason
			return true
		}
	}
	return false
}

func (f *fake) Appeals(_ context.Context, q ledger.AppealQuery) (list []ledger.Appeal, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range slices.Backward(f.appeals) {
		mine := q.Account == [16]byte{} || q.Account == a.Account
		if mine && (q.Before == 0 || a.ID < q.Before) && !(q.Open && a.Answered > 0) && len(list) < q.Most {
			list = append(list, a)
		}
	}
	return list, nil
}

func (f *fake) Answer(_ context.Context, id int64, text string, now uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ledger.CheckNote(text); err != nil {
		return err
	}
	if id < 1 || id > int64(len(f.appeals)) {
		return ledger.ErrNoAppeal
	}
	a := &f.appeals[id-1]
	if a.Answer != "" && f.defect != "answers again" {
		if a.Answer != text {
			return ledger.ErrWritten
		}
		return nil
	}
	a.Answer, a.Answered = text, now
	return nil
}

func (f *fake) Check(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := int64(0)
	for _, b := range f.balances {
		sum += b
	}
	if sum != 0 {
		return ledger.ErrCorrupt
	}
	return nil
}

func (f *fake) Publish(_ context.Context, w ledger.Work, torrent []byte, limit int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	old, known := f.works[w.Infohash]
	switch {
	case known && old.Removed:
		return ledger.ErrWorkRemoved
	case known:
		return ledger.ErrWorkExists
	case len(f.works) >= limit:
		return ledger.ErrWorksFull
	}
	f.works[w.Infohash], f.torrents[w.Infohash] = w, torrent
	return nil
}

func (f *fake) Work(_ context.Context, infohash [20]byte) (ledger.Work, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w, known := f.works[infohash]
	if !known {
		return w, ledger.ErrNoWork
	}
	return w, nil
}

func (f *fake) Works(_ context.Context, p ledger.Page) (list []ledger.Work, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.works {
		if !w.Removed || f.defect == "lists removed works" {
			list = append(list, w)
		}
	}
	newest := func(x, y ledger.Work) int {
		return cmp.Or(cmp.Compare(y.Published, x.Published), bytes.Compare(y.Infohash[:], x.Infohash[:]))
	}
	slices.SortFunc(list, newest)
	if p.After != ([20]byte{}) {
		after, known := f.works[p.After]
		list = slices.DeleteFunc(list, func(w ledger.Work) bool { return !known || newest(w, after) <= 0 })
	}
	return list[:min(len(list), p.Limit)], nil
}

func (f *fake) Torrent(_ context.Context, infohash [20]byte) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w, known := f.works[infohash]; !known || w.Removed {
		return nil, ledger.ErrNoWork
	}
	return f.torrents[infohash], nil
}

func (f *fake) Remove(_ context.Context, infohash [20]byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w, known := f.works[infohash]; known {
		w.Removed = true
		f.works[infohash] = w
	}
	return nil
}

func newLog() *log.Memory {
	s, err := log.NewSigner("fake", ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		panic(err)
	}
	m, err := log.NewMemory(s)
	if err != nil {
		panic(err)
	}
	return m
}

// newest returns the newest increase of a ticket whose receipt is accepted.
func (f *fake) newest(r receipt.Result) (found log.Receipt) {
	for _, i := range f.increases {
		if i.record.Serial == r.Serial && r.Reason.Accepted() {
			found = i.record
		}
	}
	if f.defect == "forgets salts" {
		found.Salt = [16]byte{}
	}
	return found
}

func (f *fake) Sequence(ctx context.Context, most int) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sequence(ctx, most)
}

func (f *fake) sequence(ctx context.Context, most int) (int, error) {
	var records []log.Record
	for len(f.deposits) > 0 && len(records) < most {
		records, f.deposits = append(records, f.deposits[0]), f.deposits[1:]
	}
	if f.defect == "logs what is logged" && f.logged > 0 {
		f.logged--
	}
	for f.logged < len(f.increases) && len(records) < most {
		records = append(records, f.increases[f.logged].record.Record())
		f.logged++
	}
	_, err := f.Append(ctx, records...)
	return len(records), err
}

func (f *fake) LogTree(ctx context.Context) (log.Tree, error) { return f.Append(ctx) }

func (f *fake) Increases(_ context.Context, account [16]byte, most int) (list []log.Receipt, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range slices.Backward(f.increases) {
		if i.seeder == account && len(list) < most {
			list = append(list, i.record)
		}
	}
	return list, nil
}
