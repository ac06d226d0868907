package seedbox

import (
	"strings"

	"fanseed/signal/socket"
	"fanseed/wasm/node"
)

// sockets dials the server's own listener, whatever name the engine knows it by: there is no way to be had through a proxy or a resolver.
type sockets struct{ address string }

func (s sockets) Dial(url, subprotocol string, h node.SocketHandler) node.Socket {
	if tail, ok := strings.CutPrefix(url, "wss://"); ok {
		url = "ws://" + tail // what comes by TLS from outside is plain behind the proxy
	}
	return socket.Dial(url, subprotocol, s.address, h)
}
