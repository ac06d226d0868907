package bookstest

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"
)

// ErrFault is how a statement fails that is the one to fail.
var ErrFault = errors.New("the connection broke")

// Fault breaks the connection at one of the statements of whoever uses it: queries, changes, the beginning of a transaction and its
// commit. The zero value breaks none and counts them.
type Fault struct {
	At    int  // which statement, from 1 on
	After bool // it was carried out, and only its answer is lost

	mu    sync.Mutex
	count int
	kinds []string
}

// Arm has the next statement be the first.
func (f *Fault) Arm(at int, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.At, f.After, f.count, f.kinds = at, after, 0, nil
}

// Seen returns the kinds of the statements so far: begin, query, exec, commit.
func (f *Fault) Seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kinds
}

// strikes counts a statement and tells whether it is the one.
func (f *Fault) strikes(kind string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	f.kinds = append(f.kinds, kind)
	return f.count == f.At
}

// Wrap puts the fault between database/sql and a driver.
func (f *Fault) Wrap(c driver.Connector) driver.Connector { return connector{c, f} }

type connector struct {
	driver.Connector
	fault *Fault
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: inner, fault: c.fault}, nil
}

// conn is a connection that breaks for good. Everything goes through the calls that take a context, which both drivers have; prepared
// statements are hidden, so that each statement is one call here.
type conn struct {
	driver.Conn
	fault  *Fault
	broken bool
}

// do carries out one statement, unless the connection breaks before it.
func do[T any](c *conn, kind string, statement func() (T, error)) (result T, err error) {
	strikes := !c.broken && c.fault.strikes(kind)
	if c.broken || strikes && !c.fault.After {
		return result, c.breaks()
	}
	result, err = statement()
	if strikes && err == nil {
		var nothing T
		if rows, ok := any(result).(driver.Rows); ok {
			rows.Close()
		}
		return nothing, c.breaks()
	}
	return result, err
}

// breaks closes the connection under whoever uses it, as the end of the process would: the database undoes what was not committed.
func (c *conn) breaks() error {
	if !c.broken {
		c.broken = true
		c.Conn.Close()
	}
	return ErrFault
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return do(c, "exec", func() (driver.Result, error) { return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args) })
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return do(c, "query", func() (driver.Rows, error) { return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args) })
}

func (c *conn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	inner, err := do(c, "begin", func() (driver.Tx, error) { return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o) })
	return tx{inner, c}, err
}

// IsValid has database/sql throw a broken connection away.
func (c *conn) IsValid() bool { return !c.broken }

func (c *conn) Close() error {
	if c.broken {
		return nil
	}
	return c.Conn.Close()
}

type tx struct {
	driver.Tx
	conn *conn
}

func (t tx) Commit() error {
	_, err := do(t.conn, "commit", func() (struct{}, error) { return struct{}{}, t.Tx.Commit() })
	return err
}

func (t tx) Rollback() error {
	if t.conn.broken {
		return ErrFault
	}
	return t.Tx.Rollback()
}
