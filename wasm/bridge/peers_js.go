package bridge

import (
	"context"
	"encoding/hex"
	"sync"
	"syscall/js"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/node"
	"fanseed/wasm/promise"
	"fanseed/wasm/rtc"
	"fanseed/wasm/store"
)

// peers makes peer connections with the ICE servers of the day.
type peers struct {
	mu     sync.Mutex
	config rtc.Config
}

func (p *peers) set(c rtc.Config) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config = c
}

func (p *peers) now() rtc.Config {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.config
}

func (p *peers) Offer(ctx context.Context, h node.Handler) (node.Conn, string, error) {
	c, sdp, err := rtc.Offer(ctx, p.now(), h)
	if err != nil {
		return nil, "", err
	}
	return c, sdp, nil
}

func (p *peers) Answer(ctx context.Context, offer string, h node.Handler) (node.Conn, string, error) {
	c, sdp, err := rtc.Answer(ctx, p.now(), offer, h)
	if err != nil {
		return nil, "", err
	}
	return c, sdp, nil
}

func (p *peers) Recycle(message []byte) { rtc.Recycle(message) }

func iceServers(v js.Value) (servers []rtc.ICEServer) {
	if v.Type() != js.TypeObject {
		return nil
	}
	for i := range v.Length() {
		s := v.Index(i)
		server := rtc.ICEServer{Username: text(s.Get("username")), Credential: text(s.Get("credential"))}
		urls := s.Get("urls")
		if urls.Type() == js.TypeString {
			server.URLs = []string{urls.String()}
		} else {
			for j := range urls.Length() {
				server.URLs = append(server.URLs, urls.Index(j).String())
			}
		}
		servers = append(servers, server)
	}
	return servers
}

// stores opens the stores of works where the browser keeps most.
type stores struct{ *store.Opener }

func (s stores) Open(ctx context.Context, infohash [20]byte, info *metainfo.Info) (store.Store, error) {
	return s.Opener.Open(ctx, infohash, info)
}

// torrents has the worker ask the server for a .torrent.
type torrents struct{ host js.Value }

func (t torrents) Torrent(ctx context.Context, infohash [20]byte) ([]byte, error) {
	value, err := promise.Await(ctx, t.host.Call("torrent", hex.EncodeToString(infohash[:])))
	if err != nil {
		return nil, err
	}
	return bytesToGo(value), nil
}

// sockets dials the browser's WebSockets.
type sockets struct{}

type socket struct{ value js.Value }

func (sockets) Dial(url, subprotocol string, h node.SocketHandler) node.Socket {
	value := js.Global().Get("WebSocket").New(url, subprotocol)
	var opened, message, closed js.Func
	opened = js.FuncOf(func(js.Value, []js.Value) any {
		h.Opened(value.Get("protocol").String())
		return nil
	})
	message = js.FuncOf(func(_ js.Value, args []js.Value) any {
		if data := args[0].Get("data"); data.Type() == js.TypeString {
			h.Received([]byte(data.String()))
		}
		return nil
	})
	closed = js.FuncOf(func(js.Value, []js.Value) any {
		h.Closed()
		opened.Release()
		message.Release()
		closed.Release()
		return nil
	})
	value.Set("onopen", opened)
	value.Set("onmessage", message)
	value.Set("onclose", closed)
	return socket{value}
}

func (s socket) Send(text []byte) { s.value.Call("send", string(text)) }

func (s socket) Close() { s.value.Call("close", 1000) }
