package books

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
)

// span is how many records are checked at once: whole bundles.
const span = 16 * log.Width

// replay builds the log again from its records.
type replay struct {
	tx
	progress
	edge map[place][]byte // tiles that are not full
	full int              // how many are

	stakes int // boosts and pools that it has
	epochs int // records of epochs that it has
}

type place struct {
	level  int
	number int64
}

// checkLog builds the log again and compares it with what is kept: its receipts must be the increases and its deposits those that were
// made, in order, up to the last ones that it says it has, and its tiles, leaves and tree what they make.
func checkLog(ctx context.Context, tx tx) error {
	kept, err := readProgress(ctx, tx)
	if err != nil {
		return err
	}
	r := &replay{tx: tx, progress: progress{Tree: log.Empty}, edge: map[place][]byte{}}
	for r.N < kept.N {
		if err := r.next(ctx, min(span, kept.N-r.N)); err != nil {
			return err
		}
	}
	if r.progress != kept {
		return differs("its tree, or the last rows that it has, are others")
	}
	if err := errors.Join(r.checkStakes(ctx), r.checkEpochs(ctx)); err != nil {
		return err
	}
	return r.checkEnds(ctx)
}

func differs(format string, args ...any) error {
	return fmt.Errorf("%w: the public log: %s", ledger.ErrCorrupt, fmt.Sprintf(format, args...))
}

// next checks the n records that follow. Before them are whole bundles.
func (r *replay) next(ctx context.Context, n int64) error {
	encoded, err := r.records(ctx, n)
	if err != nil {
		return err
	}
	if err := r.compare(ctx, encoded); err != nil {
		return err
	}
	a, err := log.Append(ctx, r, r.Tree, encoded)
	if err != nil {
		return corrupt(err)
	}
	if err := r.checkLeaves(ctx, a.Leaves); err != nil {
		return err
	}
	r.Tree = a.Tree
	return r.checkTiles(ctx, a.Tiles)
}

func (r *replay) records(ctx context.Context, n int64) (list [][]byte, err error) {
	for n > int64(len(list)) {
		at := (r.N + int64(len(list))) / log.Width
		data, err := tiles{r.tx}.ReadTile(ctx, log.Entries, at)
		if err != nil {
			return nil, err
		}
		records, err := log.ParseBundle(data, int(min(log.Width, n-int64(len(list)))))
		if err != nil {
			return nil, differs("bundle %d: %v", at, err)
		}
		list = append(list, records...)
	}
	return list, nil
}

// compare compares records with what they are of.
func (r *replay) compare(ctx context.Context, encoded [][]byte) error {
	of := map[log.Kind][][]byte{}
	for i, b := range encoded {
		record, err := log.ParseRecord(b)
		if err != nil {
			return differs("record %d: %v", r.N+int64(i), err)
		}
		of[record.Kind()] = append(of[record.Kind()], b)
	}
	for kind, take := range map[log.Kind]func(context.Context, tx, int) ([]log.Record, error){
		log.KindDeposit: r.takeDeposits, log.KindReceipt: r.takeIncreases,
	} {
		want, err := take(ctx, r.tx, len(of[kind]))
		if err != nil {
			return err
		}
		if len(want) != len(of[kind]) {
			return differs("%d of the %d records from %d on are %ss that there are not", len(of[kind])-len(want), len(encoded), r.N, kind)
		}
		for i, record := range want {
			if !bytes.Equal(record.Append(nil), of[kind][i]) {
				return differs("a %s after record %d is not the one that was kept", kind, r.N)
			}
		}
	}
	r.stakes += len(of[log.KindBoost]) + len(of[log.KindPool])
	return r.checkTables(ctx, of[log.KindEpoch])
}

// checkStakes looks for every boost and pool: they are written into the log with what they lock.
func (r *replay) checkStakes(ctx context.Context) error {
	var leaves set
	add := func(record log.Record) {
		leaf := record.Leaf()
		leaves.add(leaf[:])
	}
	err := each(ctx, r.tx, func(rows *sql.Rows) error {
		b, err := scanBoost(rows)
		add(b.Record())
		return err
	}, `SELECT `+boostColumns+` FROM boost`)
	if err != nil {
		return err
	}
	err = each(ctx, r.tx, func(rows *sql.Rows) error {
		p, err := scanPool(rows)
		add(p.Record())
		return err
	}, `SELECT `+poolColumns+` FROM pool`)
	if err != nil {
		return err
	}
	logged, err := present(ctx, r.tx, `SELECT hash FROM log_leaf WHERE hash IN ()`, leaves)
	if err == nil && (len(logged.keys) != len(leaves.keys) || r.stakes != len(leaves.keys)) {
		return differs("it has %d boosts and pools, of them %d of the %d that there are", r.stakes, len(logged.keys), len(leaves.keys))
	}
	return err
}

// checkEpochs counts: each record that there is was compared with the epoch's.
func (r *replay) checkEpochs(ctx context.Context) error {
	var n int
	err := r.QueryRowContext(ctx, `SELECT count(*) FROM epoch`).Scan(&n)
	if err == nil && n != r.epochs {
		return differs("it has %d of the %d epochs", r.epochs, n)
	}
	return err
}

// checkTables compares records of epochs, and the tables that they name.
func (r *replay) checkTables(ctx context.Context, epochs [][]byte) error {
	for _, b := range epochs {
		record, _ := log.ParseRecord(b) // it was parsed before
		e, err := log.ParseEpoch(record)
		if err != nil {
			return differs("%v", err)
		}
		r.epochs++
		var there bool
		err = r.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM epoch WHERE number = $1 AND record = $2)`, int64(e.Number), b).Scan(&there)
		if err != nil {
			return err
		}
		if !there {
			return differs("the record of epoch %d is not the one that was kept", e.Number)
		}
		for _, named := range []log.Table{e.Inputs, e.Payouts} {
			var kept []byte
			err := r.QueryRowContext(ctx, `SELECT bytes FROM log_table WHERE hash = $1`, named.Hash[:]).Scan(&kept)
			if err != nil && err != sql.ErrNoRows {
				return err
			}
			if log.TableOf(kept) != named {
				return differs("a table of epoch %d is not the one that was kept", e.Number)
			}
		}
	}
	return nil
}

// checkLeaves looks for the leaves of the records that follow.
func (r *replay) checkLeaves(ctx context.Context, leaves []log.Hash) error {
	var wanted set
	for i := range leaves {
		wanted.add(leaves[i][:])
	}
	found := map[log.Hash]int64{}
	err := eachOf(ctx, r.tx, func(rows *sql.Rows) error {
		var hash []byte
		var n int64
		err := rows.Scan(&hash, &n)
		if err == nil {
			found[log.Hash(hash)] = n
		}
		return err
	}, `SELECT hash, number FROM log_leaf WHERE hash IN ()`, wanted)
	for i, leaf := range leaves {
		if n, is := found[leaf]; err == nil && (!is || n > r.N+int64(i)) { // the same record may have been there before
			return differs("record %d is not found by its leaf", r.N+int64(i))
		}
	}
	return err
}

// checkTiles compares tiles, as far as they were made, and keeps those that grow.
func (r *replay) checkTiles(ctx context.Context, made []log.Tile) error {
	for _, t := range made {
		kept, err := tiles{r.tx}.ReadTile(ctx, t.Level, t.N)
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(kept, t.Data) {
			return differs("tile %d of level %d was changed", t.N, t.Level)
		}
		at, above := place{t.Level, t.N}, max(t.Level, 0)+1 // a bundle is as wide as the tile over it
		r.edge[at] = t.Data
		if r.N>>(log.Height*above) > t.N {
			r.full++
			delete(r.edge, at)
		}
	}
	return nil
}

// checkEnds looks for what is behind the tree's end.
func (r *replay) checkEnds(ctx context.Context) error {
	for at, data := range r.edge {
		kept, err := tiles{r.tx}.ReadTile(ctx, at.level, at.number)
		if err != nil {
			return err
		}
		if len(kept) != len(data) {
			return differs("tile %d of level %d is wider than the tree", at.number, at.level)
		}
	}
	var n, beyond int
	err := r.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM log_tile), (SELECT count(*) FROM log_leaf WHERE number >= $1)`, r.N).Scan(&n, &beyond)
	if err == nil && (n != r.full+len(r.edge) || beyond > 0) {
		return differs("there are tiles or leaves behind its end")
	}
	return err
}

// ReadTile returns what was made of a tile that is not full: it is a log.Store for log.Append.
func (r *replay) ReadTile(_ context.Context, level int, n int64) ([]byte, error) {
	return r.edge[place{level, n}], nil
}
