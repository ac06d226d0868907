package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

// Once keeps value under name if nothing is, and returns what then is.
func (d *DB) Once(ctx context.Context, name, value string) (kept string, err error) {
	err = d.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING`, name, value); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT value FROM setting WHERE name = ?`, name).Scan(&kept)
	})
	return kept, err
}

// Apply stores a batch in one transaction.
func (d *DB) Apply(ctx context.Context, b ledger.Batch) (out ledger.Outcome, err error) {
	err = d.write(ctx, func(tx *sql.Tx) error {
		out = ledger.Outcome{}
		if err := register(ctx, tx, b.Keys); err != nil {
			return err
		}
		if out.Issued, err = issue(ctx, tx, b.Tickets); err != nil {
			return err
		}
		out.Results, err = settle(ctx, tx, b.Claims)
		return err
	})
	if err != nil {
		return ledger.Outcome{}, err
	}
	return out, nil
}

func register(ctx context.Context, tx *sql.Tx, keys []ledger.Key) error {
	for _, k := range keys {
		account := ticket.Account(k.Public)
		_, err := tx.ExecContext(ctx, `INSERT INTO person (account, public_key, registered) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
			account[:], k.Public[:], int64(k.Now))
		if err != nil {
			return err
		}
	}
	return nil
}

// A ticket finds its seeder, leecher and work, or is not inserted.
const insertTicket = `
INSERT INTO ticket (serial, epoch, seeder, leecher, work, channel, byte_limit, issued, expires, settle_by, flags, signature)
SELECT ?, ?, s.account, l.account, w.infohash, ?, ?, ?, ?, ?, ?, ?
FROM person s, person l, work w
WHERE s.public_key = ? AND l.public_key = ? AND w.ticket_hash = ? AND w.removed = 0
ON CONFLICT (serial) DO NOTHING`

func issue(ctx context.Context, tx *sql.Tx, tickets []ticket.Ticket) ([]error, error) {
	if len(tickets) == 0 {
		return nil, nil
	}
	insert, err := tx.PrepareContext(ctx, insertTicket)
	if err != nil {
		return nil, err
	}
	defer insert.Close()
	issued := make([]error, len(tickets))
	for i, t := range tickets {
		done, err := insert.ExecContext(ctx, t.Serial[:], int64(t.Epoch), t.Channel[:], int64(t.Limit), int64(t.Issued),
			int64(t.Expires), int64(t.SettleBy), int64(t.Flags), t.Signature[:], t.Seeder[:], t.Leecher[:], t.Infohash[:])
		if err != nil {
			return nil, err
		}
		if n, err := done.RowsAffected(); err != nil {
			return nil, err
		} else if n == 0 {
			issued[i] = ledger.ErrTicket
		}
	}
	return issued, nil
}

const selectStanding = `
SELECT t.id, t.seeder, t.epoch, t.byte_limit, t.issued, t.settle_by, w.length,
       coalesce(i.amount, 0), coalesce(i.reason, ''), coalesce(c.bytes, 0)
FROM ticket t
JOIN work w ON w.infohash = t.work
LEFT JOIN copy c ON c.leecher = t.leecher AND c.work = t.work
LEFT JOIN increase i ON i.ticket = t.id AND i.amount = (SELECT max(amount) FROM increase WHERE ticket = t.id)
WHERE t.serial = ?`

const insertIncrease = `
INSERT INTO increase (ticket, amount, credited, epoch, reason, signature, time) VALUES (?, ?, ?, ?, ?, ?, ?)`

// settlement judges claims within a transaction.
type settlement struct {
	standing, increase *sql.Stmt
	open               uint32 // the first epoch that is not closed
	refused            refusals
}

func settle(ctx context.Context, tx *sql.Tx, claims []ledger.Claim) ([]receipt.Result, error) {
	if len(claims) == 0 {
		return nil, nil
	}
	var s settlement
	var err error
	if s.open, err = firstOpen(ctx, tx); err != nil {
		return nil, err
	}
	if s.standing, err = tx.PrepareContext(ctx, selectStanding); err != nil {
		return nil, err
	}
	defer s.standing.Close()
	if s.increase, err = tx.PrepareContext(ctx, insertIncrease); err != nil {
		return nil, err
	}
	defer s.increase.Close()
	results := make([]receipt.Result, len(claims))
	for i, c := range claims {
		if results[i], err = s.judge(ctx, c); err != nil {
			return nil, err
		}
	}
	return results, s.refused.keep(ctx, tx)
}

func (s *settlement) judge(ctx context.Context, c ledger.Claim) (receipt.Result, error) {
	id, epoch, standing, err := s.look(ctx, c.Receipt.Serial)
	if err != nil {
		return receipt.Result{}, err
	}
	v := ledger.Judge(c, standing)
	if v.Advance {
		_, err = s.increase.ExecContext(ctx, id, int64(v.Amount), int64(v.Credit), int64(max(epoch, s.open)), string(v.Reason),
			c.Receipt.Signature[:], int64(c.Now))
	} else if !v.Reason.Accepted() {
		s.refused.add(c, v.Reason)
	}
	return v.Result, err
}

func (s *settlement) look(ctx context.Context, serial [16]byte) (id int64, epoch uint32, st ledger.Standing, err error) {
	var seeder []byte
	err = s.standing.QueryRowContext(ctx, serial[:]).Scan(&id, &seeder, &epoch, &st.Limit, &st.Issued, &st.SettleBy, &st.Length,
		&st.Settled, &st.Reason, &st.Copied)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, ledger.Standing{}, nil
	}
	st.Known = copy(st.Seeder[:], seeder) == len(st.Seeder)
	return id, epoch, st, err
}
