package node

import (
	"context"
	"errors"

	"fanseed/signal/receipt"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// Parts are what a node needs of the world around it. Methods with a context
// may block: the loop never calls them itself.
type Parts struct {
	Peers   Peers
	Sockets Sockets
	Hasher  Hasher
	Keys    Keys
	Stores  Stores
	Fetcher Fetcher // nil: no webseed is used
	// Torrents is nil where the node seeds nothing but what it was told to. Nor does it where its Stores do not tell their Room() int64, in bytes.
	Torrents Torrents
	Host     Host
}

// Peers makes peer connections.
type Peers interface {
	Offer(ctx context.Context, h Handler) (Conn, string, error)
	Answer(ctx context.Context, offer string, h Handler) (Conn, string, error)
	// Recycle takes back a message that a Handler received.
	Recycle(message []byte)
}

// Conn is one peer connection.
type Conn interface {
	Accept(answer string) error
	// Send queues one message of at most MaxMessage bytes, and copies it.
	Send(message []byte) error
	Buffered() int
	Close()
}

// MaxMessage is the most bytes that one message to a peer has.
const MaxMessage = 64<<10 - 1

// Handler receives what happens to one Conn; its methods never block.
type Handler interface {
	Opened()
	Received(message []byte)
	// Low says that what is buffered has fallen to 256 KiB or less.
	Low()
	Closed()
}

// Sockets dials WebSockets. Events come to the handler, from any goroutine;
// Dial and a socket's methods never block.
type Sockets interface {
	Dial(url, subprotocol string, h SocketHandler) Socket
}

// Socket is one WebSocket.
type Socket interface {
	Send(text []byte)
	Close()
}

// SocketHandler receives what happens to one Socket.
type SocketHandler interface {
	// Opened tells the subprotocol that the server chose, or "".
	Opened(subprotocol string)
	Received(text []byte)
	Closed()
}

// Hasher hashes whole pieces.
type Hasher interface {
	SHA1(ctx context.Context, piece []byte) ([20]byte, error)
	// Leaves returns the SHA-256 of every 16 KiB of a piece, and of what is left at its end, one after the other (BEP 52).
	Leaves(ctx context.Context, piece []byte) ([]byte, error)
}

// Keys signs with the account's Ed25519 key and checks others' signatures.
type Keys interface {
	// PublicKey is the account's key; false where there is none: a free peer.
	PublicKey() ([32]byte, bool)
	Sign(ctx context.Context, message []byte) ([64]byte, error)
	Verify(ctx context.Context, publicKey [32]byte, message []byte, signature [64]byte) bool
}

// Stores opens the stores of works, with what earlier runs have left in them.
type Stores interface {
	Open(ctx context.Context, infohash [20]byte, info *metainfo.Info) (store.Store, error)
}

// Fetcher gets bytes over HTTP.
type Fetcher interface {
	// Fetch hands over the bytes of what is at url from begin on and before
	// end, in order as they come; each call's bytes are lent until it returns.
	// It returns nil once all have come. What else the server says is a
	// *BadAnswer; any other error is the network's.
	Fetch(ctx context.Context, url string, begin, end int64, into func([]byte)) error
}

// Host is told what the person should see, and keeps what must outlive the
// node. Its methods never block.
type Host interface {
	Changed(Snapshot)
	Removed(infohash [20]byte)
	// Keep keeps the newest receipt of a ticket until Forget.
	Keep(Receipt)
	Forget(serial [16]byte)
	// Promised keeps what the server promises to have in its public log.
	Promised(receipt.Result)
	// Moved counts bytes that went to peers, and came from peers and webseeds,
	// since the last call.
	Moved(sent, received int64)
}

// Receipt is a receipt that was earned and not acknowledged in full.
type Receipt struct {
	Serial       [16]byte
	Amount       uint64 // bytes, cumulative
	Acknowledged uint64 // bytes that the server has acknowledged
	Signature    [64]byte
}

// The failures that a caller can tell apart.
var (
	ErrNoWork  = errors.New("no such work here")
	ErrBadLink = errors.New("not a magnet link with an infohash")
	ErrTorrent = errors.New("not a valid torrent")
	ErrMissing = errors.New("the file is not complete yet")
	ErrFull    = errors.New("the browser has no more room")
	ErrLost    = errors.New("the browser has deleted what was kept")
)
