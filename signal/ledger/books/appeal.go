package books

import (
	"context"
	"database/sql"
	"errors"
	"math"

	"fanseed/signal/ledger"
)

const appealColumns = `a.id, a.account, a.kind, a.epoch, a.work, a.source, a.serial, coalesce(w.name, ''), a.basis, a.credits, a.reason, a.note,
	a.written, a.time, a.answer, a.answered`

// Appeal keeps what an account writes about a line or a refused receipt of its own.
func (k *Keeper) Appeal(ctx context.Context, a ledger.Appeal) (kept ledger.Appeal, err error) {
	if err := ledger.CheckNote(a.Note); err != nil {
		return kept, err
	}
	err = k.write(ctx, func(tx tx) error {
		about, err := subject(ctx, tx, a)
		if err != nil {
			return err
		}
		kept, err = scanAppeal(tx.QueryRowContext(ctx, `SELECT `+appealColumns+` FROM appeal a LEFT JOIN work w ON w.infohash = a.work
			WHERE a.account = $1 AND a.kind = $2 AND a.epoch = $3 AND a.work = $4 AND a.source = $5 AND a.serial = $6`,
			a.Account[:], string(about.Kind), int64(about.Subject.Epoch), about.Work[:], about.Source[:], about.Serial[:]))
		switch {
		case err == nil && kept.Note != a.Note:
			return ledger.ErrWritten
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		kept = about
		return insertAppeal(ctx, tx, &kept)
	})
	return kept, err
}

// subject returns an appeal with how its line or receipt is.
func subject(ctx context.Context, tx tx, a ledger.Appeal) (ledger.Appeal, error) {
	var err error
	if a.Kind != "" {
		a.Serial = [16]byte{}
		err = tx.QueryRowContext(ctx, `SELECT p.basis, p.amount, p.reason, coalesce(w.name, '') FROM pay p LEFT JOIN work w ON w.infohash = p.work
			WHERE p.account = $1 AND p.epoch = $2 AND p.kind = $3 AND p.work = $4 AND p.source = $5`,
			a.Account[:], int64(a.Epoch), string(a.Kind), a.Work[:], a.Source[:]).Scan(&a.Basis, &a.Credits, &a.Reason, &a.Name)
	} else {
		var work []byte
		a.Epoch, a.Work, a.Source, a.Credits = 0, [20]byte{}, [16]byte{}, 0
		err = tx.QueryRowContext(ctx, `SELECT r.amount, r.reason, t.work, coalesce(w.name, '') FROM refused r
			LEFT JOIN ticket t ON t.serial = r.serial AND t.seeder = r.account LEFT JOIN work w ON w.infohash = t.work
			WHERE r.account = $1 AND r.serial = $2 ORDER BY r.id DESC LIMIT 1`, a.Account[:], a.Serial[:]).Scan(&a.Basis, &a.Reason, &work, &a.Name)
		copy(a.Work[:], work)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return a, ledger.ErrNoLine
	}
	return a, err
}

func insertAppeal(ctx context.Context, tx tx, a *ledger.Appeal) error {
	var written int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM appeal WHERE account = $1 AND written = $2`, a.Account[:], int64(a.Written)).Scan(&written)
	if err != nil {
		return err
	}
	if written >= ledger.MaxAppeals {
		return ledger.ErrAppeals
	}
	return tx.QueryRowContext(ctx, `INSERT INTO appeal (account, kind, epoch, work, source, serial, basis, credits, reason, note, written, time)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
		a.Account[:], string(a.Kind), int64(a.Epoch), a.Work[:], a.Source[:], a.Serial[:], int64(a.Basis), int64(a.Credits), string(a.Reason),
		a.Note, int64(a.Written), int64(a.Time)).Scan(&a.ID)
}

func scanAppeal(r row) (a ledger.Appeal, err error) {
	var account, work, source, serial []byte
	err = r.Scan(&a.ID, &account, &a.Kind, &a.Epoch, &work, &source, &serial, &a.Name, &a.Basis, &a.Credits, &a.Reason, &a.Note,
		&a.Written, &a.Time, &a.Answer, &a.Answered)
	if err != nil {
		return a, err
	}
	a.Account, a.Work, a.Source, a.Serial = [16]byte(account), [20]byte(work), [16]byte(source), [16]byte(serial)
	return a, nil
}

// Appeals returns what was written to the operator, the newest first.
func (k *Keeper) Appeals(ctx context.Context, q ledger.AppealQuery) (list []ledger.Appeal, err error) {
	query, args := `SELECT `+appealColumns+` FROM appeal a LEFT JOIN work w ON w.infohash = a.work WHERE a.id < $1`, []any{int64(math.MaxInt64), int64(q.Most)}
	if q.Before > 0 {
		args[0] = q.Before
	}
	if q.Open {
		query += ` AND a.answered = 0`
	}
	if q.Account != ([16]byte{}) {
		query += ` AND a.account = $3`
		args = append(args, q.Account[:])
	}
	err = k.read(ctx, func(tx tx) error {
		list = nil
		return each(ctx, tx, func(r *sql.Rows) error {
			a, err := scanAppeal(r)
			list = append(list, a)
			return err
		}, query+` ORDER BY a.id DESC LIMIT $2`, args...)
	})
	return list, err
}

// Answer keeps the operator's answer.
func (k *Keeper) Answer(ctx context.Context, id int64, text string, now uint64) error {
	if err := ledger.CheckNote(text); err != nil {
		return err
	}
	return k.write(ctx, func(tx tx) error {
		var kept string
		err := tx.QueryRowContext(ctx, `SELECT answer FROM appeal WHERE id = $1`, id).Scan(&kept)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ledger.ErrNoAppeal
		case err != nil || kept == text:
			return err
		case kept != "":
			return ledger.ErrWritten
		}
		_, err = tx.ExecContext(ctx, `UPDATE appeal SET answer = $1, answered = $2 WHERE id = $3`, text, int64(now), id)
		return err
	})
}
