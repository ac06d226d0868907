package books

import (
	"context"
	"database/sql"

	"fanseed/signal/ledger"
	"fanseed/signal/ticket"
)

// issue keeps those tickets that find their seeder, leecher and work, and whose serial is new.
func issue(ctx context.Context, tx tx, tickets []ticket.Ticket) ([]error, error) {
	if len(tickets) == 0 {
		return nil, nil
	}
	there, err := references(ctx, tx, tickets)
	if err != nil {
		return nil, err
	}
	kept := rows{columns: 12, head: `INSERT INTO ticket (serial, epoch, seeder, leecher, work, channel, byte_limit,
		issued, expires, settle_by, flags, signature) VALUES`}
	issued := make([]error, len(tickets))
	for i, t := range tickets {
		work, listed := there.works[t.Infohash]
		if !listed || !there.people.has[string(t.Seeder[:])] || !there.people.has[string(t.Leecher[:])] || !there.serials.add(t.Serial[:]) {
			issued[i] = ledger.ErrTicket
			continue
		}
		seeder, leecher := ticket.Account(t.Seeder), ticket.Account(t.Leecher)
		kept.add(t.Serial[:], int64(t.Epoch), seeder[:], leecher[:], work, t.Channel[:], int64(t.Limit),
			int64(t.Issued), int64(t.Expires), int64(t.SettleBy), int64(t.Flags), t.Signature[:])
	}
	return issued, kept.insert(ctx, tx)
}

// referred is what tickets refer to and is there.
type referred struct {
	people  set                 // registered public keys
	works   map[[32]byte][]byte // the infohashes of listed works, by what tickets call them
	serials set                 // used
}

func references(ctx context.Context, tx tx, tickets []ticket.Ticket) (there referred, err error) {
	var people, works, serials set
	for _, t := range tickets {
		people.add(t.Seeder[:])
		people.add(t.Leecher[:])
		works.add(t.Infohash[:])
		serials.add(t.Serial[:])
	}
	if there.people, err = present(ctx, tx, `SELECT public_key FROM person WHERE public_key IN ()`, people); err != nil {
		return there, err
	}
	if there.serials, err = present(ctx, tx, `SELECT serial FROM ticket WHERE serial IN ()`, serials); err != nil {
		return there, err
	}
	there.works = map[[32]byte][]byte{}
	return there, eachOf(ctx, tx, func(r *sql.Rows) error {
		var hash, infohash []byte
		if err := r.Scan(&hash, &infohash); err != nil {
			return err
		}
		there.works[[32]byte(hash)] = infohash
		return nil
	}, `SELECT ticket_hash, infohash FROM work WHERE removed = 0 AND ticket_hash IN ()`, works)
}

// present returns those of keys that a query for one column finds.
func present(ctx context.Context, tx tx, query string, keys set) (found set, err error) {
	err = eachOf(ctx, tx, func(r *sql.Rows) error {
		var key []byte
		err := r.Scan(&key)
		found.add(key)
		return err
	}, query, keys)
	return found, err
}
