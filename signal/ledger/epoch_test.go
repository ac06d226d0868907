package ledger_test

import (
	"errors"
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

func TestDepositBalances(t *testing.T) {
	if err := ledger.Deposit(100, 60).Check(); err != nil {
		t.Error(err)
	}
}
