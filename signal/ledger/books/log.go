package books

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
)

// progress is how far the public log has come: its tree, and the last rows that are in it.
type progress struct {
	log.Tree
	increase, deposit int64 // ids of increase and of transfer
}

// Sequence writes into the log what it lacks, at most so many records.
func (k *Keeper) Sequence(ctx context.Context, most int) (n int, err error) {
	err = k.write(ctx, func(tx tx) error {
		n, err = appendLog(ctx, tx, most)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// appendLog is the one door into the log: within a transaction that writes, it appends what the log lacks, at most so many records, and then
// those that the transaction itself adds. It returns how many it appended.
func appendLog(ctx context.Context, tx tx, most int, more ...log.Record) (int, error) {
	p, err := readProgress(ctx, tx)
	if err != nil {
		return 0, err
	}
	records, err := p.take(ctx, tx, most)
	if err != nil {
		return 0, err
	}
	records = append(records, more...)
	return len(records), p.append(ctx, tx, records)
}

func readProgress(ctx context.Context, tx tx) (p progress, err error) {
	var root []byte
	err = tx.QueryRowContext(ctx, `SELECT size, root, increase, deposit FROM log_tree`).Scan(&p.N, &root, &p.increase, &p.deposit)
	if err == nil {
		p.Hash = log.Hash(root)
	}
	return p, err
}

// take returns what follows, and moves on behind it.
func (p *progress) take(ctx context.Context, tx tx, most int) (records []log.Record, err error) {
	deposits, err := p.takeDeposits(ctx, tx, most)
	if err != nil {
		return nil, err
	}
	increases, err := p.takeIncreases(ctx, tx, most-len(deposits))
	return append(deposits, increases...), err
}

// takeDeposits looks at few rows: one for each deposit that there ever was.
func (p *progress) takeDeposits(ctx context.Context, tx tx, most int) (records []log.Record, err error) {
	err = each(ctx, tx, func(r *sql.Rows) error {
		var key string
		var d log.Deposit
		if err := r.Scan(&p.deposit, &key, &d.Time, &d.Amount); err != nil {
			return err
		}
		id := sha256.Sum256([]byte(key))
		d.ID = [16]byte(id[:])
		records = append(records, d.Record())
		return nil
	}, `SELECT t.id, t.key, t.time, e.amount FROM transfer t JOIN entry e ON e.transfer = t.id AND e.account = 'treasury'
		WHERE t.key >= 'deposit:' AND t.key < 'deposit;' AND t.id > $1 ORDER BY t.id LIMIT $2`, p.deposit, int64(most))
	return records, err
}

func (p *progress) takeIncreases(ctx context.Context, tx tx, most int) (records []log.Record, err error) {
	err = each(ctx, tx, func(r *sql.Rows) error {
		one, err := scanIncrease(r, &p.increase)
		records = append(records, one.Record())
		return err
	}, `SELECT t.serial, i.amount, i.epoch, i.salt, i.id FROM increase i JOIN ticket t ON t.id = i.ticket
		WHERE i.id > $1 ORDER BY i.id LIMIT $2`, p.increase, int64(most))
	return records, err
}

// append writes records, and how far the log has come with them.
func (p *progress) append(ctx context.Context, tx tx, records []log.Record) error {
	if len(records) == 0 {
		return nil
	}
	encoded := make([][]byte, len(records))
	for i, r := range records {
		encoded[i] = r.Append(nil)
	}
	first := p.N
	a, err := log.Append(ctx, tiles{tx}, p.Tree, encoded)
	if err != nil {
		return corrupt(err)
	}
	p.Tree = a.Tree
	tiles := rows{columns: 3, head: `INSERT INTO log_tile (level, number, data) VALUES`, tail: ` ON CONFLICT (level, number) DO UPDATE SET data = excluded.data`}
	for _, t := range a.Tiles {
		tiles.add(int64(t.Level), t.N, t.Data)
	}
	leaves := rows{columns: 2, head: `INSERT INTO log_leaf (hash, number) VALUES`, tail: ` ON CONFLICT (hash) DO NOTHING`}
	for i := range a.Leaves {
		leaves.add(a.Leaves[i][:], first+int64(i))
	}
	for _, r := range []rows{tiles, leaves} {
		if err := r.insert(ctx, tx); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE log_tree SET size = $1, root = $2, increase = $3, deposit = $4`, p.N, p.Hash[:], p.increase, p.deposit)
	return err
}

// corrupt has the log's own error be the ledger's too.
func corrupt(err error) error {
	if errors.Is(err, log.ErrCorrupt) {
		return fmt.Errorf("%w: %w", ledger.ErrCorrupt, err)
	}
	return err
}

// tiles are those that a transaction sees: a log.Store.
type tiles struct{ tx }

func (t tiles) ReadTile(ctx context.Context, level int, n int64) (data []byte, err error) {
	err = t.QueryRowContext(ctx, `SELECT data FROM log_tile WHERE level = $1 AND number = $2`, int64(level), n).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return data, err
}

// ReadTile returns what is kept of a tile of the log.
func (k *Keeper) ReadTile(ctx context.Context, level int, n int64) (data []byte, err error) {
	err = k.read(ctx, func(tx tx) error {
		data, err = tiles{tx}.ReadTile(ctx, level, n)
		return err
	})
	return data, err
}

// LogTree returns the log's tree.
func (k *Keeper) LogTree(ctx context.Context) (tree log.Tree, err error) {
	err = k.read(ctx, func(tx tx) error {
		p, err := readProgress(ctx, tx)
		tree = p.Tree
		return err
	})
	return tree, err
}

// Find returns the number of a record of the log.
func (k *Keeper) Find(ctx context.Context, leaf log.Hash) (n int64, err error) {
	err = k.one(ctx, &n, `SELECT number FROM log_leaf WHERE hash = $1`, leaf[:])
	return n, err
}

// Table returns an epoch's table.
func (k *Keeper) Table(ctx context.Context, hash [32]byte) (bytes []byte, err error) {
	err = k.one(ctx, &bytes, `SELECT bytes FROM log_table WHERE hash = $1`, hash[:])
	return bytes, err
}

// one reads a single value. Where there is none it is log.ErrNone.
func (k *Keeper) one(ctx context.Context, value any, query string, args ...any) error {
	return k.read(ctx, func(tx tx) error {
		err := tx.QueryRowContext(ctx, query, args...).Scan(value)
		if errors.Is(err, sql.ErrNoRows) {
			return log.ErrNone
		}
		return err
	})
}

// Increases returns an account's newest increases.
func (k *Keeper) Increases(ctx context.Context, account [16]byte, most int) (list []log.Receipt, err error) {
	err = k.read(ctx, func(tx tx) error {
		list = nil
		return each(ctx, tx, func(r *sql.Rows) error {
			one, err := scanIncrease(r)
			list = append(list, one)
			return err
		}, newestIncreases, account[:], int64(ledger.RecentTickets), int64(most))
	})
	return list, err
}

const newestIncreases = `
SELECT t.serial, i.amount, i.epoch, i.salt
FROM (SELECT id, serial FROM ticket WHERE seeder = $1 ORDER BY id DESC LIMIT $2) AS t JOIN increase i ON i.ticket = t.id
ORDER BY i.id DESC LIMIT $3`
