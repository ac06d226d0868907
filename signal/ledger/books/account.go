package books

import (
	"context"
	"database/sql"
	"errors"

	"fanseed/signal/ledger"
)

// Registered reports whether a public key is an account.
func (k *Keeper) Registered(ctx context.Context, publicKey [32]byte) (known bool, err error) {
	err = k.read(ctx, func(tx tx) error {
		return tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM person WHERE public_key = $1)`, publicKey[:]).Scan(&known)
	})
	return known, err
}

// Signers returns one Signer for each serial.
func (k *Keeper) Signers(ctx context.Context, serials [][16]byte) ([]ledger.Signer, error) {
	var wanted set
	for _, serial := range serials {
		wanted.add(serial[:])
	}
	known := make(map[[16]byte]ledger.Signer, len(serials))
	err := k.read(ctx, func(tx tx) error {
		return eachOf(ctx, tx, func(r *sql.Rows) error {
			var serial, seeder, leecher []byte
			if err := r.Scan(&serial, &seeder, &leecher); err != nil {
				return err
			}
			known[[16]byte(serial)] = ledger.Signer{Known: true, Seeder: [16]byte(seeder), Leecher: [32]byte(leecher)}
			return nil
		}, `SELECT t.serial, t.seeder, l.public_key FROM ticket t JOIN person l ON l.account = t.leecher WHERE t.serial IN ()`, wanted)
	})
	signers := make([]ledger.Signer, len(serials))
	for i, serial := range serials {
		signers[i] = known[serial]
	}
	return signers, err
}

// Credited returns the bytes credited so far for a leecher's copy.
func (k *Keeper) Credited(ctx context.Context, leecher, infohash [32]byte) (bytes uint64, err error) {
	err = k.read(ctx, func(tx tx) error {
		return tx.QueryRowContext(ctx, `SELECT CAST(coalesce(sum(c.bytes), 0) AS BIGINT) FROM copy c
			JOIN person p ON p.account = c.leecher JOIN work w ON w.infohash = c.work
			WHERE p.public_key = $1 AND w.ticket_hash = $2`, leecher[:], infohash[:]).Scan(&bytes)
	})
	return bytes, err
}

// Books returns what is kept about an account.
func (k *Keeper) Books(ctx context.Context, account [16]byte, lines int) (b ledger.Books, err error) {
	err = k.read(ctx, func(tx tx) error {
		b = ledger.Books{}
		for _, of := range []struct {
			amount  *int64
			account string
		}{{&b.Held, ledger.Earned(account)}, {&b.Payable, ledger.Payable(account)}, {&b.Promo, ledger.Promo(account)}} {
			if *of.amount, err = balance(ctx, tx, of.account); err != nil {
				return err
			}
		}
		err := tx.QueryRowContext(ctx, `SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM credit WHERE seeder = $1`, account[:]).Scan(&b.Bytes)
		if err != nil {
			return err
		}
		if b.Lines, err = payLines(ctx, tx, account, lines); err != nil {
			return err
		}
		err = each(ctx, tx, func(r *sql.Rows) error {
			h, err := scanHolding(r)
			b.Holdings = append(b.Holdings, h)
			return err
		}, `SELECT account, epoch, due, amount FROM holding WHERE matured = 0 AND account = $1 ORDER BY due, epoch`, account[:])
		if err != nil {
			return err
		}
		b.Refused, err = refusedReceipts(ctx, tx, account)
		return err
	})
	return b, err
}

// payLines returns the lines of the newest epochs: at least so many where there are as many.
func payLines(ctx context.Context, tx tx, account [16]byte, lines int) (list []ledger.Line, err error) {
	var oldest uint32
	err = tx.QueryRowContext(ctx, `SELECT epoch FROM pay WHERE account = $1 ORDER BY epoch DESC LIMIT 1 OFFSET $2`, account[:], lines-1).Scan(&oldest)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	return list, each(ctx, tx, func(rows *sql.Rows) error {
		l := ledger.Line{Paid: true}
		l.Account = account
		var work, source []byte
		if err := rows.Scan(&l.Epoch, &l.Kind, &work, &source, &l.Basis, &l.Counted, &l.Weight, &l.Amount, &l.Reason, &l.Name); err != nil {
			return err
		}
		l.Work, l.From = [20]byte(work), [16]byte(source)
		list = append(list, l)
		return nil
	}, `SELECT p.epoch, p.kind, p.work, p.source, p.basis, p.counted, p.weight, p.amount, p.reason, coalesce(w.name, '')
		FROM pay p LEFT JOIN work w ON w.infohash = p.work
		WHERE p.account = $1 AND p.epoch >= $2 ORDER BY p.epoch DESC, p.kind, p.work, p.source`, account[:], int64(oldest))
}

func refusedReceipts(ctx context.Context, tx tx, account [16]byte) (list []ledger.Refused, err error) {
	err = each(ctx, tx, func(rows *sql.Rows) error {
		var r ledger.Refused
		var serial, infohash []byte
		if err := rows.Scan(&serial, &infohash, &r.Amount, &r.Reason, &r.Time); err != nil {
			return err
		}
		copy(r.Infohash[:], infohash)
		r.Serial = [16]byte(serial)
		list = append(list, r)
		return nil
	}, `SELECT r.serial, t.work, r.amount, r.reason, r.time FROM refused r
		LEFT JOIN ticket t ON t.serial = r.serial AND t.seeder = r.account
		WHERE r.account = $1 ORDER BY r.id DESC`, account[:])
	return list, err
}
