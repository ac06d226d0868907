package socket

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// caller notes what happens on a Client.
type caller struct {
	mu     sync.Mutex
	events []string
	closed chan struct{}
}

func newCaller() *caller { return &caller{closed: make(chan struct{})} }

func (c *caller) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, what)
}

func (c *caller) Opened(subprotocol string) { c.note("opened " + subprotocol) }
func (c *caller) Received(text []byte)      { c.note("received " + string(text)) }
func (c *caller) Closed()                   { c.note("closed"); close(c.closed) }

func (c *caller) wait(t *testing.T, want ...string) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		got := strings.Join(c.events, ", ")
		c.mu.Unlock()
		if got == strings.Join(want, ", ") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("got %s, want %s", got, strings.Join(want, ", "))
		}
	}
}

// parrot says everything again.
type parrot struct{ closed chan struct{} }

func (p parrot) Opened(*Conn)                  {}
func (p parrot) Received(c *Conn, text []byte) { c.Send([]byte(string(text))) }
func (p parrot) Ponged(*Conn)                  {}
func (p parrot) Closed(*Conn)                  { close(p.closed) }

func TestClient(t *testing.T) {
	p := parrot{make(chan struct{})}
	server := httptest.NewServer(NewServer(Config{Subprotocol: "fanseed.v1"}, p))
	defer server.Close()
	h := newCaller()
	// The name and TLS are those of the outside: the address alone is dialled.
	c := Dialer{Address: strings.TrimPrefix(server.URL, "http://")}.Dial("wss://fanseed.example/announce", "fanseed.v1", h)
	h.wait(t, "opened fanseed.v1")
	c.Send([]byte("one"))
	c.Send([]byte("two"))
	h.wait(t, "opened fanseed.v1", "received one", "received two")
	c.Send([]byte("three"))
	c.Close()
	c.Close()
	<-p.closed
	<-h.closed
	c.Send([]byte("nobody hears it"))
}

func TestClientThatCannotConnect(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	h := newCaller()
	Dialer{}.Dial(strings.Replace(server.URL, "http", "ws", 1), "", h)
	h.wait(t, "closed")
}

func TestClientWhoseServerIsGone(t *testing.T) {
	p := parrot{make(chan struct{})}
	s := NewServer(Config{}, p)
	server := httptest.NewServer(s)
	defer server.Close()
	h := newCaller()
	c := Dialer{}.Dial(strings.Replace(server.URL, "http", "ws", 1), "", h)
	h.wait(t, "opened ")
	_ = s.Shutdown(t.Context(), 0)
	h.wait(t, "opened ", "closed")
	c.Send([]byte("nobody hears it"))
	for range 5 {
		c.Send(make([]byte, clientQueue/4)) // more than fits
	}
}
