package books

import (
	"context"
	"database/sql"
	"errors"

	"fanseed/signal/ledger"
	"fanseed/signal/ticket"
)

// Publish keeps a work and its .torrent.
func (k *Keeper) Publish(ctx context.Context, w ledger.Work, torrent []byte, limit int) error {
	return k.write(ctx, func(tx tx) error {
		if err := publishable(ctx, tx, w.Infohash, limit); err != nil {
			return err
		}
		hash := ticket.Infohash(w.Infohash)
		_, err := tx.ExecContext(ctx, `INSERT INTO work (infohash, ticket_hash, name, length, piece_length, files, leaves, weak, common, publisher, published)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, w.Infohash[:], hash[:], w.Name, int64(w.Length), int64(w.PieceLength), int64(w.Files),
			int64(w.Leaves), integer(w.Weak), integer(w.Common), w.Publisher[:], int64(w.Published))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO torrent (infohash, bytes) VALUES ($1, $2)`, w.Infohash[:], torrent)
		return err
	})
}

func publishable(ctx context.Context, tx tx, infohash [20]byte, limit int) error {
	w, err := work(ctx, tx, infohash)
	switch {
	case err == nil && w.Removed:
		return ledger.ErrWorkRemoved
	case err == nil:
		return ledger.ErrWorkExists
	case !errors.Is(err, ledger.ErrNoWork):
		return err
	}
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM work`).Scan(&n); err != nil {
		return err
	}
	if n >= limit {
		return ledger.ErrWorksFull
	}
	return nil
}

const workColumns = `infohash, name, length, piece_length, files, leaves, weak, common, publisher, published, removed`

// Work returns a work, also a removed one.
func (k *Keeper) Work(ctx context.Context, infohash [20]byte) (w ledger.Work, err error) {
	err = k.read(ctx, func(tx tx) error {
		w, err = work(ctx, tx, infohash)
		return err
	})
	return w, err
}

func work(ctx context.Context, tx tx, infohash [20]byte) (ledger.Work, error) {
	w, err := scanWork(tx.QueryRowContext(ctx, `SELECT `+workColumns+` FROM work WHERE infohash = $1`, infohash[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return ledger.Work{}, ledger.ErrNoWork
	}
	return w, err
}

func scanWork(row interface{ Scan(...any) error }) (w ledger.Work, err error) {
	var infohash, publisher []byte
	if err := row.Scan(&infohash, &w.Name, &w.Length, &w.PieceLength, &w.Files, &w.Leaves, &w.Weak, &w.Common, &publisher, &w.Published, &w.Removed); err != nil {
		return ledger.Work{}, err
	}
	w.Infohash, w.Publisher = [20]byte(infohash), [16]byte(publisher)
	return w, nil
}

// Works returns a page of the works that are not removed, the newest first.
func (k *Keeper) Works(ctx context.Context, p ledger.Page) (list []ledger.Work, err error) {
	where, args := ``, []any{p.Limit}
	if p.After != ([20]byte{}) {
		where = ` AND (published, infohash) < (SELECT published, infohash FROM work WHERE infohash = $2)`
		args = append(args, p.After[:])
	}
	err = k.read(ctx, func(tx tx) error {
		list = nil
		return each(ctx, tx, func(rows *sql.Rows) error {
			w, err := scanWork(rows)
			list = append(list, w)
			return err
		}, `SELECT `+workColumns+` FROM work WHERE removed = 0`+where+` ORDER BY published DESC, infohash DESC LIMIT $1`, args...)
	})
	return list, err
}

// Torrent returns the .torrent of a work that is not removed.
func (k *Keeper) Torrent(ctx context.Context, infohash [20]byte) (torrent []byte, err error) {
	err = k.read(ctx, func(tx tx) error {
		err := tx.QueryRowContext(ctx, `SELECT t.bytes FROM torrent t JOIN work w USING (infohash) WHERE w.infohash = $1 AND w.removed = 0`,
			infohash[:]).Scan(&torrent)
		if errors.Is(err, sql.ErrNoRows) {
			return ledger.ErrNoWork
		}
		return err
	})
	return torrent, err
}

// Remove takes a work off the list for ever.
func (k *Keeper) Remove(ctx context.Context, infohash [20]byte) error {
	return k.write(ctx, func(tx tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE work SET removed = 1 WHERE infohash = $1`, infohash[:])
		return err
	})
}
