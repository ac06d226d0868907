package socket_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fanseed/signal/socket"
)

// mirror sends back what it gets.
type mirror struct{}

func (mirror) Opened(*socket.Conn)                  {}
func (mirror) Received(c *socket.Conn, text []byte) { c.Send([]byte(strings.ToUpper(string(text)))) }
func (mirror) Ponged(*socket.Conn)                  {}
func (mirror) Closed(*socket.Conn)                  {}

// heard is what a client was told.
type heard struct{ told chan string }

func (h heard) Opened(subprotocol string) { h.told <- "opened " + subprotocol }
func (h heard) Received(text []byte)      { h.told <- string(text) }
func (h heard) Closed()                   { h.told <- "closed" }

func (h heard) expect(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-h.told:
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	case <-time.After(time.Minute):
		t.Fatalf("never %q", want)
	}
}

func TestDial(t *testing.T) {
	sockets := socket.NewServer(socket.Config{Subprotocol: "spoken"}, mirror{})
	server := httptest.NewServer(sockets)
	defer server.Close()
	h := heard{make(chan string, 16)}
	// The name leads nowhere: the address is dialled.
	c := socket.Dial("ws://fanseed.invalid/announce", "spoken", server.Listener.Addr().String(), h)
	h.expect(t, "opened spoken")
	c.Send([]byte("one"))
	c.Send([]byte("two"))
	h.expect(t, "ONE")
	h.expect(t, "TWO")
	c.Close()
	c.Close()
	h.expect(t, "closed")
	over, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := sockets.Shutdown(over, 0); err != nil {
		t.Errorf("the server still has a socket: %v", err)
	}
}

func TestDialNobody(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	h := heard{make(chan string, 16)}
	c := socket.Dial("ws://"+server.Listener.Addr().String()+"/announce", "spoken", "", h)
	h.expect(t, "closed")
	c.Send([]byte("to nobody"))
	c.Close()
}
