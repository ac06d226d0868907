package seedbox

import (
	"context"
	"crypto/ed25519"
	"crypto/sha1"

	"fanseed/signal/receipt"
	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/node"
	"fanseed/wasm/rtc"
	"fanseed/wasm/store"
)

// NewParts returns what an engine runs on natively, but for its stores and its host. It dials address in place of its server's own, if that
// is not empty, and uses no webseeds: theirs may be anywhere, also behind this machine's firewall.
func NewParts(key ed25519.PrivateKey, address string, ice []rtc.ICEServer) node.Parts {
	return node.Parts{Peers: peers{rtc.Config{ICEServers: ice}}, Sockets: sockets{address}, Hasher: hasher{}, Keys: keys{key}}
}

// peers makes WebRTC connections by pion.
type peers struct{ config rtc.Config }

func (p peers) Offer(ctx context.Context, h node.Handler) (node.Conn, string, error) {
	return made(rtc.Offer(ctx, p.config, h))
}

func (p peers) Answer(ctx context.Context, offer string, h node.Handler) (node.Conn, string, error) {
	return made(rtc.Answer(ctx, p.config, offer, h))
}

func (peers) Recycle(message []byte) { rtc.Recycle(message) }

// made keeps a connection that is nil from becoming a node.Conn that is none.
func made(c *rtc.Conn, sdp string, err error) (node.Conn, string, error) {
	if err != nil {
		return nil, "", err
	}
	return c, sdp, nil
}

// hasher hashes by the standard library, which uses what the processor has for it.
type hasher struct{}

func (hasher) SHA1(_ context.Context, piece []byte) ([20]byte, error) { return sha1.Sum(piece), nil }

func (hasher) Leaves(_ context.Context, piece []byte) ([]byte, error) {
	return merkle.AppendLeaves(nil, piece), nil
}

// keys is the account of the engine.
type keys struct{ key ed25519.PrivateKey }

func (k keys) PublicKey() ([32]byte, bool) { return [32]byte(k.key.Public().(ed25519.PublicKey)), true }

func (k keys) Sign(_ context.Context, message []byte) ([64]byte, error) {
	return [64]byte(ed25519.Sign(k.key, message)), nil
}

func (keys) Verify(_ context.Context, publicKey [32]byte, message []byte, signature [64]byte) bool {
	return ed25519.Verify(publicKey[:], message, signature[:])
}

// stores are the engine's views of the copies.
type stores struct{ box *Box }

func (s stores) Open(_ context.Context, infohash [20]byte, _ *metainfo.Info) (store.Store, error) {
	c := s.box.Shelf.Find(infohash)
	if c == nil {
		return nil, store.ErrClosed
	}
	note := func(index int) { s.box.news.Note(infohash, index) }
	return c.View("engine", note, note)
}

// noted hears from the engine what became of the works.
type noted struct{ box *Box }

func (n noted) Changed(s node.Snapshot)   { n.box.heard(s) }
func (n noted) Removed(infohash [20]byte) { n.box.removed(infohash) }

// Nothing is earned, and the box has no limits of days and months.
func (noted) Keep(node.Receipt)       {}
func (noted) Forget([16]byte)         {}
func (noted) Promised(receipt.Result) {}
func (noted) Moved(int64, int64)      {}
