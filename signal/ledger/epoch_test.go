package ledger_test

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"fanseed/signal/ledger"
)

func TestEpochs(t *testing.T) {
	day := ledger.Epochs(24 * time.Hour)
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	n := day.At(noon)
	if got, want := day.Starts(n), noon.Truncate(24*time.Hour); !got.Equal(want) {
		t.Errorf("epoch %d starts at %v, want %v", n, got, want)
	}
	if !day.Ends(n).Equal(day.Starts(n + 1)) {
		t.Errorf("epoch %d ends at %v, the next starts at %v", n, day.Ends(n), day.Starts(n+1))
	}
	if day.At(day.Ends(n)) != n+1 || day.At(day.Ends(n).Add(-time.Millisecond)) != n {
		t.Error("an epoch's last millisecond is not its own")
	}
	second := ledger.Epochs(time.Second)
	if got, want := second.At(noon), uint32(noon.Unix()); got != want {
		t.Errorf("got %d, want %d", got, want)
	}
}

func TestPrice(t *testing.T) {
	for _, c := range []struct{ bytes, rate, want uint64 }{
		{0, 1000, 0},
		{ledger.GiB, 1000, 1000},
		{ledger.GiB - 1, 1000, 999},
		{ledger.GiB / 1000, 1000, 0},
		{ledger.GiB/1000 + 1, 1000, 1},
		{ledger.MaxAmount, ledger.MaxRate, 1<<63 - 1<<10},
	} {
		if got := ledger.Price(c.bytes, c.rate); got != c.want {
			t.Errorf("Price(%d, %d) = %d, want %d", c.bytes, c.rate, got, c.want)
		}
	}
}

func TestPay(t *testing.T) {
	const gib = ledger.GiB
	for _, c := range []struct {
		name     string
		treasury uint64
		served   []uint64
		want     []uint64
	}{
		{"nobody", 100, nil, []uint64{}},
		{"in full", 1000, []uint64{gib, 2 * gib}, []uint64{100, 200}},
		{"exactly what is there", 300, []uint64{gib, 2 * gib}, []uint64{100, 200}},
		{"one unit short", 299, []uint64{gib, 2 * gib}, []uint64{100, 199}},
		{"almost nothing there", 1, []uint64{gib, 2 * gib}, []uint64{0, 1}},
		{"nothing there", 0, []uint64{gib, 2 * gib}, []uint64{0, 0}},
		{"less than a unit earned", 1000, []uint64{gib / 100, gib/100 + 1}, []uint64{0, 1}},
	} {
		if got := ledger.Pay(c.treasury, c.served, 100); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestPayNeverExceedsPriceNorTreasury(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		served := make([]uint64, 1+rng.IntN(8))
		for i := range served {
			served[i] = rng.Uint64N(ledger.MaxAmount) >> rng.IntN(50)
		}
		treasury, rate := rng.Uint64()>>(1+rng.IntN(60)), rng.Uint64N(ledger.MaxRate)>>rng.IntN(40)
		sum, prices := new(big.Int), new(big.Int)
		for i, paid := range ledger.Pay(treasury, served, rate) {
			price := ledger.Price(served[i], rate)
			if paid > price {
				t.Fatalf("paid %d for what is worth %d", paid, price)
			}
			sum.Add(sum, new(big.Int).SetUint64(paid))
			prices.Add(prices, new(big.Int).SetUint64(price))
		}
		want := new(big.Int).SetUint64(treasury)
		if prices.Cmp(want) < 0 {
			want = prices
		}
		if sum.Cmp(want) != 0 {
			t.Fatalf("Pay(%d, %v, %d) pays %v, want %v", treasury, served, rate, sum, want)
		}
	}
}

func TestTransferCheck(t *testing.T) {
	type e = ledger.Entry
	for _, c := range []struct {
		name    string
		entries []e
		good    bool
	}{
		{"two", []e{{"a", -5}, {"b", 5}}, true},
		{"three", []e{{"a", -5}, {"b", 3}, {"c", 2}}, true},
		{"none", nil, false},
		{"more than there was", []e{{"a", -5}, {"b", 6}}, false},
		{"nothing moved", []e{{"a", 0}, {"b", 0}}, false},
		{"twice the same", []e{{"a", -5}, {"a", 5}}, false},
		{"an overflow that looks like zero", []e{{"a", 1 << 62}, {"b", 1 << 62}, {"c", 1 << 62}, {"d", 1 << 62}}, false},
	} {
		if err := (ledger.Transfer{Key: "k", Entries: c.entries}).Check(); (err == nil) != c.good || (err != nil && !errors.Is(err, ledger.ErrUnbalanced)) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func TestDepositAndPayoutBalance(t *testing.T) {
	seeders := [][16]byte{{1}, {2}, {3}}
	for _, transfer := range []ledger.Transfer{ledger.Deposit(100, 60), ledger.Payout(7, seeders, []uint64{5, 0, 9})} {
		if err := transfer.Check(); err != nil {
			t.Error(err)
		}
	}
	if got := ledger.Payout(7, seeders, []uint64{0, 0, 0}); len(got.Entries) != 0 {
		t.Errorf("a payout of nothing has entries: %v", got)
	}
}
