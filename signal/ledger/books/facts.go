package books

import (
	"context"
	"database/sql"
	"fmt"

	"fanseed/signal/ledger"
	"fanseed/signal/reward"
)

// presences keeps where registered accounts were first seen in each epoch.
func presences(ctx context.Context, tx tx, list []ledger.Presence) error {
	var accounts set
	for _, p := range list {
		accounts.add(p.Account[:])
	}
	registered, err := present(ctx, tx, `SELECT account FROM person WHERE account IN ()`, accounts)
	if err != nil {
		return err
	}
	kept := rows{columns: 3, head: `INSERT INTO presence (account, epoch, net) VALUES`, tail: ` ON CONFLICT DO NOTHING`}
	for _, p := range list {
		if registered.has[string(p.Account[:])] {
			kept.add(p.Account[:], int64(p.Epoch), p.Net[:])
		}
	}
	return kept.insert(ctx, tx)
}

// stays adds to what is known of open epochs.
func stays(ctx context.Context, tx tx, all []ledger.Told) error {
	list, err := untold(ctx, tx, all)
	if err != nil || len(list) == 0 {
		return err
	}
	var accounts, works set
	for _, s := range list {
		accounts.add(s.Account[:])
		works.add(s.Work[:])
	}
	there, err := whatIsThere(ctx, tx, accounts, works)
	if err != nil {
		return err
	}
	sums, at := []ledger.Stay{}, map[ledger.Stay]int{} // a statement may not change a row twice
	for _, s := range list {
		if !there.has(s.Epoch, s.Account, s.Work) {
			continue
		}
		key := ledger.Stay{Epoch: s.Epoch, Account: s.Account, Work: s.Work}
		i, seen := at[key]
		if !seen {
			i = len(sums)
			at[key], sums = i, append(sums, key)
		}
		sums[i].Minutes += s.Minutes
		sums[i].Asked += s.Asked
		sums[i].Passed += s.Passed
	}
	kept := rows{columns: 6, head: `INSERT INTO stay (epoch, account, work, minutes, asked, passed) VALUES`,
		tail: ` ON CONFLICT (epoch, account, work) DO UPDATE SET minutes = stay.minutes + excluded.minutes,
		asked = stay.asked + excluded.asked, passed = stay.passed + excluded.passed`}
	for _, s := range sums {
		kept.add(int64(s.Epoch), s.Account[:], s.Work[:], int64(s.Minutes), int64(s.Asked), int64(s.Passed))
	}
	return kept.insert(ctx, tx)
}

// untold returns the stays that were not told yet, and notes the ids of their lists.
func untold(ctx context.Context, tx tx, all []ledger.Told) (list []ledger.Stay, err error) {
	var ids set
	for _, t := range all {
		ids.add(t.ID[:])
	}
	known, err := present(ctx, tx, `SELECT id FROM told WHERE id IN ()`, ids)
	if err != nil {
		return nil, err
	}
	kept := rows{columns: 2, head: `INSERT INTO told (id, epoch) VALUES`}
	for _, t := range all {
		last := uint32(0)
		for _, s := range t.Stays {
			last = max(last, s.Epoch)
		}
		if known.add(t.ID[:]) {
			kept.add(t.ID[:], int64(last))
			list = append(list, t.Stays...)
		}
	}
	return list, kept.insert(ctx, tx)
}

// there is what facts can be told of.
type there struct {
	open            uint32 // the first epoch that is not closed
	accounts, works set
}

func whatIsThere(ctx context.Context, tx tx, accounts, works set) (t there, err error) {
	if t.open, err = firstOpen(ctx, tx); err != nil {
		return t, err
	}
	if t.accounts, err = present(ctx, tx, `SELECT account FROM person WHERE account IN ()`, accounts); err != nil {
		return t, err
	}
	t.works, err = present(ctx, tx, `SELECT infohash FROM work WHERE infohash IN ()`, works)
	return t, err
}

func (t there) has(epoch uint32, account [16]byte, work [20]byte) bool {
	return epoch >= t.open && t.accounts.has[string(account[:])] && t.works.has[string(work[:])]
}

// Facts returns what the books say of an epoch.
func (k *Keeper) Facts(ctx context.Context, n uint32) (f ledger.Facts, err error) {
	err = k.read(ctx, func(tx tx) error {
		f, err = facts(ctx, tx, n)
		return err
	})
	return f, err
}

// gather collects facts, and whom and what they name.
type gather struct {
	ledger.Facts
	accounts, works set
}

func facts(ctx context.Context, tx tx, n uint32) (ledger.Facts, error) {
	treasury, err := balance(ctx, tx, ledger.Treasury)
	if err != nil {
		return ledger.Facts{}, err
	}
	g := gather{Facts: ledger.Facts{Treasury: uint64(treasury)}}
	for _, part := range []struct {
		scan  func(*sql.Rows) error
		query string
	}{
		{g.gave, `SELECT t.seeder, t.leecher, t.work, CAST(sum(CASE WHEN t.flags % 2 = 0 THEN i.credited ELSE 0 END) AS BIGINT),
			CAST(sum(CASE WHEN t.flags % 2 = 1 THEN i.credited ELSE 0 END) AS BIGINT), max(CASE WHEN i.reason = 'capped_copy' THEN 1 ELSE 0 END)
			FROM increase i JOIN ticket t ON t.id = i.ticket WHERE i.epoch = $1 GROUP BY t.seeder, t.leecher, t.work`},
		{g.stay, `SELECT account, work, minutes, asked, passed FROM stay WHERE epoch = $1`},
		{g.tried, `SELECT leecher, count(*), CAST(sum(successful) AS BIGINT) FROM (SELECT t.leecher,
			max(CASE WHEN EXISTS (SELECT 1 FROM increase i WHERE i.ticket = t.id) THEN 1 ELSE 0 END) AS successful
			FROM ticket t WHERE t.epoch = $1 AND t.flags % 2 = 0 GROUP BY t.leecher, t.seeder, t.work) AS pairs GROUP BY leecher`},
		{g.due, `SELECT account, epoch, due, amount FROM holding WHERE matured = 0 AND due <= $1 ORDER BY account, epoch, due`},
		{g.failed, `SELECT account, count(*) FROM audit WHERE epoch = $1 AND passed = 0 GROUP BY account ORDER BY account`},
		{g.slice, `SELECT ` + boostColumns + `, s.epoch, s.amount FROM slice s JOIN boost ON id = s.boost WHERE s.epoch = $1 ORDER BY id`},
		{g.fund, fundsOf(tx) + ` WHERE ended = 0 AND $1 >= 0 ORDER BY id`},
	} {
		if err := each(ctx, tx, part.scan, part.query, int64(n)); err != nil {
			return ledger.Facts{}, err
		}
	}
	for i := range g.Stays {
		g.Stays[i].Epoch = n
	}
	for _, part := range []struct {
		scan  func(*sql.Rows) error
		keys  set
		query string
	}{
		{g.work, g.works, `SELECT ` + workColumns + ` FROM work WHERE infohash IN ()`},
		{g.reached, g.works, fmt.Sprintf(`SELECT work, CAST(sum(nets) AS BIGINT) FROM reach WHERE epoch >= %d AND epoch < %d AND work IN () GROUP BY work`,
			n-min(n, reachEpochs), n)},
		{g.presence, g.accounts, fmt.Sprintf(`SELECT p.account, p.epoch, p.net FROM presence p WHERE p.epoch =
			(SELECT max(q.epoch) FROM presence q WHERE q.account = p.account AND q.epoch <= %d) AND p.account IN ()`, n)},
		{g.person, g.accounts, `SELECT p.account, p.registered, r.reputation, r.granted, (SELECT max(minutes) FROM
			(SELECT sum(s.minutes) AS minutes FROM stay s WHERE s.account = p.account GROUP BY s.work) AS stays)
			FROM person p LEFT JOIN repute r ON r.account = p.account WHERE p.account IN ()`},
	} {
		if err := eachOf(ctx, tx, part.scan, part.query, part.keys); err != nil {
			return ledger.Facts{}, err
		}
	}
	return g.Facts, nil
}

// reachEpochs is how many epochs before one say how many want a work.
const reachEpochs = 6

func (g *gather) gave(r *sql.Rows) error {
	var seeder, leecher, work []byte
	var given ledger.Gave
	if err := r.Scan(&seeder, &leecher, &work, &given.Bytes, &given.Traded, &given.Capped); err != nil {
		return err
	}
	g.accounts.add(seeder)
	g.accounts.add(leecher)
	g.works.add(work)
	given.Seeder, given.Leecher, given.Work = [16]byte(seeder), [16]byte(leecher), [20]byte(work)
	g.Gave = append(g.Gave, given)
	return nil
}

func (g *gather) stay(r *sql.Rows) error {
	var account, work []byte
	var s ledger.Stay
	if err := r.Scan(&account, &work, &s.Minutes, &s.Asked, &s.Passed); err != nil {
		return err
	}
	g.accounts.add(account)
	g.works.add(work)
	s.Account, s.Work = [16]byte(account), [20]byte(work)
	g.Stays = append(g.Stays, s)
	return nil
}

func (g *gather) tried(r *sql.Rows) error {
	var leecher []byte
	var t ledger.Tried
	if err := r.Scan(&leecher, &t.Pairs, &t.Successful); err != nil {
		return err
	}
	t.Leecher = [16]byte(leecher)
	g.Tried = append(g.Tried, t)
	return nil
}

func (g *gather) work(r *sql.Rows) error {
	w, err := scanWork(r)
	g.Works = append(g.Works, w)
	return err
}

func (g *gather) presence(r *sql.Rows) error {
	var account, net []byte
	var p ledger.Presence
	if err := r.Scan(&account, &p.Epoch, &net); err != nil {
		return err
	}
	p.Account, p.Net = [16]byte(account), reward.Tag(net)
	g.Presences = append(g.Presences, p)
	return nil
}

func (g *gather) person(r *sql.Rows) error {
	var account []byte
	var reputation, granted, longest sql.NullInt64
	var p ledger.Person
	if err := r.Scan(&account, &p.Registered, &reputation, &granted, &longest); err != nil {
		return err
	}
	p.Account, p.Reputation, p.Granted, p.Longest = [16]byte(account), reward.NewReputation, granted.Int64 > 0, uint64(longest.Int64)
	if reputation.Valid {
		p.Reputation = uint64(reputation.Int64)
	}
	g.People = append(g.People, p)
	return nil
}

func (g *gather) reached(r *sql.Rows) error {
	var work []byte
	var w ledger.Reached
	err := r.Scan(&work, &w.Nets)
	copy(w.Work[:], work)
	g.Reached = append(g.Reached, w)
	return err
}

func (g *gather) due(r *sql.Rows) error {
	h, err := scanHolding(r)
	g.Due = append(g.Due, h)
	return err
}

func (g *gather) slice(r *sql.Rows) (err error) {
	var s ledger.Slice
	s.Boost, err = scanBoost(r, &s.Epoch, &s.Amount)
	g.works.add(s.Work[:])
	g.Slices = append(g.Slices, s)
	return err
}

func (g *gather) fund(r *sql.Rows) error {
	f, err := scanFund(r)
	g.works.add(f.Work[:])
	g.Funds = append(g.Funds, f)
	return err
}

func scanHolding(r *sql.Rows) (h ledger.Holding, err error) {
	var account []byte
	err = r.Scan(&account, &h.Epoch, &h.Release, &h.Amount)
	copy(h.Account[:], account)
	return h, err
}
