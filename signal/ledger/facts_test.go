package ledger_test

import (
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
	"fanseed/signal/receipt"
	"fanseed/signal/reward"
	"fanseed/signal/ticket"
)

// TestInputs issues and settles tickets, tells how long a seeder stayed, and looks at what the epoch will be paid by.
func TestInputs(t *testing.T) {
	l, db := open(t)
	prepare(t, l, db)
	tk := newTicket(l, 1)
	epoch := tk.Epoch
	if err := l.Issue(ctx, []ticket.Ticket{tk}, [][2]string{{"192.0.2.0/24", "198.51.100.0/24"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Settle(ctx, account("anna"), []receipt.Receipt{sign("bert", tk.Serial, 3*mib)}, began); err != nil {
		t.Fatal(err)
	}
	minutes := uint64(1 << 40)
	stay := ledger.Stay{Epoch: epoch, Account: account("anna"), Work: song, Minutes: minutes, Asked: 8, Passed: 7}
	if err := l.Stayed(ctx, ledger.Told{Stays: []ledger.Stay{stay, {Epoch: epoch, Account: account("bert"), Work: song, Minutes: 1}}}, []string{"203.0.113.0/24", ""}); err != nil {
		t.Fatal(err)
	}
	if err := l.CloseEpochs(ctx, l.Epochs().Ends(epoch)); err != nil {
		t.Fatal(err)
	}
	closed, err := l.Closed(ctx, epoch, 1)
	if err != nil || len(closed) != 1 {
		t.Fatal(closed, err)
	}
	named, err := log.ParseEpoch(closed[0].Record)
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := db.Table(ctx, named.Inputs.Hash)
	if err != nil {
		t.Fatal(err)
	}
	payouts, err := db.Table(ctx, named.Payouts.Hash)
	if err != nil {
		t.Fatal(err)
	}
	in, err := reward.ParseInput(inputs)
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Seeders) != 2 || len(in.Leechers) != 1 || len(in.Transfers) != 1 || len(in.Stays) != 2 || len(in.Works) != 1 {
		t.Fatalf("got %+v", in)
	}
	anna, bert := in.Seeders[0], in.Seeders[1]
	if anna.Account != account("anna") {
		anna, bert = bert, anna
	}
	leecher := in.Leechers[0]
	if anna.Net == leecher.Net || bert.Net != leecher.Net || leecher.Tag == leecher.Net || leecher.Tickets != 1 || leecher.Used != 1 {
		t.Errorf("networks: %+v, %+v, %+v", anna, bert, leecher)
	}
	if got := in.Transfers[0]; in.Seeders[got.Seeder].Account != account("anna") || got.Bytes != 3*mib {
		t.Errorf("transfer %+v", got)
	}
	for _, s := range in.Stays {
		if in.Seeders[s.Seeder].Account == account("anna") && (s.Minutes != uint64(in.Minutes) || s.Asked != 8 || s.Passed != 7) {
			t.Errorf("stay %+v in an epoch of %d minutes", s, in.Minutes)
		}
	}
	if w := in.Works[0]; w.Infohash != song || w.Nets != 1 || in.Most != emission {
		t.Errorf("work %+v, most %d", w, in.Most)
	}
	if again, err := reward.Recompute(inputs); err != nil || string(again) != string(payouts) {
		t.Errorf("computed again: %v\n%s\nwas told\n%s", err, again, payouts)
	}
}
