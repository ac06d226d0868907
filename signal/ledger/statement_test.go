package ledger_test

import (
	"reflect"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
)

func TestStatement(t *testing.T) {
	const gib = ledger.GiB
	a, b, c := [20]byte{1}, [20]byte{2}, [20]byte{3}
	books := ledger.Books{
		Earned: 170, Bytes: 8 * gib,
		Served: []ledger.Served{
			{a, "a", 12, gib, false}, {b, "b", 12, gib / 2, true},
			{a, "a", 11, gib, false}, {b, "b", 11, gib, false}, {c, "c", 11, gib, false},
			{a, "a", 10, gib, false},
		},
		Closed:  []ledger.Closed{{11, 50, 100}, {10, 70, 70}},
		Refused: []ledger.Refused{{Amount: 5, Reason: receipt.Expired}},
	}
	got := books.Statement(101)
	want := ledger.Statement{
		BytesConfirmed: 8 * gib, CreditsPending: 151, CreditsConfirmed: 170, Refused: books.Refused,
		Lines: []ledger.Line{
			{a, "a", 12, gib, 101, false, receipt.Pending},
			{b, "b", 12, gib / 2, 50, false, receipt.CappedCopy},
			{a, "a", 11, gib, 34, true, receipt.TreasuryShort},
			{b, "b", 11, gib, 33, true, receipt.TreasuryShort},
			{c, "c", 11, gib, 33, true, receipt.TreasuryShort},
			{a, "a", 10, gib, 70, true, receipt.Confirmed},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestEmptyStatement(t *testing.T) {
	if got := (ledger.Books{}).Statement(100); !reflect.DeepEqual(got, ledger.Statement{}) {
		t.Errorf("got %+v", got)
	}
}
