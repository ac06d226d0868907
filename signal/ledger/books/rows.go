package books

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// sizes are the numbers of rows that one statement has. They are few, so that a database that keeps statements prepared meets the same
// ones again and again.
var sizes = []int{256, 64, 16, 4, 1}

// rows gathers what is inserted by as few statements as can be.
type rows struct {
	head    string // INSERT INTO … VALUES
	tail    string // ON CONFLICT …
	columns int
	values  []any
}

func (r *rows) add(values ...any) { r.values = append(r.values, values...) }

func (r *rows) insert(ctx context.Context, tx tx) error {
	for left := r.values; len(left) > 0; {
		n := largest(len(left) / r.columns)
		if _, err := tx.ExecContext(ctx, tx.statement(r.head, n, r.columns, r.tail), left[:n*r.columns]...); err != nil {
			return err
		}
		left = left[n*r.columns:]
	}
	return nil
}

// largest returns the largest size that n rows fill.
func largest(n int) int {
	for _, size := range sizes {
		if size <= n {
			return size
		}
	}
	return 1
}

// smallest returns the smallest size that n rows, or the first of them, fit into.
func smallest(n int) int {
	fits := sizes[0]
	for _, size := range sizes {
		if size >= n {
			fits = size
		}
	}
	return fits
}

// statement puts so many rows of placeholders between head and tail: "(?, ?), (?, ?)".
func (d Dialect) statement(head string, rows, columns int, tail string) string {
	b := append(make([]byte, 0, len(head)+len(tail)+rows*(4+7*columns)), head...)
	for row := range rows {
		b = append(b, " ("...)
		b = d.placeholders(b, row*columns+1, columns)
		b = append(b, "),"...)
	}
	return string(append(b[:len(b)-1], tail...))
}

func (d Dialect) placeholders(b []byte, first, n int) []byte {
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		if d.Anonymous {
			b = append(b, '?')
		} else {
			b = strconv.AppendInt(append(b, '$'), int64(first+i), 10)
		}
	}
	return b
}

// eachOf calls scan for every row of a query, as far as it is about one of keys. The query has them where it says IN ().
func eachOf(ctx context.Context, tx tx, scan func(*sql.Rows) error, query string, keys set) error {
	return inParts(tx, query, keys, func(part string, keys []any) error { return each(ctx, tx, scan, part, keys...) })
}

// inParts splits a statement with a list of any length into some with lists of few lengths.
func inParts(tx tx, statement string, keys set, do func(part string, keys []any) error) error {
	head, tail, _ := strings.Cut(statement, "IN ()")
	for left := keys.keys; len(left) > 0; {
		size := smallest(len(left))
		n := min(size, len(left))
		list := left[:n:n]
		for len(list) < size {
			list = append(list, list[0]) // once more: it changes nothing
		}
		if err := do(tx.statement(head+"IN", 1, size, tail), list); err != nil {
			return err
		}
		left = left[n:]
	}
	return nil
}

// set holds keys once, in the order in which they came first.
type set struct {
	keys []any // []byte each
	has  map[string]bool
}

// add tells whether key is new.
func (s *set) add(key []byte) bool {
	if s.has[string(key)] {
		return false
	}
	if s.has == nil {
		s.has = map[string]bool{}
	}
	s.keys, s.has[string(key)] = append(s.keys, key), true
	return true
}
