package books

import (
	"context"
	"database/sql"
	"errors"

	"fanseed/signal/ledger"
)

// Deposit makes total µ-credits the sum of all deposits.
func (k *Keeper) Deposit(ctx context.Context, total int64, now uint64) error {
	return k.write(ctx, func(tx tx) error {
		funding, err := balance(ctx, tx, ledger.Funding)
		if err != nil || total <= -funding {
			return err
		}
		return book(ctx, tx, ledger.Deposit(total, total+funding), now)
	})
}

// Balance returns the µ-credits of a ledger account.
func (k *Keeper) Balance(ctx context.Context, account string) (amount int64, err error) {
	err = k.read(ctx, func(tx tx) error {
		amount, err = balance(ctx, tx, account)
		return err
	})
	return amount, err
}

func balance(ctx context.Context, tx tx, account string) (amount int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT amount FROM balance WHERE account = $1`, account).Scan(&amount)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return amount, err
}

// book writes a transfer, whose key must be new, and moves the balances.
func book(ctx context.Context, tx tx, t ledger.Transfer, now uint64) error {
	if err := t.Check(); err != nil {
		return err
	}
	var id int64
	if err := tx.QueryRowContext(ctx, `INSERT INTO transfer (key, time) VALUES ($1, $2) RETURNING id`, t.Key, int64(now)).Scan(&id); err != nil {
		return err
	}
	balances := rows{columns: 2, head: `INSERT INTO balance (account, least) VALUES`, tail: ` ON CONFLICT DO NOTHING`}
	entries := rows{columns: 3, head: `INSERT INTO entry (transfer, account, amount) VALUES`}
	for _, e := range t.Entries {
		balances.add(e.Account, sql.NullInt64{Valid: e.Account != ledger.Funding})
		entries.add(id, e.Account, e.Amount)
	}
	for _, r := range []rows{balances, entries} {
		if err := r.insert(ctx, tx); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE balance SET amount = balance.amount + e.amount
		FROM entry AS e WHERE e.transfer = $1 AND e.account = balance.account`, id)
	return err
}
