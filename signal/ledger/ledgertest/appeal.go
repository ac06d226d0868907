package ledgertest

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
	"fanseed/signal/reward"
)

func appealCases() []Case {
	return []Case{
		{"an appeal is kept once, with the line that it is about", keepsAppeals},
		{"an appeal is about a line or a refused receipt of one's own", refusesAppeals},
		{"an account writes few appeals in an epoch", limitsAppeals},
		{"an answer is given once", answersOnce},
	}
}

// paidLine is anna's line for the song in an epoch.
func paidLine(n uint32) ledger.Subject {
	return ledger.Subject{Kind: reward.Bandwidth, Epoch: n, Work: infohash("song")}
}

// earning is a world in which anna has a line that was paid and a receipt that was refused.
func earning(t testing.TB, place Place) (w *world, refused [16]byte) {
	w = newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	w.must("deposit", w.Deposit(w.ctx, 1_000_000, start))
	w.serve("anna", "bert", "song", epoch, 1<<29)
	w.close(epoch, 1000, 1<<29, 500)
	forged := claim(w.issue("anna", "bert", "song", epoch+1), mib)
	forged.Genuine = false
	w.settle(forged)
	return w, forged.Receipt.Serial
}

func (w *world) appeals(q ledger.AppealQuery) []ledger.Appeal {
	w.Helper()
	list, err := w.Appeals(w.ctx, q)
	w.must("read appeals", err)
	return list
}

func keepsAppeals(t testing.TB, place Place) {
	w, serial := earning(t, place)
	line := ledger.Appeal{Account: account("anna"), Subject: paidLine(epoch), Note: "too little\n<b>", Written: epoch + 1, Time: start}
	wanted := line
	wanted.ID, wanted.Name, wanted.Basis, wanted.Credits, wanted.Reason = 1, "song", 1<<29, 500, receipt.Confirmed
	again := line
	again.Written, again.Time = epoch+2, start+1
	for _, a := range []ledger.Appeal{line, again} {
		if kept, err := w.Appeal(w.ctx, a); err != nil || kept != wanted {
			t.Errorf("got %+v, %v\nwant %+v", kept, err, wanted)
		}
	}
	other := line
	other.Note = "much too little"
	if _, err := w.Appeal(w.ctx, other); !errors.Is(err, ledger.ErrWritten) {
		t.Errorf("another note about the same line: %v", err)
	}
	receipted := ledger.Appeal{Account: account("anna"), Subject: ledger.Subject{Serial: serial}, Note: "it is signed", Written: epoch + 1, Time: start + 1}
	second := receipted
	second.ID, second.Work, second.Name, second.Basis, second.Reason = 2, infohash("song"), "song", mib, receipt.BadSignature
	for range 2 {
		if kept, err := w.Appeal(w.ctx, receipted); err != nil || kept != second {
			t.Errorf("got %+v, %v\nwant %+v", kept, err, second)
		}
	}
	for _, c := range []struct {
		ledger.AppealQuery
		want []ledger.Appeal
	}{
		{ledger.AppealQuery{Most: 10}, []ledger.Appeal{second, wanted}}, {ledger.AppealQuery{Most: 1}, []ledger.Appeal{second}},
		{ledger.AppealQuery{Most: 1, Before: 2, Open: true}, []ledger.Appeal{wanted}},
		{ledger.AppealQuery{Most: 10, Account: account("anna")}, []ledger.Appeal{second, wanted}},
		{ledger.AppealQuery{Most: 10, Account: account("bert")}, nil},
	} {
		if got := w.appeals(c.AppealQuery); len(got)+len(c.want) > 0 && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: got %+v\nwant %+v", c.AppealQuery, got, c.want)
		}
	}
	w.check()
}

func refusesAppeals(t testing.TB, place Place) {
	w, serial := earning(t, place)
	of := func(name string, s ledger.Subject, note string) ledger.Appeal {
		return ledger.Appeal{Account: account(name), Subject: s, Note: note, Written: epoch, Time: start}
	}
	receipt, pool := ledger.Subject{Serial: serial}, paidLine(epoch)
	pool.Source = [16]byte{1}
	for what, c := range map[string]struct {
		ledger.Appeal
		want error
	}{
		"another's line":            {of("bert", paidLine(epoch), "mine"), ledger.ErrNoLine},
		"another's receipt":         {of("bert", receipt, "mine"), ledger.ErrNoLine},
		"an epoch that is open":     {of("anna", paidLine(epoch+1), "already"), ledger.ErrNoLine},
		"a pool that did not pay":   {of("anna", pool, "pay"), ledger.ErrNoLine},
		"a receipt that is unknown": {of("anna", ledger.Subject{Serial: [16]byte{9}}, "pay"), ledger.ErrNoLine},
		"nothing is written":        {of("anna", receipt, ""), ledger.ErrNote},
		"white space":               {of("anna", receipt, " \n"), ledger.ErrNote},
		"too much is written":       {of("anna", receipt, strings.Repeat("a", ledger.MaxNote+1)), ledger.ErrNote},
		"not UTF-8":                 {of("anna", receipt, "\xff"), ledger.ErrNote},
		"a control character":       {of("anna", receipt, "a\x1b[2J"), ledger.ErrNote},
		"text from right to left":   {of("anna", receipt, "a\u202eb"), ledger.ErrNote},
	} {
		if _, err := w.Appeal(w.ctx, c.Appeal); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", what, err, c.want)
		}
	}
	if list := w.appeals(ledger.AppealQuery{Most: 10}); len(list) != 0 {
		t.Errorf("kept are %+v", list)
	}
	if _, err := w.Appeal(w.ctx, of("anna", receipt, strings.Repeat("ß", ledger.MaxNote/2))); err != nil {
		t.Errorf("as much as may be: %v", err)
	}
}

func limitsAppeals(t testing.TB, place Place) {
	w := newWorld(t, place)
	w.register("anna", "bert")
	w.publish("song", 1<<30)
	var serials [][16]byte
	for range ledger.MaxAppeals + 1 {
		forged := claim(w.issue("anna", "bert", "song", epoch), mib)
		forged.Genuine = false
		w.settle(forged)
		serials = append(serials, forged.Receipt.Serial)
	}
	write := func(serial [16]byte, written uint32) error {
		_, err := w.Appeal(w.ctx, ledger.Appeal{Account: account("anna"), Subject: ledger.Subject{Serial: serial}, Note: "why?", Written: written, Time: start})
		return err
	}
	for _, serial := range serials[1:] {
		w.must("appeal", write(serial, epoch))
	}
	if err := write(serials[0], epoch); !errors.Is(err, ledger.ErrAppeals) {
		t.Errorf("one too many: %v", err)
	}
	w.must("appeal again", write(serials[1], epoch))
	w.must("appeal in the next epoch", write(serials[0], epoch+1))
}

func answersOnce(t testing.TB, place Place) {
	w, serial := earning(t, place)
	for _, s := range []ledger.Subject{paidLine(epoch), {Serial: serial}} {
		_, err := w.Appeal(w.ctx, ledger.Appeal{Account: account("anna"), Subject: s, Note: "why?", Written: epoch, Time: start})
		w.must("appeal", err)
	}
	w.must("answer", w.Answer(w.ctx, 1, "so it is", start+1))
	w.must("answer again", w.Answer(w.ctx, 1, "so it is", start+2))
	for what, c := range map[string]struct {
		id   int64
		text string
		want error
	}{
		"another answer":          {1, "or not", ledger.ErrWritten},
		"to what was not written": {3, "so it is", ledger.ErrNoAppeal},
		"without a word":          {2, "", ledger.ErrNote},
		"with control characters": {2, "\a", ledger.ErrNote},
	} {
		if err := w.Answer(w.ctx, c.id, c.text, start); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", what, err, c.want)
		}
	}
	if open := w.appeals(ledger.AppealQuery{Most: 10, Open: true}); len(open) != 1 || open[0].ID != 2 || open[0].Answered != 0 {
		t.Errorf("open are %+v", open)
	}
	if all := w.appeals(ledger.AppealQuery{Most: 10}); len(all) != 2 || all[1].Answer != "so it is" || all[1].Answered != start+1 {
		t.Errorf("there are %+v", all)
	}
	w.check()
}
