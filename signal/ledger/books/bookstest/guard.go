package bookstest

import (
	"errors"
	"strings"
	"testing"

	"fanseed/signal/ledger"
)

// Guard tries to change what was written, to break what each row promises, and to make the books disagree with themselves.
func Guard(t *testing.T, fresh func(t testing.TB) Place) {
	t.Run("what was written stays written", func(t *testing.T) { staysWritten(t, fresh(t)) })
	t.Run("no balance goes below zero nor a key twice", func(t *testing.T) { keepsPromises(t, fresh(t)) })
	t.Run("check finds every disagreement", func(t *testing.T) { findsDisagreements(t, fresh) })
	t.Run("check finds a tile that is wider than the log", func(t *testing.T) { findsWideTiles(t, fresh(t)) })
}

// opened returns books with one of everything in them.
func opened(t testing.TB, place Place) Store {
	s := place(t, plain)
	t.Cleanup(func() { s.Close() })
	begin(t, s)
	return s
}

func staysWritten(t *testing.T, place Place) {
	s := opened(t, place)
	for _, statement := range []string{
		`UPDATE entry SET amount = amount + 1`, `DELETE FROM entry`,
		`UPDATE transfer SET key = 'other'`, `DELETE FROM transfer`,
		`UPDATE increase SET credited = 0`, `DELETE FROM increase`,
		`UPDATE ticket SET byte_limit = 1`, `DELETE FROM ticket`,
		`UPDATE epoch SET paid = 0`, `DELETE FROM epoch`,
		`UPDATE log_table SET bytes = hash`, `DELETE FROM log_table`,
		`UPDATE pay SET amount = 0`, `DELETE FROM pay`,
		`UPDATE holding SET amount = 1`, `UPDATE holding SET due = 99`, `DELETE FROM holding`,
		`UPDATE audit SET passed = 1`, `DELETE FROM audit`,
		`UPDATE boost SET price = 1`, `DELETE FROM boost`, `UPDATE slice SET amount = 1`, `DELETE FROM slice`, `UPDATE pool SET rate = 1`, `DELETE FROM pool`,
		`UPDATE appeal SET note = 'other'`, `UPDATE appeal SET answer = 'other'`, `DELETE FROM appeal`,
		`UPDATE person SET public_key = account`, `DELETE FROM person`,
		`UPDATE work SET length = 1`, `DELETE FROM work`,
		`UPDATE log_tile SET data = root FROM log_tree`, `DELETE FROM log_tile`,
		`UPDATE log_leaf SET number = number + 1`, `DELETE FROM log_leaf`,
		`UPDATE log_tree SET size = size - 1`, `DELETE FROM log_tree`,
	} {
		_, err := s.Tables.ExecContext(ctx, statement)
		if err == nil || !strings.Contains(err.Error(), "is never") {
			t.Errorf("%s: got %v", statement, err)
		}
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
}

func keepsPromises(t *testing.T, place Place) {
	s := opened(t, place)
	for _, statement := range []string{
		`UPDATE balance SET amount = -1 WHERE account = 'treasury'`,
		`UPDATE balance SET amount = amount - 1000000 WHERE account LIKE 'earned:%'`,
		`INSERT INTO transfer (key, time) VALUES ('deposit:1000000', 0)`,
		`INSERT INTO transfer (key, time) VALUES ('epoch:5', 0)`,
		`INSERT INTO increase (ticket, amount, credited, epoch, reason, signature, time, salt)
			SELECT ticket, amount, credited, epoch, reason, signature, time, salt FROM increase`,
		`INSERT INTO increase (ticket, amount, credited, epoch, reason, signature, time, salt)
			SELECT ticket, amount + 1, amount + 2, epoch, reason, signature, time, salt FROM increase`,
		`INSERT INTO increase (ticket, amount, credited, epoch, reason, signature, time, salt)
			SELECT ticket, amount + 1, amount, epoch, reason, signature, time, signature FROM increase`,
		`INSERT INTO log_tree SELECT * FROM log_tree`, `INSERT INTO log_leaf SELECT * FROM log_leaf`,
		`INSERT INTO entry (transfer, account, amount) VALUES (1, 'nobody', 5)`,
		`UPDATE holding SET matured = 2`, `UPDATE repute SET reputation = 1001`, `UPDATE reach SET nets = 0`, `INSERT INTO pay SELECT * FROM pay`,
		`UPDATE credit SET bytes = -1`, `UPDATE credit SET capped = 2`, `UPDATE copy SET bytes = -1`, `UPDATE work SET removed = 2`,
		`INSERT INTO appeal (account, kind, epoch, work, source, serial, basis, credits, reason, note, written, time, answered)
			SELECT account, kind, 9, work, source, serial, 0, 0, reason, note, written, time, 1 FROM appeal`,
		`INSERT INTO person SELECT serial, channel, 0 FROM ticket UNION SELECT infohash, ticket_hash, 0 FROM work`,
	} {
		if _, err := s.Tables.ExecContext(ctx, statement); err == nil || !strings.Contains(err.Error(), "constraint") {
			t.Errorf("%s: got %v", statement, err)
		}
	}
}

func findsDisagreements(t *testing.T, fresh func(t testing.TB) Place) {
	for _, c := range []struct{ statement, want string }{
		{`UPDATE balance SET amount = amount + 1 WHERE account = 'treasury'`, "sum of their entries"},
		{`UPDATE credit SET bytes = bytes + 1`, "sum of their increases"},
		{`DELETE FROM credit`, "sum of their increases"},
		{`UPDATE copy SET bytes = bytes - 1`, "sum of their credits"},
		{`DELETE FROM copy`, "sum of their credits"},
		{`UPDATE copy SET bytes = bytes << 30`, "longer than their works"},
		{`INSERT INTO transfer (key, time) VALUES ('empty', 0)`, "have no entries"},
		{`INSERT INTO entry (transfer, account, amount) SELECT 1, account, 1 FROM balance WHERE account LIKE 'earned:%'`, "do not sum to zero"},
		{`INSERT INTO epoch SELECT 9, 1, 0, 0, inputs, payouts, record FROM epoch`, "other bytes"},
		{`INSERT INTO epoch SELECT 9, 0, 1, 0, inputs, payouts, record FROM epoch`, "other pay than was moved"},
		{`INSERT INTO epoch SELECT 9, 0, 1, 0, inputs, payouts, record FROM epoch`, "other pay than their lines"},
		{`UPDATE balance SET amount = amount - 1 WHERE account LIKE 'boost:%'`, "boosts hold other than"},
		{`UPDATE pool SET ended = 1`, "something left"},
		{`INSERT INTO boost SELECT channel, work, owner, price, promo, first, epochs, boost.time FROM boost, (SELECT substr(channel, 1, 16) AS channel FROM ticket) AS other`,
			"boosts and pools"},
		{`UPDATE holding SET matured = 1`, "hold other than is held"},
		{`UPDATE balance SET amount = amount + 1 WHERE account LIKE 'earned:%'`, "hold other than is held"},
		{`INSERT INTO increase (ticket, amount, credited, epoch, reason, signature, time, salt)
			SELECT ticket, amount + 1, amount + 1, epoch, reason, signature, time, salt FROM increase`, "beyond their receipts"},
		{`UPDATE log_tree SET increase = increase + 1`, "the last rows that it has"},
		{`INSERT INTO epoch SELECT number + 1, 0, 0, closed, inputs, payouts, record FROM epoch`, "it has 1 of the 2 epochs"},
		{`UPDATE log_tree SET deposit = 0`, "the last rows that it has"},
		{`UPDATE log_tree SET size = size + 1`, "bundle 0"},
		{`UPDATE log_tree SET root = (SELECT hash FROM log_leaf WHERE number = 0)`, "its tree"},
		{`INSERT INTO log_leaf SELECT channel, 9 FROM ticket`, "behind its end"},
		{`INSERT INTO log_tile SELECT 0, 1, root FROM log_tree`, "behind its end"},
	} {
		disagree(t, opened(t, fresh(t)), c.want, c.statement)
	}
}

// findsWideTiles is apart, since no two databases join bytes in the same words.
func findsWideTiles(t *testing.T, place Place) {
	s := opened(t, place)
	tile, err := s.ReadTile(ctx, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	disagree(t, s, "wider than the tree", `UPDATE log_tile SET data = $1 WHERE level = 0`, append(tile, tile...))
}

// disagree has a statement do something to sound books that Check must find.
func disagree(t *testing.T, s Store, want, statement string, values ...any) {
	t.Helper()
	if err := s.Check(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Tables.ExecContext(ctx, statement, values...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	if err := s.Check(ctx); !errors.Is(err, ledger.ErrCorrupt) || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got %v, want %q", statement, err, want)
	}
}
