package books

import (
	"context"
	"database/sql"
	"errors"

	"fanseed/signal/ledger"
)

// firstOpen returns the epoch after the last one that is closed.
func firstOpen(ctx context.Context, tx tx) (n uint32, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(number) + 1, 0) FROM epoch`).Scan(&n)
	return n, err
}

// OpenEpochs returns the epochs with bytes that are not paid.
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
		}, `SELECT DISTINCT epoch FROM credit WHERE epoch >= $1 ORDER BY epoch`, int64(first))
	})
	return open, err
}

// CloseEpoch pays and closes epoch n in one transaction, so that there is no
// moment at which it is half paid.
func (k *Keeper) CloseEpoch(ctx context.Context, n uint32, rate, now uint64) (epoch ledger.Epoch, err error) {
	err = k.write(ctx, func(tx tx) error {
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
		_, err = tx.ExecContext(ctx, `INSERT INTO epoch (number, rate, bytes, paid, closed) VALUES ($1, $2, $3, $4, $5)`,
			int64(n), int64(rate), int64(epoch.Bytes), int64(epoch.Paid), int64(now))
		return err
	})
	return epoch, err
}

func closedEpoch(ctx context.Context, tx tx, epoch *ledger.Epoch) error {
	err := tx.QueryRowContext(ctx, `SELECT rate, bytes, paid FROM epoch WHERE number = $1`, int64(epoch.Number)).
		Scan(&epoch.Rate, &epoch.Bytes, &epoch.Paid)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // closed by a later one, with nothing to pay
	}
	return err
}

func unpaidBefore(ctx context.Context, tx tx, first, n uint32) error {
	var unpaid bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM credit WHERE epoch >= $1 AND epoch < $2)`, int64(first), int64(n)).Scan(&unpaid)
	if err == nil && unpaid {
		return ledger.ErrOrder
	}
	return err
}

// pay moves an epoch's pay out of the treasury.
func pay(ctx context.Context, tx tx, epoch *ledger.Epoch, now uint64) error {
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
func served(ctx context.Context, tx tx, n uint32) (seeders [][16]byte, bytes []uint64, err error) {
	err = each(ctx, tx, func(rows *sql.Rows) error {
		var account []byte
		var sum uint64
		if err := rows.Scan(&account, &sum); err != nil {
			return err
		}
		seeders, bytes = append(seeders, [16]byte(account)), append(bytes, sum)
		return nil
	}, `SELECT seeder, CAST(sum(bytes) AS BIGINT) FROM credit WHERE epoch = $1 GROUP BY seeder ORDER BY seeder`, int64(n))
	return seeders, bytes, err
}
