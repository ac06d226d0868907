package ledger

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"runtime"
	"sync"

	"fanseed/signal/receipt"
)

// claims verifies the receipts' signatures, so that the database, in which only
// one can write at a time, never waits for arithmetic. Tickets never change: what
// was verified against one stays true.
func (l *Ledger) claims(ctx context.Context, account [16]byte, receipts []receipt.Receipt, now uint64) ([]Claim, error) {
	serials := make([][16]byte, len(receipts))
	for i, r := range receipts {
		serials[i] = r.Serial
	}
	signers, err := l.books.Signers(ctx, serials)
	if err != nil {
		return nil, fmt.Errorf("look up tickets: %w", err)
	}
	claims, salts := make([]Claim, len(receipts)), make([]byte, 16*len(receipts))
	rand.Read(salts) // never fails
	spread(len(receipts), func(i int) {
		claims[i] = Claim{
			Account: account, Receipt: receipts[i], Now: now, Salt: [16]byte(salts[16*i:]), Genuine: genuine(receipts[i], signers[i], account),
		}
	})
	return claims, nil
}

// genuine verifies only what can be credited at all.
func genuine(r receipt.Receipt, s Signer, account [16]byte) bool {
	return s.Known && s.Seeder == account &&
		ed25519.Verify(s.Leecher[:], receipt.Message(r.Serial, r.Amount), r.Signature[:])
}

// spread calls do for 0 … n-1 on all cores, or at once when there is little to do.
func spread(n int, do func(i int)) {
	const least = 8 // for which another goroutine is worth its start
	workers := min(runtime.GOMAXPROCS(0), (n+least-1)/least)
	var wait sync.WaitGroup
	for w := 1; w < workers; w++ {
		wait.Go(func() { stride(w, workers, n, do) })
	}
	stride(0, workers, n, do)
	wait.Wait()
}

func stride(first, step, n int, do func(i int)) {
	for i := first; i < n; i += step {
		do(i)
	}
}
