package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"fanseed/signal/ledger"
)

// Deposit makes total µ-credits the sum of all deposits.
func (d *DB) Deposit(ctx context.Context, total int64, now uint64) error {
	return d.write(ctx, func(tx *sql.Tx) error {
		funding, err := balance(ctx, tx, ledger.Funding)
		if err != nil || total <= -funding {
			return err
		}
		return book(ctx, tx, ledger.Deposit(total, total+funding), now)
	})
}

// Balance returns the µ-credits of a ledger account.
func (d *DB) Balance(ctx context.Context, account string) (amount int64, err error) {
	err = d.read(ctx, func(tx *sql.Tx) error {
		amount, err = balance(ctx, tx, account)
		return err
	})
	return amount, err
}

func balance(ctx context.Context, tx *sql.Tx, account string) (amount int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT amount FROM balance WHERE account = ?`, account).Scan(&amount)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return amount, err
}

// book writes a transfer, whose key must be new, and moves the balances.
func book(ctx context.Context, tx *sql.Tx, t ledger.Transfer, now uint64) error {
	if err := t.Check(); err != nil {
		return err
	}
	done, err := tx.ExecContext(ctx, `INSERT INTO transfer (key, time) VALUES (?, ?)`, t.Key, int64(now))
	if err != nil {
		return err
	}
	id, err := done.LastInsertId()
	if err != nil {
		return err
	}
	for _, e := range t.Entries {
		if err := enter(ctx, tx, id, e); err != nil {
			return err
		}
	}
	return nil
}

func enter(ctx context.Context, tx *sql.Tx, transfer int64, e ledger.Entry) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO balance (account, least) VALUES (?, ?) ON CONFLICT DO NOTHING`,
		e.Account, sql.NullInt64{Valid: e.Account != ledger.Funding})
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO entry (transfer, account, amount) VALUES (?, ?, ?)`, transfer, e.Account, e.Amount)
	return err
}

// firstOpen returns the epoch after the last one that is closed.
func firstOpen(ctx context.Context, tx *sql.Tx) (n uint32, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(number) + 1, 0) FROM epoch`).Scan(&n)
	return n, err
}

// OpenEpochs returns the epochs with bytes that are not paid.
func (d *DB) OpenEpochs(ctx context.Context) (open []uint32, err error) {
	err = d.read(ctx, func(tx *sql.Tx) error {
		first, err := firstOpen(ctx, tx)
		if err != nil {
			return err
		}
		return each(ctx, tx, func(rows *sql.Rows) error {
			var n uint32
			err := rows.Scan(&n)
			open = append(open, n)
			return err
		}, `SELECT DISTINCT epoch FROM credit WHERE epoch >= ? ORDER BY epoch`, first)
	})
	return open, err
}

// CloseEpoch pays and closes epoch n in one transaction, so that there is no
// moment at which it is half paid.
func (d *DB) CloseEpoch(ctx context.Context, n uint32, rate, now uint64) (epoch ledger.Epoch, err error) {
	err = d.write(ctx, func(tx *sql.Tx) error {
		epoch = ledger.Epoch{Number: n}
		first, err := firstOpen(ctx, tx)
		if err != nil {
			return err
		}
		if n < first {
			return closedEpoch(ctx, tx, &epoch)
		}
		if err := unpaidBefore(ctx, tx, first, n); err != nil {
			return err
		}
		epoch.Rate = rate
		if err := pay(ctx, tx, &epoch, now); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO epoch (number, rate, bytes, paid, closed) VALUES (?, ?, ?, ?, ?)`,
			n, int64(rate), int64(epoch.Bytes), int64(epoch.Paid), int64(now))
		return err
	})
	return epoch, err
}

func closedEpoch(ctx context.Context, tx *sql.Tx, epoch *ledger.Epoch) error {
	err := tx.QueryRowContext(ctx, `SELECT rate, bytes, paid FROM epoch WHERE number = ?`, epoch.Number).
		Scan(&epoch.Rate, &epoch.Bytes, &epoch.Paid)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // closed by a later one, with nothing to pay
	}
	return err
}

func unpaidBefore(ctx context.Context, tx *sql.Tx, first, n uint32) error {
	var unpaid bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM credit WHERE epoch >= ? AND epoch < ?)`, first, n).Scan(&unpaid)
	if err == nil && unpaid {
		return ledger.ErrOrder
	}
	return err
}

// pay moves an epoch's pay out of the treasury.
func pay(ctx context.Context, tx *sql.Tx, epoch *ledger.Epoch, now uint64) error {
	treasury, err := balance(ctx, tx, ledger.Treasury)
	if err != nil {
		return err
	}
	seeders, served, err := served(ctx, tx, epoch.Number)
	if err != nil {
		return err
	}
	paid := ledger.Pay(uint64(treasury), served, epoch.Rate)
	for i := range paid {
		epoch.Bytes += served[i]
		epoch.Paid += paid[i]
	}
	if epoch.Paid == 0 {
		return nil
	}
	return book(ctx, tx, ledger.Payout(epoch.Number, seeders, paid), now)
}

// served returns the bytes of an epoch by seeder, in the order of their accounts.
func served(ctx context.Context, tx *sql.Tx, n uint32) (seeders [][16]byte, bytes []uint64, err error) {
	err = each(ctx, tx, func(rows *sql.Rows) error {
		var account []byte
		var sum uint64
		if err := rows.Scan(&account, &sum); err != nil {
			return err
		}
		seeders, bytes = append(seeders, [16]byte(account)), append(bytes, sum)
		return nil
	}, `SELECT seeder, sum(bytes) FROM credit WHERE epoch = ? GROUP BY seeder ORDER BY seeder`, n)
	return seeders, bytes, err
}
