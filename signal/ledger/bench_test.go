package ledger_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

// BenchmarkSettle measures whole settlements, signatures and disk included, of
// many seeders that each send batches of one size.
func BenchmarkSettle(b *testing.B) {
	for _, callers := range []int{1, 16} {
		for _, size := range []int{1, 10, 100, 1000} {
			b.Run(fmt.Sprintf("callers=%d/batch=%d", callers, size), func(b *testing.B) { settleBatches(b, callers, size) })
		}
	}
}

func settleBatches(b *testing.B, callers, size int) {
	l, db := open(b)
	prepare(b, l, db)
	batches := make(chan []receipt.Receipt, b.N)
	serial := uint64(0)
	for range b.N {
		var tickets []ticket.Ticket
		var batch []receipt.Receipt
		for range size {
			serial++
			t := newTicket(l, serial)
			tickets, batch = append(tickets, t), append(batch, sign("bert", t.Serial, 1000))
		}
		if err := l.Issue(ctx, tickets, make([][2]string, len(tickets))); err != nil {
			b.Fatal(err)
		}
		batches <- batch
	}
	close(batches)
	b.ResetTimer()
	var wait sync.WaitGroup
	for range callers {
		wait.Go(func() {
			for batch := range batches {
				if _, err := l.Settle(ctx, account("anna"), batch, began.Add(time.Second)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "receipts/s")
}
