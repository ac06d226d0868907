package books

import (
	"context"

	"fanseed/signal/ledger"
	"fanseed/signal/ticket"
)

// Once keeps value under name if nothing is, and returns what then is.
func (k *Keeper) Once(ctx context.Context, name, value string) (kept string, err error) {
	err = k.write(ctx, func(tx tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, value); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT value FROM setting WHERE name = $1`, name).Scan(&kept)
	})
	return kept, err
}

// Apply stores a batch in one transaction.
func (k *Keeper) Apply(ctx context.Context, b ledger.Batch) (out ledger.Outcome, err error) {
	err = k.write(ctx, func(tx tx) error {
		out = ledger.Outcome{}
		if err := register(ctx, tx, b.Keys); err != nil {
			return err
		}
		if out.Issued, err = issue(ctx, tx, b.Tickets); err != nil {
			return err
		}
		if err := presences(ctx, tx, b.Presences); err != nil {
			return err
		}
		if err := stays(ctx, tx, b.Told); err != nil {
			return err
		}
		if err := audits(ctx, tx, b.Audits); err != nil {
			return err
		}
		out.Results, out.Increases, err = settle(ctx, tx, b.Claims)
		return err
	})
	if err != nil {
		return ledger.Outcome{}, err
	}
	return out, nil
}

func register(ctx context.Context, tx tx, keys []ledger.Key) error {
	people := rows{head: `INSERT INTO person (account, public_key, registered) VALUES`, columns: 3, tail: ` ON CONFLICT DO NOTHING`}
	for _, key := range keys {
		account := ticket.Account(key.Public)
		people.add(account[:], key.Public[:], int64(key.Now))
	}
	return people.insert(ctx, tx)
}
