package rtc

import (
	"errors"
	"syscall/js"

	"github.com/pion/webrtc/v4"
)

var uint8Array = js.Global().Get("Uint8Array")

// outgoing is lent to the browser for the time of one send, which copies.
var outgoing = uint8Array.New(MaxMessage)

// maxReceived bounds what is copied out of the browser in bytes: Firefox takes
// messages of 1 GiB, and no message of the protocol is so long.
const maxReceived = 2 << 20

func newPeerConnection(c webrtc.Configuration) (*webrtc.PeerConnection, error) {
	return webrtc.NewPeerConnection(c)
}

func (c *Conn) onGathering(f func()) { c.pc.OnICEGatheringStateChange(f) }

// listen sets our own message callback: pion's starts a goroutine for every
// message, which costs time and may turn two messages round.
func (c *Conn) listen(channel *webrtc.DataChannel) {
	value := channel.JSValue()
	value.Set("binaryType", "arraybuffer")
	var receive js.Func
	receive = js.FuncOf(func(_ js.Value, args []js.Value) any {
		data := args[0].Get("data")
		if data.Type() != js.TypeObject {
			c.finish() // text is no part of the peer wire protocol
			return nil
		}
		array := uint8Array.New(data)
		length := array.Get("length").Int()
		if length > maxReceived {
			c.finish()
			return nil
		}
		message := buffer(length)
		js.CopyBytesToGo(message, array)
		c.handler.Received(message)
		return nil
	})
	c.cleanup = func() {
		value.Set("onmessage", js.Null())
		receive.Release()
	}
	value.Set("onmessage", receive)
}

// release frees what the browser holds for the connection.
func release(c *Conn) {
	if c.cleanup != nil {
		c.cleanup()
	}
	_ = c.pc.Close()
}

func send(channel *webrtc.DataChannel, message []byte) (err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = errors.New("data channel refused a message")
		}
	}()
	if len(message) > MaxMessage {
		return errors.New("message is over 64 KiB - 1")
	}
	js.CopyBytesToJS(outgoing, message)
	channel.JSValue().Call("send", outgoing.Call("subarray", 0, len(message)))
	return nil
}
