package main

import (
	"context"
	"errors"
	"io"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// listener is a port and the HTTP that is spoken on it.
type listener struct {
	accept   net.Listener
	http     *http.Server
	stopping atomic.Bool
}

// listen prepares to answer on a port. Its limits bound what a slow client can
// hold; sockets leave them when they are upgraded.
func listen(accept net.Listener, handler http.Handler, log *slog.Logger) *listener {
	return &listener{accept: accept, http: &http.Server{
		Handler:           survive(handler, log),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       2 * time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          stdlog.New(io.Discard, "", 0), // it would write addresses
	}}
}

// serve answers until the listener is closed. A nil one is off.
func (l *listener) serve(context.Context) error {
	if l == nil {
		return nil
	}
	if err := l.http.Serve(l.accept); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (l *listener) close() error {
	if l == nil {
		return nil
	}
	return l.http.Close()
}

// survive logs a handler's panic, without the address of the client, and ends its
// request alone.
func survive(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				if v != http.ErrAbortHandler {
					log.Error("request panicked", "pattern", r.Pattern, "panic", v, "stack", string(debug.Stack()))
				}
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// counter counts requests.
type counter struct{ atomic.Int64 }

func (c *counter) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.Add(1)
		next.ServeHTTP(w, r)
	})
}

// loop is a goroutine that runs until it is ended, or fails.
type loop struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func begin(run func(context.Context) error, failed chan<- error) *loop {
	ctx, cancel := context.WithCancel(context.Background())
	l := &loop{cancel: cancel}
	l.done.Go(func() {
		if err := run(ctx); err != nil {
			failed <- err
		}
	})
	return l
}

// end ends the loop and waits for it. A nil one never ran.
func (l *loop) end() {
	if l == nil {
		return
	}
	l.cancel()
	l.done.Wait()
}
