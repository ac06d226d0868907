package socket

import (
	"context"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// ClientHandler gets what happens on a socket that was dialled: Opened at most once, and before the others; Closed last and once, also where
// the socket never opened. The calls come from one goroutine.
type ClientHandler interface {
	Opened(subprotocol string) // that the server chose, or ""
	Received(text []byte)      // the handler's own
	Closed()
}

// Client is a socket to a server. Its methods may be called from any goroutine and never block.
type Client struct {
	cancel context.CancelFunc
	ended  context.Context
	queue  chan []byte
	close  func() // once
}

// clientQueue is how many messages a server that reads slowly may leave unread.
const clientQueue = 1024

// Dial opens a socket to url. Where address is not empty, it is dialled in place of the host that url names.
func Dial(url, subprotocol, address string, h ClientHandler) *Client {
	ended, cancel := context.WithCancel(context.Background())
	c := &Client{cancel: cancel, ended: ended, queue: make(chan []byte, clientQueue)}
	closing := make(chan struct{})
	c.close = sync.OnceFunc(func() { close(closing) })
	dialer := websocket.Dialer{Subprotocols: []string{subprotocol}, HandshakeTimeout: 10 * time.Second}
	if address != "" {
		dialer.NetDialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
	}
	go func() {
		defer h.Closed()
		defer cancel()
		if ws, _, err := dialer.DialContext(ended, url, nil); err == nil {
			c.run(ws, closing, h)
		}
	}()
	return c
}

// Send queues a text message; it keeps text. A socket whose queue is full is cut.
func (c *Client) Send(text []byte) {
	select {
	case c.queue <- text:
	default:
		c.cancel()
	}
}

// Close ends the socket after what was sent before.
func (c *Client) Close() {
	c.close()
	time.AfterFunc(clientIdle, c.cancel)
}

// clientIdle is how long the server may be silent, and how long a write or a good-bye may take. Servers ping more often.
const clientIdle = 2 * time.Minute

func (c *Client) run(ws *websocket.Conn, closing <-chan struct{}, h ClientHandler) {
	defer ws.Close()
	defer context.AfterFunc(c.ended, func() { ws.NetConn().Close() })()
	ws.SetReadLimit(Limits{}.withDefaults().Message)
	answer := ws.PingHandler()
	ws.SetPingHandler(func(data string) error {
		_ = ws.SetReadDeadline(time.Now().Add(clientIdle))
		return answer(data)
	})
	h.Opened(ws.Subprotocol())
	go c.write(ws, closing)
	for {
		_ = ws.SetReadDeadline(time.Now().Add(clientIdle)) // a socket that takes none fails at its next read
		_, r, err := ws.NextReader()
		if err != nil {
			return
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return
		}
		h.Received(text)
	}
}

// write writes what is queued, and a close frame when all is written that was queued before Close.
func (c *Client) write(ws *websocket.Conn, closing <-chan struct{}) {
	for {
		select {
		case text := <-c.queue:
			if !c.put(ws, text) {
				return
			}
		case <-closing:
			c.bye(ws)
			return
		case <-c.ended.Done():
			return
		}
	}
}

func (c *Client) put(ws *websocket.Conn, text []byte) bool {
	_ = ws.SetWriteDeadline(time.Now().Add(clientIdle))
	if ws.WriteMessage(websocket.TextMessage, text) != nil {
		c.cancel()
		return false
	}
	return true
}

// bye writes what was queued until now, and says good-bye.
func (c *Client) bye(ws *websocket.Conn) {
	for range len(c.queue) {
		if !c.put(ws, <-c.queue) {
			return
		}
	}
	_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
}
