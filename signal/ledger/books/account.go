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
		if b.Earned, err = balance(ctx, tx, ledger.Earned(account)); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, `SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM credit WHERE seeder = $1`, account[:]).Scan(&b.Bytes)
		if err != nil {
			return err
		}
		oldest, err := oldestShown(ctx, tx, account, lines)
		if err != nil {
			return err
		}
		if b.Served, err = servedWorks(ctx, tx, account, oldest); err != nil {
			return err
		}
		if b.Closed, err = closedEpochs(ctx, tx, account, oldest); err != nil {
			return err
		}
		b.Refused, err = refusedReceipts(ctx, tx, account)
		return err
	})
	return b, err
}

// oldestShown returns the epoch in which the line of that number is, counted from
// the newest, but no later than the first open one.
func oldestShown(ctx context.Context, tx tx, account [16]byte, lines int) (uint32, error) {
	open, err := firstOpen(ctx, tx)
	if err != nil {
		return 0, err
	}
	var oldest uint32
	err = tx.QueryRowContext(ctx, `SELECT epoch FROM credit WHERE seeder = $1 GROUP BY epoch, work ORDER BY epoch DESC LIMIT 1 OFFSET $2`,
		account[:], lines-1).Scan(&oldest)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return min(oldest, open), err
}

func servedWorks(ctx context.Context, tx tx, account [16]byte, oldest uint32) (list []ledger.Served, err error) {
	err = each(ctx, tx, func(rows *sql.Rows) error {
		var s ledger.Served
		var infohash []byte
		if err := rows.Scan(&infohash, &s.Name, &s.Epoch, &s.Bytes, &s.Capped); err != nil {
			return err
		}
		s.Infohash = [20]byte(infohash)
		list = append(list, s)
		return nil
	}, `SELECT w.infohash, w.name, c.epoch, CAST(sum(c.bytes) AS BIGINT), max(c.capped) FROM credit c JOIN work w ON w.infohash = c.work
		WHERE c.seeder = $1 AND c.epoch >= $2 GROUP BY c.epoch, w.infohash ORDER BY c.epoch DESC, w.infohash`, account[:], int64(oldest))
	return list, err
}

func closedEpochs(ctx context.Context, tx tx, account [16]byte, oldest uint32) (list []ledger.Closed, err error) {
	err = each(ctx, tx, func(rows *sql.Rows) error {
		var c ledger.Closed
		err := rows.Scan(&c.Epoch, &c.Rate, &c.Paid)
		list = append(list, c)
		return err
	}, `SELECT e.number, e.rate, coalesce(p.amount, 0) FROM epoch e
		LEFT JOIN transfer t ON t.key = 'epoch:' || CAST(e.number AS TEXT)
		LEFT JOIN entry p ON p.transfer = t.id AND p.account = $1
		WHERE e.number IN (SELECT epoch FROM credit WHERE seeder = $2 AND epoch >= $3) ORDER BY e.number DESC`,
		ledger.Earned(account), account[:], int64(oldest))
	return list, err
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
