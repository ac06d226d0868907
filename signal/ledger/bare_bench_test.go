package ledger_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"fanseed/signal/ledger/postgres/postgrestest"
)

// BenchmarkBare measures what is left when nothing is asked of the books: the same receipts in the same batches, inserted into one table
// without a key or a rule, committed to the disk.
func BenchmarkBare(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		bareBatches(b, "sqlite", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)", "BLOB")
	})
	b.Run("postgres", func(b *testing.B) { bareBatches(b, "pgx", postgrestest.New(b), "BYTEA") })
}

func bareBatches(b *testing.B, driver, source, blob string) {
	db, err := sql.Open(driver, source)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE bare (serial " + blob + ", amount BIGINT, signature " + blob + ")"); err != nil {
		b.Fatal(err)
	}
	const part = 100 // rows of a statement; a multiple of it is a batch
	list := make([]string, part)
	for i := range list {
		list[i] = fmt.Sprintf("($%d, $%d, $%d)", 3*i+1, 3*i+2, 3*i+3)
	}
	statement := "INSERT INTO bare VALUES " + strings.Join(list, ", ")
	tickets, signature := ticketsOf(0), make([]byte, 64)
	b.ResetTimer()
	for range b.N {
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		for first := 0; first < receipts; first += part {
			var args []any
			for _, t := range tickets[first : first+part] {
				args = append(args, t.Serial[:], int64(mib), signature)
			}
			if _, err := tx.Exec(statement, args...); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*receipts)/b.Elapsed().Seconds(), "receipts/s")
}
