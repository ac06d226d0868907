package sqlite

import (
	"context"
	"database/sql"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
)

// refusals gathers the refused claims of a batch: for each account no more than
// will be kept.
type refusals struct {
	order []drawer
	of    map[drawer][]refusal
}

// drawer is where refusals push out older ones: those of an account's own tickets
// stay when somebody sends receipts of unknown ones in its name.
type drawer struct {
	account [16]byte
	known   bool
}

type refusal struct {
	claim  ledger.Claim
	reason receipt.Reason
}

func (d drawer) size() int {
	if d.known {
		return ledger.KeepRefused
	}
	return ledger.KeepUnknown
}

func (r *refusals) add(c ledger.Claim, why receipt.Reason) {
	d := drawer{c.Account, why != receipt.UnknownTicket}
	if r.of == nil {
		r.of = map[drawer][]refusal{}
	}
	if _, seen := r.of[d]; !seen {
		r.order = append(r.order, d)
	}
	r.of[d] = append(r.of[d], refusal{c, why})
}

// keep inserts the newest refusals of registered accounts and deletes what they
// push out.
func (r *refusals) keep(ctx context.Context, tx *sql.Tx) error {
	for _, d := range r.order {
		list := r.of[d]
		for _, f := range list[max(0, len(list)-d.size()):] {
			_, err := tx.ExecContext(ctx, `INSERT INTO refused (account, known, serial, amount, reason, time)
				SELECT account, ?, ?, ?, ?, ? FROM person WHERE account = ?`,
				d.known, f.claim.Receipt.Serial[:], int64(min(f.claim.Receipt.Amount, ledger.MaxAmount)), string(f.reason), int64(f.claim.Now), d.account[:])
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM refused WHERE account = ? AND known = ? AND id <=
			(SELECT id FROM refused WHERE account = ? AND known = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
			d.account[:], d.known, d.account[:], d.known, d.size())
		if err != nil {
			return err
		}
	}
	return nil
}
