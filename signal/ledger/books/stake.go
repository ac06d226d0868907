package books

import (
	"context"
	"database/sql"
	"errors"

	"fanseed/signal/ledger"
	"fanseed/signal/reward"
)

// Boost locks a boost.
func (k *Keeper) Boost(ctx context.Context, b ledger.Boost) (kept ledger.Boost, err error) {
	if err := b.Check(); err != nil {
		return kept, err
	}
	err = k.write(ctx, func(tx tx) error {
		kept, err = boostOf(ctx, tx, b.ID)
		if !errors.Is(err, sql.ErrNoRows) {
			same := kept
			same.First, same.Time = b.First, b.Time
			return taken(err, same == b)
		}
		kept = b
		first, err := mayStake(ctx, tx, b.Work, b.Owner)
		if err != nil {
			return err
		}
		kept.First = max(kept.First, first)
		if err := lock(ctx, tx, kept.Transfer(), b.Time); err != nil {
			return err
		}
		promo := 0
		if b.Promo {
			promo = 1
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO boost (id, work, owner, price, promo, first, epochs, time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			b.ID[:], b.Work[:], b.Owner[:], int64(b.Price), promo, int64(kept.First), int64(b.Epochs), int64(b.Time)); err != nil {
			return err
		}
		slices := rows{columns: 3, head: `INSERT INTO slice (epoch, boost, amount) VALUES`}
		for _, s := range kept.Slices() {
			slices.add(int64(s.Epoch), b.ID[:], int64(s.Amount))
		}
		if err := slices.insert(ctx, tx); err != nil {
			return err
		}
		_, err = appendLog(ctx, tx, 0, kept.Record())
		return err
	})
	return kept, err
}

// Fund locks a pool.
func (k *Keeper) Fund(ctx context.Context, p ledger.Pool) (kept ledger.Pool, err error) {
	if err := p.Check(); err != nil {
		return kept, err
	}
	err = k.write(ctx, func(tx tx) error {
		kept, err = poolOf(ctx, tx, p.ID)
		if !errors.Is(err, sql.ErrNoRows) {
			same := kept
			same.Last, same.Time = p.Last, p.Time
			return taken(err, same == p)
		}
		kept = p
		first, err := mayStake(ctx, tx, p.Work, p.Owner)
		if err != nil {
			return err
		}
		kept.Last = max(kept.Last, first)
		var pools int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM pool WHERE work = $1 AND ended = 0`, p.Work[:]).Scan(&pools); err != nil {
			return err
		}
		if pools >= ledger.MaxPools {
			return ledger.ErrMany
		}
		if err := lock(ctx, tx, kept.Transfer(), p.Time); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO pool (id, work, owner, amount, rate, last, time) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			p.ID[:], p.Work[:], p.Owner[:], int64(p.Amount), int64(p.Rate), int64(kept.Last), int64(p.Time)); err != nil {
			return err
		}
		_, err = appendLog(ctx, tx, 0, kept.Record())
		return err
	})
	return kept, err
}

// Credit moves µ-credits to what an account may spend.
func (k *Keeper) Credit(ctx context.Context, id, account [16]byte, amount, now uint64) error {
	if amount < 1 || amount > reward.MaxAmount {
		return ledger.ErrStake
	}
	t := ledger.Credit(id, account, amount)
	return k.write(ctx, func(tx tx) error {
		var booked int64
		err := tx.QueryRowContext(ctx, `SELECT coalesce((SELECT e.amount FROM entry e WHERE e.transfer = t.id AND e.account = $2), 0) FROM transfer t WHERE t.key = $1`,
			t.Key, ledger.Payable(account)).Scan(&booked)
		if !errors.Is(err, sql.ErrNoRows) {
			return taken(err, booked == int64(amount))
		}
		return lock(ctx, tx, t, now)
	})
}

// taken judges what is kept under an id already.
func taken(err error, same bool) error {
	if err == nil && !same {
		return ledger.ErrTaken
	}
	return err
}

// mayStake returns the first open epoch, if an account may put something on a work.
func mayStake(ctx context.Context, tx tx, work [20]byte, owner [16]byte) (first uint32, err error) {
	var listed bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM work WHERE infohash = $1 AND removed = 0)`, work[:]).Scan(&listed); err != nil {
		return 0, err
	}
	if !listed {
		return 0, ledger.ErrNoWork
	}
	if first, err = firstOpen(ctx, tx); err != nil {
		return 0, err
	}
	var running int
	err = tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM boost WHERE owner = $1 AND first + epochs > $2) +
		(SELECT count(*) FROM pool WHERE owner = $1 AND last >= $2)`, owner[:], int64(first)).Scan(&running)
	if err == nil && running >= ledger.MaxRunning {
		return 0, ledger.ErrMany
	}
	return first, err
}

// lock books a transfer out of an account, which must have as much.
func lock(ctx context.Context, tx tx, t ledger.Transfer, now uint64) error {
	source := t.Entries[0]
	has, err := balance(ctx, tx, source.Account)
	if err != nil {
		return err
	}
	if has < -source.Amount {
		return ledger.ErrFunds
	}
	return book(ctx, tx, t, now)
}

const (
	boostColumns = `id, work, owner, price, promo, first, epochs, time`
	poolColumns  = `id, work, owner, amount, rate, last, time`
)

func boostOf(ctx context.Context, tx tx, id [16]byte) (ledger.Boost, error) {
	return scanBoost(tx.QueryRowContext(ctx, `SELECT `+boostColumns+` FROM boost WHERE id = $1`, id[:]))
}

func poolOf(ctx context.Context, tx tx, id [16]byte) (ledger.Pool, error) {
	return scanPool(tx.QueryRowContext(ctx, `SELECT `+poolColumns+` FROM pool WHERE id = $1`, id[:]))
}

// row is one that was found, or not.
type row interface{ Scan(...any) error }

func scanBoost(r row, more ...any) (b ledger.Boost, err error) {
	var id, work, owner []byte
	if err := r.Scan(append([]any{&id, &work, &owner, &b.Price, &b.Promo, &b.First, &b.Epochs, &b.Time}, more...)...); err != nil {
		return b, err
	}
	b.ID, b.Work, b.Owner = [16]byte(id), [20]byte(work), [16]byte(owner)
	return b, nil
}

func scanPool(r row, more ...any) (p ledger.Pool, err error) {
	var id, work, owner []byte
	if err := r.Scan(append([]any{&id, &work, &owner, &p.Amount, &p.Rate, &p.Last, &p.Time}, more...)...); err != nil {
		return p, err
	}
	p.ID, p.Work, p.Owner = [16]byte(id), [20]byte(work), [16]byte(owner)
	return p, nil
}

// Stakes returns the boosts and pools that run.
func (k *Keeper) Stakes(ctx context.Context, n uint32, account [16]byte) (list ledger.Stakes, err error) {
	mine := ` AND (owner = $2 OR $3 = 1)`
	anybody := 0
	if account == ([16]byte{}) {
		anybody = 1
	}
	err = k.read(ctx, func(tx tx) error {
		list = ledger.Stakes{}
		err := each(ctx, tx, func(r *sql.Rows) error {
			b, err := scanBoost(r)
			list.Boosts = append(list.Boosts, b)
			return err
		}, `SELECT `+boostColumns+` FROM boost WHERE first + epochs > $1`+mine+` ORDER BY time, id`, int64(n), account[:], anybody)
		if err != nil {
			return err
		}
		return each(ctx, tx, func(r *sql.Rows) error {
			f, err := scanFund(r)
			list.Pools = append(list.Pools, f)
			return err
		}, fundsOf(tx)+` WHERE last >= $1`+mine+` ORDER BY time, id`, int64(n), account[:], anybody)
	})
	return list, err
}

// fundsOf selects pools with what is left of them.
func fundsOf(tx tx) string {
	return `SELECT ` + poolColumns + `, coalesce((SELECT b.amount FROM balance b WHERE b.account = 'pool:' || ` + tx.Hex("id") + `), 0) FROM pool`
}

func scanFund(r *sql.Rows) (f ledger.Fund, err error) {
	f.Pool, err = scanPool(r, &f.Left)
	return f, err
}

// Backing returns what is locked on a work.
func (k *Keeper) Backing(ctx context.Context, n uint32, work [20]byte) (b ledger.Backing, err error) {
	err = k.read(ctx, func(tx tx) error {
		b = ledger.Backing{}
		err := tx.QueryRowContext(ctx, `SELECT count(DISTINCT s.boost), CAST(coalesce(sum(CASE s.epoch WHEN $1 THEN s.amount ELSE 0 END), 0) AS BIGINT),
			CAST(coalesce(sum(s.amount), 0) AS BIGINT), coalesce(max(s.epoch), 0)
			FROM boost b JOIN slice s ON s.boost = b.id WHERE b.work = $2 AND s.epoch >= $1`, int64(n), work[:]).Scan(&b.Boosts, &b.Boost, &b.BoostLeft, &b.BoostLast)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT count(*), CAST(coalesce(sum(b.amount), 0) AS BIGINT), CAST(coalesce(sum(p.rate), 0) AS BIGINT), coalesce(max(p.last), 0)
			FROM pool p JOIN balance b ON b.account = 'pool:' || `+tx.Hex("id")+` WHERE p.work = $2 AND p.last >= $1 AND b.amount > 0`, int64(n), work[:]).
			Scan(&b.Pools, &b.PoolLeft, &b.PoolRate, &b.PoolLast)
	})
	return b, err
}

// Boosted returns the works for which boosts pay most.
func (k *Keeper) Boosted(ctx context.Context, n uint32, most int) (list []ledger.Boosted, err error) {
	err = k.read(ctx, func(tx tx) error {
		list = nil
		return each(ctx, tx, func(r *sql.Rows) error {
			var b ledger.Boosted
			var work []byte
			if err := r.Scan(&work, &b.Amount, &b.Last); err != nil {
				return err
			}
			b.Work = [20]byte(work)
			list = append(list, b)
			return nil
		}, `SELECT b.work, CAST(sum(s.amount) AS BIGINT) AS amount, max(b.first + b.epochs) - 1 FROM slice s JOIN boost b ON b.id = s.boost
			JOIN work w ON w.infohash = b.work WHERE s.epoch = $1 AND w.removed = 0 GROUP BY b.work ORDER BY amount DESC, b.work LIMIT $2`, int64(n), most)
	})
	return list, err
}
