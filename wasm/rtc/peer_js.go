package rtc

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"syscall/js"
	"unsafe"

	"fanseed/wasm/promise"
)

// peer is an RTCPeerConnection, or rather what the worker has for one
// (web/engine/rtc_worker.ts): it throws nothing, and rejects instead.
type peer struct {
	value  js.Value
	events *events
}

func newPeer(c Config) (peer, error) {
	servers := make([]any, len(c.ICEServers))
	for i, s := range c.ICEServers {
		servers[i] = s.js()
	}
	config := map[string]any{"iceServers": servers}
	if c.Relay {
		config["iceTransportPolicy"] = "relay"
	}
	value := js.Global().Get("RTCPeerConnection").New(config)
	return peer{value, &events{target: value}}, nil
}

func (s ICEServer) js() map[string]any {
	urls := make([]any, len(s.URLs))
	for i, url := range s.URLs {
		urls[i] = url
	}
	server := map[string]any{"urls": urls}
	if s.Credential != "" {
		server["username"], server["credential"] = s.Username, s.Credential
	}
	return server
}

func (p peer) onEnd(f func()) {
	p.events.on("onconnectionstatechange", func(js.Value) {
		if state := p.value.Get("connectionState").String(); state == "failed" || state == "closed" {
			go f()
		}
	})
}

func (p peer) onChannel(f func(*channel)) {
	p.events.on("ondatachannel", func(event js.Value) { go f(newChannel(event.Get("channel"))) })
}

func (p peer) onGathering(f func()) {
	p.events.on("onicegatheringstatechange", func(js.Value) { go f() })
}

func (p peer) createChannel(label string) (*channel, error) {
	return newChannel(p.value.Call("createDataChannel", label)), nil
}

func (p peer) describe(k kind) error {
	create := "createOffer"
	if k == answer {
		create = "createAnswer"
	}
	description, err := promise.Await(context.Background(), p.value.Call(create))
	if err != nil {
		return err
	}
	_, err = promise.Await(context.Background(), p.value.Call("setLocalDescription", description))
	return err
}

func (p peer) take(k kind, sdp string) error {
	description := map[string]any{"type": string(k), "sdp": sdp}
	_, err := promise.Await(context.Background(), p.value.Call("setRemoteDescription", description))
	return err
}

func (p peer) gathered() bool { return p.value.Get("iceGatheringState").String() == "complete" }

func (p peer) local() string {
	if d := p.value.Get("localDescription"); d.Truthy() {
		return d.Get("sdp").String()
	}
	return ""
}

func (p peer) close() {
	p.events.release()
	p.value.Call("close")
}

// channel is a data channel. Its payload goes past objects: the worker copies
// from and to addresses that it is told.
type channel struct {
	value              js.Value
	take, put, waiting js.Value
	events             *events
}

func newChannel(value js.Value) *channel {
	return &channel{value, value.Get("take"), value.Get("put"), value.Get("queued"), &events{target: value}}
}

func (c *channel) onOpen(f func())  { c.events.on("onopen", func(js.Value) { go f() }) }
func (c *channel) onClose(f func()) { c.events.on("onclose", func(js.Value) { go f() }) }

func (c *channel) onLow(f func()) {
	c.value.Set("bufferedAmountLowThreshold", lowWater)
	c.events.on("onbufferedamountlow", func(js.Value) { go f() })
}

// listen hands what arrives to received, and first what has arrived already.
func (c *channel) listen(received func([]byte)) {
	read := func(js.Value) {
		for {
			message := buffer(room)
			n := c.take.Invoke(address(message), room).Int()
			if n == 0 {
				Recycle(message)
				return
			}
			received(fitting(message, n))
			if n < room {
				return
			}
		}
	}
	c.events.on("onreadable", read)
	read(js.Undefined())
}

// fitting is a message as the handler gets it: a small one in a slice of its own.
func fitting(message []byte, n int) []byte {
	if n >= small {
		return message[:n]
	}
	own := bytes.Clone(message[:n])
	Recycle(message)
	return own
}

func (c *channel) isOpen() bool { return c.value.Get("readyState").String() == "open" }

func (c *channel) send(message []byte) error {
	taken := c.put.Invoke(address(message), len(message)).Bool()
	runtime.KeepAlive(message)
	if !taken {
		return errors.New("data channel refused a message")
	}
	return nil
}

func (c *channel) queued() int { return c.waiting.Invoke().Int() }

func (c *channel) close() {
	c.events.release()
	c.value.Call("close")
}

// address is where bytes lie in the engine's memory. Go does not move what is
// on its heap.
func address(b []byte) int { return int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// events are the handlers of one object.
type events struct {
	target js.Value
	names  []string
	funcs  []js.Func
}

// on sets a handler. It runs inside the event loop.
func (e *events) on(name string, f func(event js.Value)) {
	handler := js.FuncOf(func(_ js.Value, args []js.Value) any {
		event := js.Undefined()
		if len(args) > 0 {
			event = args[0]
		}
		f(event)
		return nil
	})
	e.names, e.funcs = append(e.names, name), append(e.funcs, handler)
	e.target.Set(name, handler)
}

// release ends the handlers: none is called any more.
func (e *events) release() {
	for i, name := range e.names {
		e.target.Set(name, js.Null())
		e.funcs[i].Release()
	}
	e.names, e.funcs = nil, nil
}
