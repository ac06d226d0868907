package books

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fanseed/signal/ledger"
)

// What the sums must be, computed from the increases.
const (
	creditSums = `SELECT i.epoch, t.seeder, t.work, t.leecher, sum(i.credited) FROM increase i JOIN ticket t ON t.id = i.ticket
		GROUP BY i.epoch, t.seeder, t.work, t.leecher`
	copySums = `SELECT t.leecher, t.work, sum(i.credited) FROM increase i JOIN ticket t ON t.id = i.ticket
		GROUP BY t.leecher, t.work`
	heldSums   = `SELECT 'earned:' || {hex}, CAST(sum(amount) AS BIGINT) FROM holding WHERE matured = 0 GROUP BY account`
	lockedSums = `SELECT 'boost:' || {hex_boost}, CAST(sum(amount) AS BIGINT) FROM slice
		WHERE epoch >= (SELECT coalesce(max(number) + 1, 0) FROM epoch) GROUP BY boost`
)

// Each check counts rows that must not be there.
var checks = []struct{ wrong, query string }{
	{"entries do not sum to zero", `SELECT count(*) FROM (SELECT 1 FROM entry GROUP BY transfer HAVING sum(amount) <> 0) AS wrong`},
	{"transfers have no entries", `SELECT count(*) FROM transfer WHERE id NOT IN (SELECT transfer FROM entry)`},
	{"balances are not the sum of their entries", `SELECT count(*) FROM balance b WHERE amount <>
		(SELECT coalesce(sum(amount), 0) FROM entry e WHERE e.account = b.account)`},
	{"balances are below what they may be", `SELECT count(*) FROM balance WHERE amount < 0 AND account <> 'funding'`},
	{"credits are not the sum of their increases", `SELECT
		(SELECT count(*) FROM (SELECT epoch, seeder, work, leecher, bytes FROM credit EXCEPT ` + creditSums + `) AS more) +
		(SELECT count(*) FROM (` + creditSums + ` EXCEPT SELECT epoch, seeder, work, leecher, bytes FROM credit) AS less)`},
	{"copies are not the sum of their credits", `SELECT
		(SELECT count(*) FROM (SELECT leecher, work, bytes FROM copy EXCEPT ` + copySums + `) AS more) +
		(SELECT count(*) FROM (` + copySums + ` EXCEPT SELECT leecher, work, bytes FROM copy) AS less)`},
	{"copies are longer than their works", `SELECT count(*) FROM copy c JOIN work w ON w.infohash = c.work WHERE c.bytes > w.length`},
	{"tickets are credited beyond their receipts", `SELECT count(*) FROM
		(SELECT 1 FROM increase i JOIN ticket t ON t.id = i.ticket GROUP BY t.id
		HAVING sum(i.credited) > max(i.amount) OR max(i.amount) > t.byte_limit) AS wrong`},
	{"closed epochs have other bytes than were paid", `SELECT count(*) FROM epoch e WHERE bytes <>
		(SELECT coalesce(sum(bytes), 0) FROM credit c WHERE c.epoch = e.number)`},
	{"closed epochs have other pay than was moved", `SELECT count(*) FROM epoch e WHERE paid <>
		(SELECT coalesce(sum(n.amount), 0) FROM transfer t JOIN entry n ON n.transfer = t.id
		WHERE t.key = 'epoch:' || CAST(e.number AS TEXT) AND n.amount > 0)`},
	{"closed epochs have other pay than their lines", `SELECT count(*) FROM epoch e WHERE paid <>
		(SELECT coalesce(sum(amount), 0) FROM pay p WHERE p.epoch = e.number)`},
	{"accounts hold other than is held for them", `SELECT
		(SELECT count(*) FROM (SELECT account, amount FROM balance WHERE account LIKE 'earned:%' AND amount > 0 EXCEPT ` + heldSums + `) AS more) +
		(SELECT count(*) FROM (` + heldSums + ` EXCEPT SELECT account, amount FROM balance) AS less)`},
	{"boosts hold other than they have for epochs to come", `SELECT
		(SELECT count(*) FROM (SELECT account, amount FROM balance WHERE account LIKE 'boost:%' AND amount > 0 EXCEPT ` + lockedSums + `) AS more) +
		(SELECT count(*) FROM (` + lockedSums + ` EXCEPT SELECT account, amount FROM balance) AS less)`},
	{"pools that ended have something left", `SELECT count(*) FROM pool JOIN balance b ON b.account = 'pool:' || {hex_id} WHERE ended = 1 AND b.amount <> 0`},
	{"lines of pay are out of boosts that have nothing for their epoch", `SELECT count(*) FROM
		(SELECT work, epoch, sum(amount) AS amount FROM pay WHERE kind = 'boost' GROUP BY work, epoch) AS p WHERE p.amount >
		(SELECT coalesce(sum(s.amount), 0) FROM slice s JOIN boost b ON b.id = s.boost WHERE b.work = p.work AND s.epoch = p.epoch)`},
}

// Check recomputes everything that is kept twice.
func (k *Keeper) Check(ctx context.Context) error {
	return k.read(ctx, func(tx tx) error {
		hex := strings.NewReplacer("{hex}", tx.Hex("account"), "{hex_id}", tx.Hex("id"), "{hex_boost}", tx.Hex("boost"))
		var found []error
		for _, c := range checks {
			var n int
			if err := tx.QueryRowContext(ctx, hex.Replace(c.query)).Scan(&n); err != nil {
				return fmt.Errorf("check whether %s: %w", c.wrong, err)
			}
			if n > 0 {
				found = append(found, fmt.Errorf("%w: %d %s", ledger.ErrCorrupt, n, c.wrong))
			}
		}
		return errors.Join(append(found, checkLog(ctx, tx))...)
	})
}

// Totals are what the books hold in all.
type Totals struct {
	Transfers, Entries int64
	Sum                int64  // µ-credits of all entries: 0
	Bytes              uint64 // credited to all seeders
	Records            int64  // of the public log
	Unlogged           int64  // receipts that it will have
}

// Totals adds everything up.
func (k *Keeper) Totals(ctx context.Context) (t Totals, err error) {
	err = k.read(ctx, func(tx tx) error {
		return tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM transfer), (SELECT count(*) FROM entry),
			(SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM entry), (SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM credit),
			(SELECT size FROM log_tree), (SELECT count(*) FROM increase WHERE id > (SELECT increase FROM log_tree))`).
			Scan(&t.Transfers, &t.Entries, &t.Sum, &t.Bytes, &t.Records, &t.Unlogged)
	})
	return t, err
}
