package socket

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Dialer opens sockets to a server's announce endpoint, for peers that are no browsers.
type Dialer struct {
	// Address is "host:port" to connect to in place of what a URL says, without TLS; empty for what it says. It is how a server's
	// own peers reach it, whatever name it has outside.
	Address string
}

// ClientHandler gets what happens on a Client: Opened first, Closed last and once, from one goroutine.
type ClientHandler interface {
	Opened(subprotocol string) // that the server chose, or ""
	Received(text []byte)      // the handler's own
	Closed()
}

// What a client takes and waits for.
const (
	clientMessage = 1 << 20 // bytes
	clientQueue   = 4 << 20 // bytes that wait to be written
	handshakeTime = 15 * time.Second
)

// Client is one socket to a server. Its methods may be called from any goroutine and never block.
type Client struct {
	limits Limits
	cancel context.CancelFunc
	wake   chan struct{}

	mu     sync.Mutex
	queue  [][]byte
	queued int // bytes
}

// Dial opens a socket, asking for a subprotocol unless it is empty. That it could not be opened is told by Closed.
func (d Dialer) Dial(url, subprotocol string, h ClientHandler) *Client {
	ctx, cancel := context.WithCancel(context.Background())
	c := &Client{limits: Limits{}.withDefaults(), cancel: cancel, wake: make(chan struct{}, 1)}
	go func() {
		defer h.Closed()
		defer cancel()
		if ws, err := d.dial(ctx, url, subprotocol); err == nil {
			c.run(ctx, ws, h)
		}
	}()
	return c
}

func (d Dialer) dial(ctx context.Context, url, subprotocol string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{HandshakeTimeout: handshakeTime}
	if subprotocol != "" {
		dialer.Subprotocols = []string{subprotocol}
	}
	if d.Address != "" {
		direct := func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", d.Address)
		}
		dialer.NetDialContext, dialer.NetDialTLSContext = direct, direct
	}
	ws, _, err := dialer.DialContext(ctx, url, nil)
	return ws, err
}

// run is the life of an open socket.
func (c *Client) run(ctx context.Context, ws *websocket.Conn, h ClientHandler) {
	stop := context.AfterFunc(ctx, func() { ws.NetConn().Close() })
	defer stop()
	defer ws.NetConn().Close()
	ws.SetReadLimit(clientMessage)
	ws.SetPingHandler(func(data string) error {
		c.heard(ws)
		err := ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(c.limits.WriteTime))
		if temporary := net.Error(nil); errors.As(err, &temporary) && temporary.Timeout() {
			return nil
		}
		return err
	})
	h.Opened(ws.Subprotocol())
	go c.write(ctx, ws)
	for {
		c.heard(ws)
		kind, r, err := ws.NextReader()
		if err != nil {
			return
		}
		text, err := io.ReadAll(r)
		if err != nil || kind != websocket.TextMessage {
			return
		}
		h.Received(text)
	}
}

// heard renews the time for which the server may be silent: it pings.
func (c *Client) heard(ws *websocket.Conn) { ws.SetReadDeadline(time.Now().Add(c.limits.Idle)) }

// Send queues a text message; it keeps text. A socket whose queue would grow too long is cut.
func (c *Client) Send(text []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queued+len(text) > clientQueue {
		c.cancel()
		return
	}
	c.queue = append(c.queue, text)
	c.queued += len(text)
	c.awake()
}

// Close sends what is queued, and ends the socket.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, nil)
	c.awake()
	time.AfterFunc(c.limits.WriteTime, c.cancel)
}

func (c *Client) awake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// write writes what is queued until the socket ends; a nil message ends it.
func (c *Client) write(ctx context.Context, ws *websocket.Conn) {
	defer c.cancel()
	for {
		select {
		case <-c.wake:
		case <-ctx.Done():
			return
		}
		for _, text := range c.take() {
			ws.SetWriteDeadline(time.Now().Add(c.limits.WriteTime))
			if text == nil {
				_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(c.limits.WriteTime))
				return
			}
			if ws.WriteMessage(websocket.TextMessage, text) != nil {
				return
			}
		}
	}
}

func (c *Client) take() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	queue := c.queue
	c.queue, c.queued = nil, 0
	return queue
}
