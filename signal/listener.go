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
	failed   chan error // gets one when it ends by itself
	stopping atomic.Bool
}

// listen prepares to answer on a port. Its limits bound what a slow client can
// hold; sockets leave them when they are upgraded.
func listen(accept net.Listener, handler http.Handler, log *slog.Logger) *listener {
	return &listener{accept: accept, failed: make(chan error, 1), http: &http.Server{
		Handler:           survive(handler, log),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       2 * time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          stdlog.New(io.Discard, "", 0), // it would write addresses
	}}
}

func (l *listener) serve() {
	if l == nil {
		return
	}
	go func() {
		if err := l.http.Serve(l.accept); !errors.Is(err, http.ErrServerClosed) {
			l.failed <- err
		}
	}()
}

// failures returns nil, on which nothing ever comes, for a listener that is off.
func (l *listener) failures() <-chan error {
	if l == nil {
		return nil
	}
	return l.failed
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

// loop is a goroutine that runs until it is ended.
type loop struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func begin(run func(context.Context)) *loop {
	ctx, cancel := context.WithCancel(context.Background())
	l := &loop{cancel: cancel}
	l.done.Go(func() { run(ctx) })
	return l
}

func (l *loop) end() {
	l.cancel()
	l.done.Wait()
}
