package ledger

import (
	"crypto/ed25519"
	"testing"

	"fanseed/signal/receipt"
)

// BenchmarkVerify measures the signatures of batches of 1,000 receipts: as Settle verifies them, on all cores, and on one.
func BenchmarkVerify(b *testing.B) {
	b.Run("settle", func(b *testing.B) { verifyBatches(b, spread) })
	b.Run("core", func(b *testing.B) { verifyBatches(b, func(n int, do func(i int)) { stride(0, 1, n, do) }) })
}

func verifyBatches(b *testing.B, spread func(n int, do func(i int))) {
	public, private, _ := ed25519.GenerateKey(nil)
	signer := Signer{Known: true, Leecher: [32]byte(public)}
	batch := make([]receipt.Receipt, MaxReceipts)
	for i := range batch {
		batch[i] = receipt.Receipt{Serial: [16]byte{byte(i), byte(i >> 8)}, Amount: 1 << 20}
		copy(batch[i].Signature[:], ed25519.Sign(private, receipt.Message(batch[i].Serial, batch[i].Amount)))
	}
	verified := make([]bool, len(batch))
	b.ResetTimer()
	for range b.N {
		spread(len(batch), func(i int) { verified[i] = genuine(batch[i], signer, [16]byte{}) })
	}
	b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "receipts/s")
	for i, is := range verified {
		if !is {
			b.Fatalf("receipt %d is not genuine", i)
		}
	}
}
