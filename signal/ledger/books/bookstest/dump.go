package bookstest

import (
	"fmt"
	"slices"
	"testing"
)

// everything is all that the books hold, but for the numbers that the database gives to rows, of which some stay unused when a transaction
// is undone. What is refused is only told: when it is tried again it is told again, also to a receipt that a later one has overtaken.
var everything = []string{
	`SELECT 'setting', name, value FROM setting ORDER BY name`,
	`SELECT 'person', account, public_key, registered FROM person ORDER BY account`,
	`SELECT 'work', infohash, name, length, publisher, removed FROM work ORDER BY infohash`,
	`SELECT 'ticket', serial, epoch, seeder, leecher, work, byte_limit, settle_by FROM ticket ORDER BY serial`,
	`SELECT 'increase', t.serial, i.amount, i.credited, i.epoch, i.reason, i.time, i.salt FROM increase i JOIN ticket t ON t.id = i.ticket
		ORDER BY t.serial, i.amount`,
	`SELECT 'credit', epoch, seeder, work, leecher, bytes, capped FROM credit ORDER BY epoch, seeder, work, leecher`,
	`SELECT 'copy', leecher, work, bytes FROM copy ORDER BY leecher, work`,
	`SELECT DISTINCT 'refused', account, known, serial, amount, reason, time FROM refused WHERE reason <> 'lower_amount' ORDER BY account, serial, amount`,
	`SELECT 'epoch', number, bytes, paid, closed, inputs, payouts, record FROM epoch ORDER BY number`,
	`SELECT 'pay', account, epoch, kind, work, source, basis, counted, weight, amount, reason FROM pay ORDER BY account, epoch, kind, work, source`,
	`SELECT 'holding', account, epoch, due, amount, matured FROM holding ORDER BY account, epoch, due`,
	`SELECT 'audit', epoch, account, work, passed, why, time FROM audit ORDER BY id`,
	`SELECT 'boost', id, work, owner, price, promo, first, epochs, time FROM boost ORDER BY id`,
	`SELECT 'slice', epoch, boost, amount FROM slice ORDER BY epoch, boost`,
	`SELECT 'pool', id, work, owner, amount, rate, last, time, ended FROM pool ORDER BY id`,
	`SELECT 'appeal', account, kind, epoch, work, source, serial, basis, credits, reason, note, written, time, answer, answered FROM appeal ORDER BY account, note`,
	`SELECT 'repute', account, reputation, granted FROM repute ORDER BY account`,
	`SELECT 'reach', work, epoch, nets FROM reach ORDER BY work, epoch`,
	`SELECT 'presence', account, epoch, net FROM presence ORDER BY account, epoch`,
	`SELECT 'stay', epoch, account, work, minutes, asked, passed FROM stay ORDER BY epoch, account, work`,
	`SELECT 'told', id, epoch FROM told ORDER BY id`,
	`SELECT 'balance', account, amount FROM balance ORDER BY account`,
	`SELECT 'entry', t.key, t.time, e.account, e.amount FROM transfer t LEFT JOIN entry e ON e.transfer = t.id ORDER BY t.key, e.account`,
	`SELECT 'log_tile', level, number, data FROM log_tile ORDER BY level, number`,
	`SELECT 'log_leaf', hash, number FROM log_leaf ORDER BY number, hash`,
	`SELECT 'log_table', hash, bytes FROM log_table ORDER BY hash`,
	`SELECT 'log_tree', size, root FROM log_tree`,
}

// missing returns those of want that are not among got.
func missing(want, got []string) []string {
	return slices.DeleteFunc(slices.Clone(want), func(line string) bool { return slices.Contains(got, line) })
}

// dump writes a line for each row.
func dump(t testing.TB, s Store) (lines []string) {
	t.Helper()
	for _, query := range everything {
		rows, err := s.Tables.QueryContext(ctx, query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values, places := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				places[i] = &values[i]
			}
			if err := rows.Scan(places...); err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			lines = append(lines, fmt.Sprintf("%s %x", values[0], values[1:]))
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		rows.Close()
	}
	return lines
}
