package books

import (
	"context"
	"fmt"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
)

// refusals gathers the refused claims of a batch: for each account no more than will be kept.
type refusals struct {
	order []drawer
	of    map[drawer][]refusal
}

// drawer is where refusals push out older ones: those of an account's own tickets stay when somebody sends receipts of unknown ones in
// its name.
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

// keep inserts the newest refusals of registered accounts and deletes what they push out.
func (r *refusals) keep(ctx context.Context, tx tx) error {
	var accounts set
	for _, d := range r.order {
		accounts.add(d.account[:])
	}
	registered, err := present(ctx, tx, `SELECT account FROM person WHERE account IN ()`, accounts)
	if err != nil {
		return err
	}
	kept := rows{columns: 6, head: `INSERT INTO refused (account, known, serial, amount, reason, time) VALUES`}
	for _, d := range r.order {
		if !registered.has[string(d.account[:])] {
			continue
		}
		list := r.of[d]
		for _, f := range list[max(0, len(list)-d.size()):] {
			kept.add(d.account[:], integer(d.known), f.claim.Receipt.Serial[:], int64(min(f.claim.Receipt.Amount, ledger.MaxAmount)),
				string(f.reason), int64(f.claim.Now))
		}
	}
	if err := kept.insert(ctx, tx); err != nil {
		return err
	}
	return inParts(tx, pushOut, registered, func(part string, accounts []any) error {
		_, err := tx.ExecContext(ctx, part, accounts...)
		return err
	})
}

// pushOut deletes what some accounts have beyond what is kept for them.
var pushOut = fmt.Sprintf(`DELETE FROM refused WHERE id IN (SELECT id FROM
	(SELECT id, known, row_number() OVER (PARTITION BY account, known ORDER BY id DESC) AS nth FROM refused WHERE account IN ()) AS r
	WHERE nth > CASE known WHEN 1 THEN %d ELSE %d END)`, ledger.KeepRefused, ledger.KeepUnknown)
