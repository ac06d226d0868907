package books

import (
	"context"
	"database/sql"
	"errors"
	"math"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
)

// firstOpen returns the epoch after the last one that is closed.
func firstOpen(ctx context.Context, tx tx) (n uint32, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(number) + 1, 0) FROM epoch`).Scan(&n)
	return n, err
}

// somethingIn lists the epochs from $1 on in which there is something to be done when they end.
const somethingIn = `SELECT epoch FROM credit WHERE epoch >= $1 UNION SELECT epoch FROM stay WHERE epoch >= $1
	UNION SELECT due FROM holding WHERE matured = 0 AND due >= $1 UNION SELECT epoch FROM slice WHERE epoch >= $1
	UNION SELECT last FROM pool WHERE ended = 0 AND last >= $1 UNION SELECT epoch FROM audit WHERE passed = 0 AND epoch >= $1`

// OpenEpochs returns the epochs in which there is something that is not done.
func (k *Keeper) OpenEpochs(ctx context.Context) (open []uint32, err error) {
	err = k.read(ctx, func(tx tx) error {
		open = nil
		first, err := firstOpen(ctx, tx)
		if err != nil {
			return err
		}
		return each(ctx, tx, func(rows *sql.Rows) error {
			var n uint32
			err := rows.Scan(&n)
			open = append(open, n)
			return err
		}, somethingIn+` ORDER BY epoch`, int64(first))
	})
	return open, err
}

// CloseEpoch closes epoch n in one transaction, so that there is no moment at which it is half paid.
func (k *Keeper) CloseEpoch(ctx context.Context, n uint32, now uint64, closing func(ledger.Facts) (ledger.Closing, error)) (epoch ledger.Epoch, err error) {
	err = k.write(ctx, func(tx tx) error {
		epoch = ledger.Epoch{Number: n}
		first, err := firstOpen(ctx, tx)
		if err != nil {
			return err
		}
		if n < first {
			return closedEpoch(ctx, tx, &epoch)
		}
		var earlier bool
		err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM (`+somethingIn+`) AS open WHERE epoch < $2)`, int64(first), int64(n)).Scan(&earlier)
		if err != nil {
			return err
		}
		if earlier {
			return ledger.ErrOrder
		}
		facts, err := facts(ctx, tx, n)
		if err != nil {
			return err
		}
		c, err := closing(facts)
		if err != nil {
			return err
		}
		epoch = c.Epoch
		return end(ctx, tx, c, now)
	})
	return epoch, err
}

func closedEpoch(ctx context.Context, tx tx, epoch *ledger.Epoch) error {
	err := tx.QueryRowContext(ctx, `SELECT bytes, paid FROM epoch WHERE number = $1`, int64(epoch.Number)).Scan(&epoch.Bytes, &epoch.Paid)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // closed by a later one, with nothing to pay
	}
	return err
}

// end writes down what the end of an epoch changes.
func end(ctx context.Context, tx tx, c ledger.Closing, now uint64) error {
	tables := rows{columns: 2, head: `INSERT INTO log_table (hash, bytes) VALUES`, tail: ` ON CONFLICT DO NOTHING`}
	inputs, payouts := log.TableOf(c.Inputs).Hash, log.TableOf(c.Payouts).Hash
	tables.add(inputs[:], c.Inputs)
	if inputs != payouts { // a statement may not add a row twice
		tables.add(payouts[:], c.Payouts)
	}
	if err := tables.insert(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO epoch (number, bytes, paid, closed, inputs, payouts, record) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		int64(c.Number), int64(c.Bytes), int64(c.Paid), int64(now), inputs[:], payouts[:], c.Record.Append(nil)); err != nil {
		return err
	}
	for _, t := range c.Transfers {
		if err := book(ctx, tx, t, now); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE holding SET matured = 1 WHERE matured = 0 AND due <= $1`, int64(c.Number)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE pool SET ended = 1 WHERE ended = 0 AND last <= $1`, int64(c.Number)); err != nil {
		return err
	}
	for _, r := range []rows{pays(c), holdings(c), reputes(c), reached(c)} {
		if err := r.insert(ctx, tx); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM presence WHERE epoch < $1`, int64(c.Forget)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM told WHERE epoch <= $1`, int64(c.Number)); err != nil {
		return err // what is told again of them comes too late
	}
	_, err := appendLog(ctx, tx, math.MaxInt32, c.Record)
	return err
}

func pays(c ledger.Closing) rows {
	r := rows{columns: 10, head: `INSERT INTO pay (account, epoch, kind, work, source, basis, counted, weight, amount, reason) VALUES`}
	for _, l := range c.Lines {
		r.add(l.Account[:], int64(c.Number), string(l.Kind), l.Work[:], l.From[:], int64(l.Basis), int64(l.Counted), int64(l.Weight), int64(l.Amount),
			string(l.Reason))
	}
	return r
}

func holdings(c ledger.Closing) rows {
	r := rows{columns: 4, head: `INSERT INTO holding (account, epoch, due, amount) VALUES`}
	for _, h := range c.Holdings {
		r.add(h.Account[:], int64(h.Epoch), int64(h.Release), int64(h.Amount))
	}
	return r
}

func reputes(c ledger.Closing) rows {
	r := rows{columns: 3, head: `INSERT INTO repute (account, reputation, granted) VALUES`,
		tail: ` ON CONFLICT (account) DO UPDATE SET reputation = excluded.reputation, granted = excluded.granted`}
	for _, s := range c.Reputes {
		granted := 0
		if s.Granted {
			granted = 1
		}
		r.add(s.Account[:], int64(s.Reputation), granted)
	}
	return r
}

func reached(c ledger.Closing) rows {
	r := rows{columns: 3, head: `INSERT INTO reach (work, epoch, nets) VALUES`}
	for _, w := range c.Reached {
		r.add(w.Work[:], int64(c.Number), int64(w.Nets))
	}
	return r
}

// Closed returns closed epochs, the newest first.
func (k *Keeper) Closed(ctx context.Context, last uint32, most int) (list []ledger.Closed, err error) {
	err = k.read(ctx, func(tx tx) error {
		list = nil
		return each(ctx, tx, func(r *sql.Rows) error {
			var c ledger.Closed
			var record []byte
			if err := r.Scan(&c.Number, &c.Bytes, &c.Paid, &record); err != nil {
				return err
			}
			c.Record, err = log.ParseRecord(record)
			list = append(list, c)
			return err
		}, `SELECT number, bytes, paid, record FROM epoch WHERE number <= $1 ORDER BY number DESC LIMIT $2`, int64(last), int64(most))
	})
	return list, err
}
