package books

import (
	"context"
	"database/sql"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
)

// audits keeps how audits of open epochs ended, and writes the failed ones into the public log.
func audits(ctx context.Context, tx tx, list []ledger.Audited) error {
	if len(list) == 0 {
		return nil
	}
	var accounts, works, ids set
	for _, a := range list {
		id := a.ID()
		ids.add(id[:])
		accounts.add(a.Account[:])
		works.add(a.Work[:])
	}
	there, err := whatIsThere(ctx, tx, accounts, works)
	if err != nil {
		return err
	}
	known, err := present(ctx, tx, `SELECT id FROM audit WHERE id IN ()`, ids)
	if err != nil {
		return err
	}
	kept := rows{columns: 7, head: `INSERT INTO audit (id, epoch, account, work, passed, why, time) VALUES`}
	var failed []log.Record
	for _, a := range list {
		if !there.has(a.Epoch, a.Account, a.Work) {
			continue
		}
		id := a.ID()
		if !known.add(id[:]) {
			continue
		}
		passed := 0
		if a.Passed {
			passed = 1
		} else {
			failed = append(failed, log.Audit{Time: a.Time, Account: a.Account, Infohash: a.Work, Asked: 1}.Record())
		}
		kept.add(id[:], int64(a.Epoch), a.Account[:], a.Work[:], passed, a.Why, int64(a.Time))
	}
	if err := kept.insert(ctx, tx); err != nil || len(failed) == 0 {
		return err
	}
	_, err = appendLog(ctx, tx, 0, failed...)
	return err
}

func (g *gather) failed(r *sql.Rows) error {
	var account []byte
	var f ledger.Failed
	if err := r.Scan(&account, &f.Times); err != nil {
		return err
	}
	g.accounts.add(account)
	f.Account = [16]byte(account)
	g.Failed = append(g.Failed, f)
	return nil
}
