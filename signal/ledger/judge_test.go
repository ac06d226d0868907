package ledger_test

import (
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
)

const (
	mib    = 1 << 20
	issued = uint64(1_800_000_000_000)
)

// usual is a genuine receipt of 10 MiB, a minute after its ticket for 64 MiB was
// issued; 4 MiB of it are settled and 20 MiB of the copy are paid for.
func usual() (ledger.Claim, ledger.Standing) {
	seeder, serial := [16]byte{1}, [16]byte{2}
	return ledger.Claim{
			Account: seeder, Receipt: receipt.Receipt{Serial: serial, Amount: 10 * mib}, Genuine: true, Now: issued + 60_000,
		}, ledger.Standing{
			Known: true, Seeder: seeder, Limit: 64 * mib, Issued: issued, SettleBy: issued + 100_000,
			Settled: 4 * mib, Reason: receipt.Confirmed, Copied: 20 * mib, Length: 100 * mib,
		}
}

func TestJudge(t *testing.T) {
	type c = *ledger.Claim
	type s = *ledger.Standing
	for _, test := range []struct {
		name   string
		change func(c, s)
		reason receipt.Reason
		amount uint64
		credit uint64
	}{
		{"the increase is credited", func(c, s) {}, receipt.Confirmed, 10 * mib, 6 * mib},
		{"the first receipt", func(c c, s s) { s.Settled, s.Reason = 0, "" }, receipt.Confirmed, 10 * mib, 10 * mib},
		{"again", func(c c, s s) { s.Settled = 10 * mib }, receipt.Confirmed, 10 * mib, 0},
		{"again, long after", func(c c, s s) { s.Settled, c.Now = 10*mib, s.SettleBy+1 }, receipt.Confirmed, 10 * mib, 0},
		{"again, after it was capped", func(c c, s s) { s.Settled, s.Reason = 10*mib, receipt.CappedCopy }, receipt.CappedCopy, 10 * mib, 0},
		{"nothing yet", func(c c, s s) { c.Receipt.Amount, s.Settled, s.Reason = 0, 0, "" }, receipt.Confirmed, 0, 0},
		{"lower", func(c c, s s) { c.Receipt.Amount = 4*mib - 1 }, receipt.Lower, 4 * mib, 0},
		{"nothing after something", func(c c, s s) { c.Receipt.Amount = 0 }, receipt.Lower, 4 * mib, 0},
		{"unknown ticket", func(c c, s s) { *s = ledger.Standing{} }, receipt.UnknownTicket, 0, 0},
		{"somebody else's ticket", func(c c, s s) { c.Account[0]++ }, receipt.UnknownTicket, 0, 0},
		{"forged", func(c c, s s) { c.Genuine = false }, receipt.BadSignature, 4 * mib, 0},
		{"forged, the amount that is settled", func(c c, s s) { c.Genuine, s.Settled = false, 10*mib }, receipt.BadSignature, 10 * mib, 0},
		{"up to the limit", func(c c, s s) { s.Limit = 10 * mib }, receipt.Confirmed, 10 * mib, 6 * mib},
		{"over the limit", func(c c, s s) { s.Limit = 10*mib - 1 }, receipt.OverLimit, 4 * mib, 0},
		{"the largest number", func(c c, s s) { c.Receipt.Amount = 1<<64 - 1 }, receipt.OverLimit, 4 * mib, 0},
		{"at the last moment", func(c c, s s) { c.Now = s.SettleBy }, receipt.Confirmed, 10 * mib, 6 * mib},
		{"too late", func(c c, s s) { c.Now = s.SettleBy + 1 }, receipt.Expired, 4 * mib, 0},
		{"the burst at once", func(c c, s s) { c.Receipt.Amount, c.Now = 32*mib, issued }, receipt.Confirmed, 32 * mib, 28 * mib},
		{"more than the burst at once", func(c c, s s) { c.Receipt.Amount, c.Now = 32*mib+1, issued }, receipt.ImplausibleRate, 4 * mib, 0},
		{"1 Gbit/s after the burst", func(c c, s s) { c.Receipt.Amount, c.Now = 32*mib+125_000, issued+1 }, receipt.Confirmed, 32*mib + 125_000, 28*mib + 125_000},
		{"a byte faster", func(c c, s s) { c.Receipt.Amount, c.Now = 32*mib+125_001, issued+1 }, receipt.ImplausibleRate, 4 * mib, 0},
		{"a clock that was set back", func(c c, s s) { c.Receipt.Amount, c.Now = 33*mib, issued-5000 }, receipt.ImplausibleRate, 4 * mib, 0},
		{"exactly the rest of the copy", func(c c, s s) { s.Copied = 94 * mib }, receipt.Confirmed, 10 * mib, 6 * mib},
		{"a byte more than the rest of the copy", func(c c, s s) { s.Copied = 94*mib + 1 }, receipt.CappedCopy, 10 * mib, 6*mib - 1},
		{"nothing left of the copy", func(c c, s s) { s.Copied = 100 * mib }, receipt.CappedCopy, 10 * mib, 0},
		{"a work of no length", func(c c, s s) { s.Copied, s.Length = 0, 0 }, receipt.CappedCopy, 10 * mib, 0},
	} {
		claim, standing := usual()
		test.change(&claim, &standing)
		v := ledger.Judge(claim, standing)
		want := receipt.Result{Serial: claim.Receipt.Serial, Amount: test.amount, Reason: test.reason}
		if v.Result != want || v.Credit != test.credit {
			t.Errorf("%s: got %d %s, credit %d, want %d %s, credit %d",
				test.name, v.Amount, v.Reason, v.Credit, test.amount, test.reason, test.credit)
		}
		if advance := test.amount != standing.Settled; v.Advance != advance && standing.Known && claim.Account == standing.Seeder {
			t.Errorf("%s: advance is %v", test.name, v.Advance)
		}
		if v.Advance && !v.Reason.Accepted() || !v.Advance && v.Credit > 0 {
			t.Errorf("%s: the verdict contradicts itself: %+v", test.name, v)
		}
	}
}

// Whatever is claimed in whatever order, credit stays within the receipt, its
// limit and the copy.
func FuzzJudge(f *testing.F) {
	f.Add(uint64(64*mib), uint64(100*mib), []byte{10, 20, 5, 200})
	f.Fuzz(func(t *testing.T, limit, length uint64, amounts []byte) {
		claim, standing := usual()
		standing.Limit, standing.Length = limit%ledger.MaxAmount, length%ledger.MaxAmount
		standing.Settled, standing.Reason, standing.Copied = 0, "", 0
		for _, a := range amounts {
			claim.Receipt.Amount = uint64(a) * mib
			v := ledger.Judge(claim, standing)
			if v.Advance {
				if v.Amount <= standing.Settled {
					t.Fatalf("from %d to %d", standing.Settled, v.Amount)
				}
				standing.Settled, standing.Reason = v.Amount, v.Reason
				standing.Copied += v.Credit
			}
			if standing.Copied > min(standing.Settled, standing.Limit, standing.Length) {
				t.Fatalf("credited %d of %d, limit %d, length %d", standing.Copied, standing.Settled, standing.Limit, standing.Length)
			}
			if again := ledger.Judge(claim, standing); v.Advance && (again.Credit != 0 || again.Result != v.Result) {
				t.Fatalf("repeated: %+v after %+v", again, v)
			}
		}
	})
}
