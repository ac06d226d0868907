package rtc

import (
	"bytes"
	"errors"
	"runtime"
	"syscall/js"
	"unsafe"

	"github.com/pion/webrtc/v4"
)

func newPeerConnection(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
	return webrtc.NewPeerConnection(c)
}

func (c *Conn) onGathering(f func()) { c.pc.OnICEGatheringStateChange(f) }

// port is the way of a channel's payload, past pion and past objects: the
// worker copies from and to addresses that it is told (web/engine/rtc_worker.ts).
// pion's own callback starts a goroutine for every message, which costs time
// and may turn two messages round.
type port struct {
	channel            js.Value
	take, put, waiting js.Value
	readable           js.Func
}

func newPort(channel *webrtc.DataChannel) port {
	value := channel.JSValue()
	return port{channel: value, take: value.Get("take"), put: value.Get("put"), waiting: value.Get("queued")}
}

// listen hands what arrives to received, and first what has arrived already.
func (p *port) listen(received func([]byte)) {
	read := func(js.Value, []js.Value) any {
		for {
			message := buffer(room)
			n := p.take.Invoke(address(message), room).Int()
			if n == 0 {
				Recycle(message)
				return nil
			}
			received(fitting(message, n))
			if n < room {
				return nil
			}
		}
	}
	p.readable = js.FuncOf(read)
	p.channel.Set("onreadable", p.readable)
	read(js.Undefined(), nil)
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

func (p *port) send(message []byte) error {
	taken := p.put.Invoke(address(message), len(message)).Bool()
	runtime.KeepAlive(message)
	if !taken {
		return errors.New("data channel refused a message")
	}
	return nil
}

func (p *port) queued() int { return p.waiting.Invoke().Int() }

// address is where bytes lie in the engine's memory. Go does not move what is
// on its heap.
func address(b []byte) int { return int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

// release frees what the browser holds for the connection.
func release(c *Conn) {
	if c.channel != nil {
		c.port.channel.Set("onreadable", js.Null())
		c.port.readable.Release()
	}
	_ = c.pc.Close()
}
