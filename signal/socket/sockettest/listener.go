// Package sockettest owns a network in memory, for tests that let time pass in a testing/synctest bubble. Its connections have no
// buffer: a write waits for its read.
package sockettest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
)

// Listener is a net.Listener whose connections come from Dial.
type Listener struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// Serve starts an HTTP server with handler h until the test ends.
func Serve(t testing.TB, h http.Handler) *Listener {
	l := &Listener{accept: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() {
		server.Serve(l)
		close(done)
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	return l
}

var errClosed = errors.New("listener is closed")

// Accept, Close and Addr make it a net.Listener.

func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accept:
		return c, nil
	case <-l.closed:
		return nil, errClosed
	}
}

func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *Listener) Addr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:80"))
}

// Dial returns a function that connects from an address, as http.Transport and websocket.Dialer want it.
func (l *Listener) Dial(from string) func(ctx context.Context, network, address string) (net.Conn, error) {
	remote := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 1234))
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		client, server := net.Pipe()
		select {
		case l.accept <- conn{server, remote}:
			return client, nil
		case <-l.closed:
			return nil, errClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// conn is the server's end, with the address that its client dialled from.
type conn struct {
	net.Conn
	remote net.Addr
}

func (c conn) RemoteAddr() net.Addr { return c.remote }
