package seedbox

import (
	"context"
	"crypto/ed25519"
	"crypto/sha1"
	"fmt"
	"io"
	"net/http"

	"fanseed/signal/socket"
	"fanseed/wasm/merkle"
	"fanseed/wasm/node"
	"fanseed/wasm/rtc"
)

// ICEServer is a STUN or TURN server.
type ICEServer = rtc.ICEServer

// PartsConfig says what the engine runs on natively.
type PartsConfig struct {
	Key    ed25519.PrivateKey // of the account; nil: a free peer
	ICE    []ICEServer
	Dialer socket.Dialer
	HTTP   *http.Client // for webseeds; nil: none are used
	Stores node.Stores
	Host   node.Host
}

// NewParts returns the parts of a node that runs natively.
func NewParts(c PartsConfig) node.Parts {
	return node.Parts{
		Peers: peers{rtc.Config{ICEServers: c.ICE}}, Sockets: sockets{c.Dialer}, Hasher: hasher{}, Keys: keys{c.Key},
		Stores: c.Stores, Fetcher: fetcher{c.HTTP}, Host: c.Host,
	}
}

// peers makes peer connections by pion.
type peers struct{ config rtc.Config }

func (p peers) Offer(ctx context.Context, h node.Handler) (node.Conn, string, error) {
	return made(rtc.Offer(ctx, p.config, h))
}

func (p peers) Answer(ctx context.Context, offer string, h node.Handler) (node.Conn, string, error) {
	return made(rtc.Answer(ctx, p.config, offer, h))
}

// made keeps a nil pointer from becoming an interface that is not nil.
func made(c *rtc.Conn, sdp string, err error) (node.Conn, string, error) {
	if err != nil {
		return nil, "", err
	}
	return c, sdp, nil
}

func (peers) Recycle(message []byte) { rtc.Recycle(message) }

// sockets dials the announce endpoint.
type sockets struct{ dialer socket.Dialer }

func (s sockets) Dial(url, subprotocol string, h node.SocketHandler) node.Socket {
	return s.dialer.Dial(url, subprotocol, h)
}

// hasher hashes with the processor's own instructions.
type hasher struct{}

func (hasher) SHA1(_ context.Context, piece []byte) ([20]byte, error) { return sha1.Sum(piece), nil }

func (hasher) Leaves(_ context.Context, piece []byte) ([]byte, error) {
	return merkle.AppendLeaves(nil, piece), nil
}

// keys signs with a key in memory.
type keys struct{ private ed25519.PrivateKey }

func (k keys) PublicKey() (public [32]byte, known bool) {
	if k.private == nil {
		return public, false
	}
	return [32]byte(k.private.Public().(ed25519.PublicKey)), true
}

func (k keys) Sign(_ context.Context, message []byte) ([64]byte, error) {
	return [64]byte(ed25519.Sign(k.private, message)), nil
}

func (keys) Verify(_ context.Context, public [32]byte, message []byte, signature [64]byte) bool {
	return ed25519.Verify(public[:], message, signature[:])
}

// fetcher gets bytes of webseeds.
type fetcher struct{ client *http.Client }

const fetchBuffer = 64 << 10

// Fetch implements node.Fetcher.
func (f fetcher) Fetch(ctx context.Context, url string, begin, end int64, into func([]byte)) error {
	if f.client == nil {
		return &node.BadAnswer{Status: http.StatusForbidden, Reason: "webseeds are not used here"}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", begin, end-1))
	response, err := f.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	skip, err := node.Answer(response.StatusCode, response.Header.Get("Content-Range"), response.Header.Get("Retry-After"), begin, end)
	if err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, response.Body, skip); err != nil {
		return err
	}
	return lend(response.Body, end-begin, into)
}

// lend hands over so many bytes as they come.
func lend(from io.Reader, size int64, into func([]byte)) error {
	b := make([]byte, fetchBuffer)
	for size > 0 {
		n, err := from.Read(b[:min(size, fetchBuffer)])
		into(b[:n])
		if size -= int64(n); err != nil && size > 0 {
			return io.ErrUnexpectedEOF
		}
	}
	return nil
}
