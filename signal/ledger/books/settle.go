package books

import (
	"context"
	"database/sql"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
	"fanseed/signal/receipt"
)

// settlement judges the claims of a batch one after the other, over what was read at once, and gathers what is to be written.
type settlement struct {
	open      uint32 // the first epoch that is not closed
	tickets   map[[16]byte]*standing
	copies    map[copyKey]*copied
	increases rows
	credits   tally[creditKey]
	counted   tally[copyKey]
	refused   refusals
	repeated  set // serials of the tickets whose increases are from before the batch
}

// standing is how a ticket stands, after the claims that were judged already.
type standing struct {
	ledger.Standing
	id    int64
	epoch uint32
	copy  *copied
	last  log.Receipt // the newest increase, if it is of this batch
}

// copied is what is credited of a leecher's copy, by all of its tickets.
type copied struct {
	copyKey
	bytes uint64
}

type copyKey struct {
	leecher [16]byte
	work    [20]byte
}

type creditKey struct {
	epoch  uint32
	seeder [16]byte
	copyKey
}

// settle judges claims, and returns beside the results the increases that those which are accepted are of.
func settle(ctx context.Context, tx tx, claims []ledger.Claim) ([]receipt.Result, []log.Receipt, error) {
	if len(claims) == 0 {
		return nil, nil, nil
	}
	s, err := readStandings(ctx, tx, claims)
	if err != nil {
		return nil, nil, err
	}
	results, increases := make([]receipt.Result, len(claims)), make([]log.Receipt, len(claims))
	for i, c := range claims {
		results[i], increases[i] = s.judge(c)
	}
	if err := s.repeat(ctx, tx, results, increases); err != nil {
		return nil, nil, err
	}
	return results, increases, s.write(ctx, tx)
}

// repeat fills in the increases from before the batch, which are the newest of their tickets until this one is written. It reads nothing
// when there are none.
func (s *settlement) repeat(ctx context.Context, tx tx, results []receipt.Result, increases []log.Receipt) error {
	kept := map[[16]byte]log.Receipt{}
	err := eachOf(ctx, tx, func(r *sql.Rows) error {
		one, err := scanIncrease(r)
		kept[one.Serial] = one
		return err
	}, `SELECT t.serial, i.amount, i.epoch, i.salt FROM ticket t JOIN increase i ON i.ticket = t.id
		AND i.amount = (SELECT n.amount FROM increase n WHERE n.ticket = t.id ORDER BY n.amount DESC LIMIT 1) WHERE t.serial IN ()`, s.repeated)
	for i, r := range results {
		if one := kept[r.Serial]; r.Reason.Accepted() && one.Amount == r.Amount && increases[i] == (log.Receipt{}) {
			increases[i] = one
		}
	}
	return err
}

// scanIncrease reads a serial, an amount, an epoch, a salt, and what more there is.
func scanIncrease(r *sql.Rows, more ...any) (one log.Receipt, err error) {
	var serial, salt []byte
	if err := r.Scan(append([]any{&serial, &one.Amount, &one.Epoch, &salt}, more...)...); err != nil {
		return one, err
	}
	one.Serial, one.Salt = [16]byte(serial), [16]byte(salt)
	return one, nil
}

// One look into an index for each: no database can take it for a reason to read whole tables.
const selectStandings = `
SELECT t.serial, t.id, t.seeder, t.leecher, t.work, t.epoch, t.byte_limit, t.issued, t.settle_by, w.length,
       coalesce((SELECT i.amount FROM increase i WHERE i.ticket = t.id ORDER BY i.amount DESC LIMIT 1), 0),
       coalesce((SELECT i.reason FROM increase i WHERE i.ticket = t.id ORDER BY i.amount DESC LIMIT 1), ''),
       coalesce((SELECT c.bytes FROM copy c WHERE c.leecher = t.leecher AND c.work = t.work), 0)
FROM ticket t JOIN work w ON w.infohash = t.work
WHERE t.serial IN ()`

func readStandings(ctx context.Context, tx tx, claims []ledger.Claim) (*settlement, error) {
	s := &settlement{tickets: map[[16]byte]*standing{}, copies: map[copyKey]*copied{}}
	var serials set
	for _, c := range claims {
		serials.add(c.Receipt.Serial[:])
	}
	var err error
	if s.open, err = firstOpen(ctx, tx); err != nil {
		return nil, err
	}
	return s, eachOf(ctx, tx, s.scan, selectStandings, serials)
}

func (s *settlement) scan(r *sql.Rows) error {
	var serial, seeder, leecher, work []byte
	var a standing
	var c copied
	err := r.Scan(&serial, &a.id, &seeder, &leecher, &work, &a.epoch, &a.Limit, &a.Issued, &a.SettleBy, &a.Length,
		&a.Settled, &a.Reason, &c.bytes)
	if err != nil {
		return err
	}
	c.copyKey = copyKey{[16]byte(leecher), [20]byte(work)}
	if s.copies[c.copyKey] == nil {
		s.copies[c.copyKey] = &c
	}
	a.Known, a.Seeder, a.copy = true, [16]byte(seeder), s.copies[c.copyKey]
	s.tickets[[16]byte(serial)] = &a
	return nil
}

// judge applies one claim, so that the next one meets what this one left.
func (s *settlement) judge(c ledger.Claim) (receipt.Result, log.Receipt) {
	a := s.tickets[c.Receipt.Serial]
	if a == nil {
		a = &standing{copy: &copied{}}
	}
	a.Copied = a.copy.bytes
	v := ledger.Judge(c, a.Standing)
	switch {
	case v.Advance:
		s.advance(a, c, v)
	case !v.Reason.Accepted():
		s.refused.add(c, v.Reason)
		return v.Result, log.Receipt{}
	case a.Settled > 0 && a.last == (log.Receipt{}):
		s.repeated.add(c.Receipt.Serial[:])
	}
	return v.Result, a.last
}

func (s *settlement) advance(a *standing, c ledger.Claim, v ledger.Verdict) {
	a.Settled, a.Reason = v.Amount, v.Reason
	a.copy.bytes += v.Credit
	epoch := max(a.epoch, s.open)
	s.increases.add(a.id, int64(v.Amount), int64(v.Credit), int64(epoch), string(v.Reason), c.Receipt.Signature[:], int64(c.Now), c.Salt[:])
	a.last = log.Receipt{Salt: c.Salt, Serial: v.Serial, Amount: v.Amount, Epoch: epoch}
	s.credits.add(creditKey{epoch, a.Seeder, a.copy.copyKey}, v.Credit, v.Reason != receipt.Confirmed)
	s.counted.add(a.copy.copyKey, v.Credit, false)
}

// write inserts the increases, adds them to the sums, and keeps what was refused.
func (s *settlement) write(ctx context.Context, tx tx) error {
	s.increases.columns = 8
	s.increases.head = `INSERT INTO increase (ticket, amount, credited, epoch, reason, signature, time, salt) VALUES`
	credits := rows{columns: 6, head: `INSERT INTO credit (epoch, seeder, work, leecher, bytes, capped) VALUES`,
		tail: ` ON CONFLICT (epoch, seeder, work, leecher) DO UPDATE SET bytes = credit.bytes + excluded.bytes,
		capped = CASE WHEN excluded.capped = 1 THEN 1 ELSE credit.capped END`}
	for i, key := range s.credits.keys {
		sum := s.credits.sums[i]
		credits.add(int64(key.epoch), key.seeder[:], key.work[:], key.leecher[:], int64(sum.bytes), integer(sum.capped))
	}
	copies := rows{columns: 3, head: `INSERT INTO copy (work, leecher, bytes) VALUES`,
		tail: ` ON CONFLICT (work, leecher) DO UPDATE SET bytes = copy.bytes + excluded.bytes`}
	for i, key := range s.counted.keys {
		copies.add(key.work[:], key.leecher[:], int64(s.counted.sums[i].bytes))
	}
	for _, r := range []rows{s.increases, credits, copies} {
		if err := r.insert(ctx, tx); err != nil {
			return err
		}
	}
	return s.refused.keep(ctx, tx)
}

// tally adds up by key, in the order in which the keys came first.
type tally[K comparable] struct {
	keys []K
	sums []sum
	at   map[K]int
}

type sum struct {
	bytes  uint64
	capped bool
}

func (t *tally[K]) add(key K, bytes uint64, capped bool) {
	at, seen := t.at[key]
	if !seen {
		if t.at == nil {
			t.at = map[K]int{}
		}
		at = len(t.keys)
		t.at[key], t.keys, t.sums = at, append(t.keys, key), append(t.sums, sum{})
	}
	t.sums[at].bytes += bytes
	t.sums[at].capped = t.sums[at].capped || capped
}

// integer is how a yes or no is kept.
func integer(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
