package socket

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"fanseed/signal/socket/sockettest"
)

// echo answers every message with itself, and remembers what happened.
type echo struct {
	mu     sync.Mutex
	events []string
	open   map[*Conn]bool
	reply  func(c *Conn, text []byte)
}

func (e *echo) note(event string, c *Conn, open bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, event)
	if e.open == nil {
		e.open = map[*Conn]bool{}
	}
	e.open[c] = open
}

func (e *echo) Opened(c *Conn) { e.note("opened", c, true) }
func (e *echo) Ponged(c *Conn) { e.note("ponged", c, true) }
func (e *echo) Closed(c *Conn) { e.note("closed", c, false) }
func (e *echo) Received(c *Conn, text []byte) {
	e.note("received", c, true)
	if e.reply != nil {
		e.reply(c, text)
		return
	}
	c.Send([]byte(string(text)))
}

func (e *echo) count(event string) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, happened := range e.events {
		if happened == event {
			n++
		}
	}
	return n
}

// site is a server in a synctest bubble.
type site struct {
	t        *testing.T
	echo     *echo
	server   *Server
	listener *sockettest.Listener
}

// inBubble runs a test with a server whose time is the bubble's.
func inBubble(t *testing.T, c Config, test func(s *site)) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{t: t, echo: &echo{}}
		c.Subprotocol = "test.v1"
		s.server = NewServer(c, s.echo)
		s.listener = sockettest.Serve(t, s.server)
		test(s)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s.server.Shutdown(ctx, 0)
		synctest.Wait()
		for c, open := range s.echo.open {
			if open {
				t.Errorf("socket %d was never closed", c.ID())
			}
		}
	})
}

const here = "198.51.100.7"

// dial opens a socket; status is the answer's, also of a refusal.
func (s *site) dial(from string, header http.Header, subprotocols ...string) (ws *websocket.Conn, status int) {
	d := websocket.Dialer{NetDialContext: s.listener.Dial(from), Subprotocols: subprotocols}
	ws, response, err := d.Dial("ws://example.org/announce", header)
	if response == nil {
		s.t.Fatal(err)
	}
	return ws, response.StatusCode
}

func (s *site) open(from string) *websocket.Conn {
	s.t.Helper()
	ws, status := s.dial(from, nil)
	if ws == nil {
		s.t.Fatal("upgrade refused with status", status)
	}
	return ws
}

func (s *site) exchange(ws *websocket.Conn, text string) {
	s.t.Helper()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		s.t.Fatal(err)
	}
	if _, got, err := ws.ReadMessage(); err != nil || string(got) != text {
		s.t.Fatalf("got %q, %v", got, err)
	}
}

// closeCode reads until the socket ends, and returns its close code, 1006 when there was none.
func closeCode(ws *websocket.Conn) int {
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			if e := (*websocket.CloseError)(nil); errors.As(err, &e) {
				return e.Code
			}
			return websocket.CloseAbnormalClosure
		}
	}
}

func TestMessages(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		ws := s.open(here)
		s.exchange(ws, "hello")
		s.exchange(ws, strings.Repeat("é", 32<<10))
		if err := ws.WriteMessage(websocket.BinaryMessage, []byte("binary is read like text")); err != nil {
			t.Fatal(err)
		}
		if kind, _, err := ws.ReadMessage(); kind != websocket.TextMessage || err != nil {
			t.Errorf("got kind %d, %v", kind, err)
		}
		ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "bye"), time.Time{})
		if got := closeCode(ws); got != 1000 {
			t.Errorf("close answered with %d", got)
		}
		synctest.Wait()
		if got := strings.Join(s.echo.events, " "); got != "opened received received received closed" {
			t.Errorf("events: %s", got)
		}
	})
}

func TestSubprotocol(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		for _, c := range []struct {
			offered []string
			want    string
		}{{nil, ""}, {[]string{"other"}, ""}, {[]string{"other", "test.v1"}, "test.v1"}} {
			ws, _ := s.dial(here, nil, c.offered...)
			if got := ws.Subprotocol(); got != c.want {
				t.Errorf("offered %v: got %q, want %q", c.offered, got, c.want)
			}
		}
	})
}

func TestRefusals(t *testing.T) {
	inBubble(t, Config{Origins: []string{"https://good.example"}}, func(s *site) {
		for origin, want := range map[string]int{
			"https://good.example":      http.StatusSwitchingProtocols,
			"https://good.example.evil": http.StatusForbidden,
			"https://evil.example":      http.StatusForbidden,
			"null":                      http.StatusForbidden,
			"":                          http.StatusForbidden,
		} {
			header := http.Header{}
			if origin != "" {
				header.Set("Origin", origin)
			}
			if _, got := s.dial(here, header); got != want {
				t.Errorf("origin %q: got %d, want %d", origin, got, want)
			}
		}
		client := http.Client{Transport: &http.Transport{DialContext: s.listener.Dial(here), DisableKeepAlives: true}}
		response, err := client.Get("http://example.org/announce")
		if err != nil || response.StatusCode != http.StatusUpgradeRequired {
			t.Fatalf("plain request: got %v, %v", response, err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	})
	inBubble(t, Config{Limits: Limits{Sockets: 2}}, func(s *site) {
		first := s.open(here)
		s.open("2001:db8::1")
		if _, got := s.dial("192.0.2.9", nil); got != http.StatusServiceUnavailable {
			t.Errorf("one socket too many: got %d", got)
		}
		first.Close()
		synctest.Wait()
		s.open("192.0.2.9")
	})
}

// TestLogNamesNoAddress has upgrades refused in every way, and looks for the client's address in the log.
func TestLogNamesNoAddress(t *testing.T) {
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server := NewServer(Config{Log: log}, &echo{})
	for _, key := range []string{"", "x3JJHMbDL1EzLkh9GBhXDw=="} {
		r := httptest.NewRequest("GET", "/announce", nil)
		r.RemoteAddr = here + ":1234"
		for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Key": key} {
			r.Header.Set(name, value)
		}
		server.ServeHTTP(brokenHijacker{httptest.NewRecorder()}, r)
	}
	if text := logged.String(); strings.Contains(text, here) || !strings.Contains(text, "upgrade refused") {
		t.Errorf("logged %s", text)
	}
	if server.Len() != 0 || server.addresses.seen[group(netip.MustParseAddr(here))].sockets != 0 {
		t.Error("a failed upgrade still counts")
	}
}

// brokenHijacker hands out a connection that fails with the client's address.
type brokenHijacker struct{ *httptest.ResponseRecorder }

func (brokenHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c := brokenConn{}
	return c, bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c)), nil
}

type brokenConn struct{ net.Conn }

func (brokenConn) fail() error {
	return &net.OpError{Op: "write", Net: "tcp", Addr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(here + ":1234")), Err: io.ErrClosedPipe}
}
func (c brokenConn) Read([]byte) (int, error)         { return 0, c.fail() }
func (c brokenConn) Write([]byte) (int, error)        { return 0, c.fail() }
func (c brokenConn) Close() error                     { return nil }
func (c brokenConn) SetDeadline(time.Time) error      { return nil }
func (c brokenConn) SetWriteDeadline(time.Time) error { return nil }

func TestPerAddress(t *testing.T) {
	inBubble(t, Config{Limits: Limits{PerAddress: 2}}, func(s *site) {
		first := s.open("2001:db8::1")
		s.open("2001:db8::ffff:2")
		if _, got := s.dial("2001:db8::3", nil); got != http.StatusTooManyRequests {
			t.Errorf("third socket of a /64: got %d", got)
		}
		s.open("2001:db8:0:1::1")
		s.open("192.0.2.1")
		s.open("192.0.2.1")
		if _, got := s.dial("::ffff:192.0.2.1", nil); got != http.StatusTooManyRequests {
			t.Errorf("third socket of an IPv4 address: got %d", got)
		}
		s.open("192.0.2.2")
		first.Close()
		synctest.Wait()
		s.open("2001:db8::3")
	})
}

func TestUpgradeRate(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		for range 20 {
			s.open(here).Close()
		}
		if _, got := s.dial(here, nil); got != http.StatusTooManyRequests {
			t.Errorf("21st upgrade: got %d", got)
		}
		s.open("198.51.100.8")
		time.Sleep(200 * time.Millisecond)
		s.open(here)
	})
}

func TestPing(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		ws := s.open(here)
		go closeCode(ws) // reads, and so answers pings
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := s.echo.count("ponged"); got != 35 && got != 36 {
			t.Errorf("%d pongs in an hour, want one each 100 s", got)
		}
		if s.server.Len() != 1 {
			t.Error("a socket that answers pings was closed")
		}
		ws.Close()
	})
}

func TestIdle(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		ws := s.open(here)
		ws.SetPingHandler(func(string) error { return nil })
		start := time.Now()
		closeCode(ws)
		if got := time.Since(start); got != 5*time.Minute {
			t.Errorf("a client that answers no ping was closed after %v", got)
		}
	})
}

func TestTooLarge(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		ws := s.open(here)
		go ws.WriteMessage(websocket.TextMessage, make([]byte, 64<<10+1))
		if got := closeCode(ws); got != websocket.CloseMessageTooBig {
			t.Errorf("got close code %d", got)
		}
	})
}

func TestNotUTF8(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		ws := s.open(here)
		ws.WriteMessage(websocket.TextMessage, []byte("a\xff"))
		if got := closeCode(ws); got != websocket.CloseInvalidFramePayloadData {
			t.Errorf("got close code %d", got)
		}
		if got := s.echo.count("received"); got != 0 {
			t.Error("it was delivered")
		}
	})
}

// TestSlowloris sends a message one byte a second: the deadline is the message's, not the byte's.
func TestSlowloris(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		ws := s.open(here)
		other := s.open("203.0.113.1")
		raw := ws.NetConn()
		var dripping sync.WaitGroup
		defer dripping.Wait()
		dripping.Go(func() {
			raw.Write([]byte{0x81, 0x80 | 100, 0, 0, 0, 0}) // a text frame of 100 bytes, masked with zeros
			for {
				if _, err := raw.Write([]byte("x")); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		})
		start := time.Now()
		closeCode(ws)
		if got := time.Since(start); got != 10*time.Second {
			t.Errorf("cut after %v, want 10s", got)
		}
		s.exchange(other, "unharmed")
	})
}

// TestSlowlorisWithPings hides the trickle of an unfinished message behind pings.
func TestSlowlorisWithPings(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		ws := s.open(here)
		var dripping sync.WaitGroup
		defer dripping.Wait()
		dripping.Go(func() {
			ws.NetConn().Write([]byte{0x01, 0x80 | 1, 0, 0, 0, 0, 'x'}) // a text frame that is not the last
			for {
				if _, err := ws.NetConn().Write([]byte{0x89, 0x80, 0, 0, 0, 0}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		})
		start := time.Now()
		closeCode(ws)
		if got := time.Since(start); got != 10*time.Second {
			t.Errorf("cut after %v, want 10s", got)
		}
	})
}

// TestSlowReader floods a client that does not read, until its queue is full.
func TestSlowReader(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		slow, other := s.open(here), s.open("203.0.113.1")
		var conn *Conn
		s.echo.reply = func(c *Conn, _ []byte) { conn = c }
		slow.WriteMessage(websocket.TextMessage, []byte("who am I"))
		synctest.Wait()
		s.echo.reply = nil

		text := make([]byte, 1<<10)
		for range 257 { // one is being written, 256 wait
			conn.Send(text)
			synctest.Wait()
		}
		if got := s.echo.count("closed"); got != 0 {
			t.Fatal("cut before its queue was full")
		}
		s.exchange(other, "unharmed")
		conn.Send(text)
		synctest.Wait()
		if got := s.echo.count("closed"); got != 1 {
			t.Error("a full queue did not cut the socket")
		}
		conn.Send(text) // is of no effect
		s.exchange(other, "unharmed")
	})
}

// TestStuckWriter leaves one message unread: the write deadline ends the socket though its queue is short.
func TestStuckWriter(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		ws := s.open(here)
		ws.WriteMessage(websocket.TextMessage, []byte("hello"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := s.echo.count("closed"); got != 1 {
			t.Error("still open")
		}
	})
}

// TestRate sends faster than the rate: it is read at the rate, and closed when it never pauses.
func TestRate(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		ws := s.open(here)
		go closeCode(ws)
		for range 30 + 5*10 {
			ws.WriteMessage(websocket.TextMessage, []byte("x"))
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := s.echo.count("received"); got < 75 || got > 80 {
			t.Errorf("%d messages read, want a burst of 30 and 5 a second", got)
		}
		ws.Close()
	})
}

// TestBursts pauses between bursts above the rate: that is no flood.
func TestBursts(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		ws := s.open(here)
		go closeCode(ws)
		for range 10 {
			for range 60 {
				ws.WriteMessage(websocket.TextMessage, []byte("x"))
			}
			time.Sleep(30 * time.Second)
		}
		synctest.Wait()
		if got := s.echo.count("received"); got != 600 || s.server.Len() != 1 {
			t.Errorf("%d messages read", got)
		}
		ws.Close()
	})
}

func TestFlood(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		ws := s.open(here)
		go func() {
			for ws.WriteMessage(websocket.TextMessage, []byte("x")) == nil {
			}
		}()
		start := time.Now()
		if got := closeCode(ws); got != websocket.ClosePolicyViolation {
			t.Errorf("got close code %d", got)
		}
		if got := time.Since(start); got < 2*time.Minute || got > 3*time.Minute {
			t.Errorf("closed after %v", got)
		}
		s.exchange(s.open("203.0.113.1"), "unharmed")
	})
}

// TestPingFlood shows that control frames count as messages.
func TestPingFlood(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		ws := s.open(here)
		go func() {
			for ws.WriteControl(websocket.PingMessage, nil, time.Time{}) == nil {
			}
		}()
		if got := closeCode(ws); got != websocket.ClosePolicyViolation {
			t.Errorf("got close code %d", got)
		}
	})
}

func TestClose(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		s.echo.reply = func(c *Conn, _ []byte) {
			c.Send([]byte("last words"))
			c.Close(PolicyViolation, "enough")
			c.Send([]byte("never sent"))
		}
		ws := s.open(here)
		ws.WriteMessage(websocket.TextMessage, []byte("x"))
		if _, got, err := ws.ReadMessage(); string(got) != "last words" {
			t.Errorf("got %q, %v", got, err)
		}
		ws.WriteMessage(websocket.TextMessage, []byte("too late to be delivered"))
		if got := closeCode(ws); got != PolicyViolation {
			t.Errorf("got close code %d", got)
		}
		synctest.Wait()
		if s.server.Len() != 0 || s.echo.count("received") != 1 {
			t.Errorf("%d sockets are open, %d messages were delivered", s.server.Len(), s.echo.count("received"))
		}
		for c := range s.echo.open {
			c.keepAlive() // a ping that was under way when the socket ended
			if c.ping.Stop() {
				t.Error("a closed socket is pinged for ever")
			}
		}
	})
}

// TestCloseUnanswered leaves the close frame unanswered.
func TestCloseUnanswered(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		s.echo.reply = func(c *Conn, _ []byte) { c.Close(PolicyViolation, "enough") }
		ws := s.open(here)
		ws.SetCloseHandler(func(int, string) error { return nil })
		ws.WriteMessage(websocket.TextMessage, []byte("x"))
		closeCode(ws)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if s.server.Len() != 0 {
			t.Error("still open")
		}
	})
}

func TestShutdown(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		codes := make(chan int, 3)
		for range 3 {
			ws := s.open(here)
			go func() { codes <- closeCode(ws) }()
		}
		synctest.Wait()
		start := time.Now()
		if err := s.server.Shutdown(s.t.Context(), 30*time.Second); err != nil {
			t.Error(err)
		}
		if got := time.Since(start); got != 30*time.Second {
			t.Errorf("took %v", got)
		}
		for range 3 {
			if got := <-codes; got != GoingAway {
				t.Errorf("got close code %d", got)
			}
		}
		if _, got := s.dial(here, nil); got != http.StatusServiceUnavailable {
			t.Errorf("a new socket while draining: got %d", got)
		}
	})
}

func TestShutdownCuts(t *testing.T) {
	inBubble(t, Config{}, func(s *site) {
		ws := s.open(here) // never reads
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		if err := s.server.Shutdown(ctx, 0); err != ErrShutdown {
			t.Errorf("got %v", err)
		}
		if _, err := ws.NetConn().Read(make([]byte, 1<<10)); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}
