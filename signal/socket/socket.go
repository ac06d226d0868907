// Package socket owns the WebSockets of the announce endpoint: it upgrades them, reads whole messages, writes what is queued, and
// holds every client to its [Limits].
//
// It promises that a slow or hostile client loses its own connection and harms no other: Send never blocks, a queue that grows too
// long cuts its socket, too many messages are read slowly. It never looks into a message, and never logs or tells an address.
package socket

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Handler gets what happens on the sockets. The calls for one Conn come from one goroutine: Opened first, Closed last and once.
type Handler interface {
	Opened(c *Conn)
	Received(c *Conn, text []byte) // text is valid UTF-8, lent until it returns
	Ponged(c *Conn)
	Closed(c *Conn)
}

// Config says how sockets are opened.
type Config struct {
	Limits      Limits
	Subprotocol string   // chosen when the client offers it
	Origins     []string // the only Origin headers allowed, "" for clients that send none; empty allows any
	Proxies     Proxies  // whose X-Forwarded-For is believed
	Log         *slog.Logger
}

// Server is the http.Handler of the announce endpoint.
type Server struct {
	config    Config
	handler   Handler
	upgrader  websocket.Upgrader
	addresses *addresses

	mu       sync.Mutex
	conns    map[*Conn]struct{}
	lastID   uint64
	opening  int
	draining bool
	empty    chan struct{} // closed when the last socket closes while draining
}

// Codes of a close frame (RFC 6455, section 7.4.1).
const (
	GoingAway       = websocket.CloseGoingAway
	InvalidPayload  = websocket.CloseInvalidFramePayloadData
	PolicyViolation = websocket.ClosePolicyViolation
)

// readers lends the buffers that messages are read into.
var readers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// NewServer returns a server that hands its sockets to h.
func NewServer(c Config, h Handler) *Server {
	c.Limits = c.Limits.withDefaults()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{config: c, handler: h, addresses: newAddresses(c.Limits), conns: map[*Conn]struct{}{}, empty: make(chan struct{})}
	s.upgrader = websocket.Upgrader{
		HandshakeTimeout: c.Limits.WriteTime,
		ReadBufferSize:   512,
		WriteBufferSize:  1024,
		WriteBufferPool:  &sync.Pool{},
		CheckOrigin:      func(*http.Request) bool { return true }, // done before, with a plain answer
	}
	if c.Subprotocol != "" {
		s.upgrader.Subprotocols = []string{c.Subprotocol}
	}
	return s
}

// ServeHTTP upgrades a request, or refuses it in plain HTTP.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "this is a WebSocket endpoint", http.StatusUpgradeRequired)
		return
	}
	if !s.originAllowed(r.Header.Get("Origin")) {
		http.Error(w, "this origin may not announce here", http.StatusForbidden)
		return
	}
	address := s.config.Proxies.Client(r)
	if !s.addresses.open(address, time.Now()) {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many connections from this address", http.StatusTooManyRequests)
		return
	}
	if !s.reserve() {
		s.addresses.close(address)
		w.Header().Set("Retry-After", "30")
		http.Error(w, "this server takes no more connections now", http.StatusServiceUnavailable)
		return
	}
	ws, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.addresses.close(address)
		s.release()
		s.logRefusal(err)
		return
	}
	// A fresh goroutine, so that the stack and buffers of the HTTP request are freed.
	go s.serve(newConn(s, s.nextID(), ws, address))
}

// logRefusal logs what a client did wrong. Errors of the network are not logged: they name its address.
func (s *Server) logRefusal(err error) {
	if refused := (websocket.HandshakeError{}); errors.As(err, &refused) {
		s.config.Log.Debug("upgrade refused", "err", refused)
	}
}

func (s *Server) originAllowed(origin string) bool {
	return len(s.config.Origins) == 0 || slices.Contains(s.config.Origins, origin)
}

// reserve takes one place among all sockets.
func (s *Server) reserve() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining || len(s.conns)+s.opening >= s.config.Limits.Sockets {
		return false
	}
	s.opening++
	return true
}

func (s *Server) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opening--
	s.drained()
}

func (s *Server) nextID() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	return s.lastID
}

// serve is the life of one socket.
func (s *Server) serve(c *Conn) {
	s.mu.Lock()
	s.opening--
	s.conns[c] = struct{}{}
	draining := s.draining
	s.mu.Unlock()
	if draining {
		c.Close(GoingAway, "server is stopping")
	}

	s.handler.Opened(c)
	c.read()
	s.handler.Closed(c)

	s.addresses.close(c.address)
	s.mu.Lock()
	delete(s.conns, c)
	s.drained()
	s.mu.Unlock()
}

// drained tells Shutdown when no socket is left. s.mu is held.
func (s *Server) drained() {
	if s.draining && len(s.conns)+s.opening == 0 {
		select {
		case <-s.empty:
		default:
			close(s.empty)
		}
	}
}

// Len returns the number of open sockets.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// ErrShutdown is the error of a Shutdown whose context ended first.
var ErrShutdown = errors.New("sockets were cut")

// Shutdown refuses new sockets and closes those that are open with code 1001, evenly over the time spread, so that their clients do
// not all come back at once. It returns when all are closed; when ctx ends first, it cuts those that are left.
func (s *Server) Shutdown(ctx context.Context, spread time.Duration) error {
	open := s.drain()
	for _, c := range open {
		c.Close(GoingAway, "server is stopping")
		select {
		case <-time.After(spread / time.Duration(len(open))):
		case <-ctx.Done():
		}
	}
	select {
	case <-s.empty:
		return nil
	case <-ctx.Done():
	}
	for _, c := range s.drain() {
		c.cut()
	}
	<-s.empty
	return ErrShutdown
}

// drain starts draining and returns the open sockets.
func (s *Server) drain() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	s.drained()
	open := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		open = append(open, c)
	}
	return open
}
