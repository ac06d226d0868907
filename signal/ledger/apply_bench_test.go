package ledger_test

import (
	"crypto/sha256"
	"encoding/binary"
	"path/filepath"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/ledgertest"
	"fanseed/signal/ledger/postgres"
	"fanseed/signal/ledger/postgres/postgrestest"
	"fanseed/signal/ledger/sqlite"
	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

// BenchmarkApply measures what the books do for receipts whose signatures were verified: batches of 1,000, each receipt of another
// leecher's copy, committed to the disk.
func BenchmarkApply(b *testing.B) {
	for name, open := range map[string]func(testing.TB) ledgertest.Store{"sqlite": openSQLite, "postgres": openPostgres} {
		b.Run(name, func(b *testing.B) { applyBatches(b, open(b)) })
	}
}

func openSQLite(t testing.TB) ledgertest.Store {
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "books.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// receipts is how many a batch has.
const receipts = ledger.MaxReceipts

var seeder = leecher(receipts)

func applyBatches(b *testing.B, store ledgertest.Store) {
	crowd := ledger.Batch{Keys: []ledger.Key{{Public: seeder}}}
	for n := range uint32(receipts) {
		crowd.Keys = append(crowd.Keys, ledger.Key{Public: leecher(n)})
	}
	apply(b, store, crowd)
	for n := range uint32(b.N) {
		w := ledger.Work{Infohash: work(n), Name: "song", Length: 1 << 30, PieceLength: 1 << 14, Files: 1, Publisher: ticket.Account(seeder)}
		if err := store.Publish(ctx, w, []byte("torrent"), b.N); err != nil {
			b.Fatal(err)
		}
		apply(b, store, ledger.Batch{Tickets: ticketsOf(n)})
	}
	b.ResetTimer()
	for n := range uint32(b.N) {
		b.StopTimer()
		var batch ledger.Batch
		for _, t := range ticketsOf(n) {
			batch.Claims = append(batch.Claims, ledger.Claim{
				Account: ticket.Account(seeder), Receipt: receipt.Receipt{Serial: t.Serial, Amount: mib}, Genuine: true, Now: issued + 1000,
			})
		}
		b.StartTimer()
		for _, r := range apply(b, store, batch).Results {
			if r.Reason != receipt.Confirmed {
				b.Fatal(r.Reason)
			}
		}
		if n%4 == 3 || int(n) == b.N-1 {
			sequence(b, store)
		}
	}
	b.ReportMetric(float64(b.N*receipts)/b.Elapsed().Seconds(), "receipts/s")
}

// sequence writes what was settled into the public log: as a server does, not with each batch.
func sequence(b *testing.B, store ledgertest.Store) {
	if _, err := store.Sequence(ctx, 4*receipts); err != nil {
		b.Fatal(err)
	}
}

func apply(b *testing.B, store ledgertest.Store, batch ledger.Batch) ledger.Outcome {
	out, err := store.Apply(ctx, batch)
	if err != nil {
		b.Fatal(err)
	}
	return out
}

func leecher(n uint32) (key [32]byte) {
	binary.BigEndian.PutUint32(key[:], n+1)
	return key
}

func work(n uint32) (infohash [20]byte) {
	binary.BigEndian.PutUint32(infohash[:], n)
	return infohash
}

// ticketsOf are those for one work: one for each leecher.
func ticketsOf(n uint32) (list []ticket.Ticket) {
	for i := range uint32(receipts) {
		t := ticket.Ticket{
			Epoch: 1, Seeder: seeder, Leecher: leecher(i), Infohash: ticket.Infohash(work(n)),
			Limit: 64 * mib, Issued: issued, Expires: issued + 100_000, SettleBy: issued + 200_000,
		}
		serial := sha256.Sum256(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, n), i))
		copy(t.Serial[:], serial[:])
		list = append(list, t)
	}
	return list
}

func openPostgres(t testing.TB) ledgertest.Store {
	db, err := postgres.Open(ctx, postgrestest.New(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
