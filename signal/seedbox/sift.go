package seedbox

import (
	"math/bits"

	"github.com/anacrolix/torrent"
	"github.com/anacrolix/torrent/bencode"
	pp "github.com/anacrolix/torrent/peer_protocol"

	"fanseed/wasm/merkle"
)

// sift takes out of what a peer says the messages that end anacrolix's process, and those that it would answer wrongly. The client
// sees a keep-alive in their place.
func sift(c *torrent.PeerConn, m *pp.Message) {
	if m.Keepalive || sane(c, m) {
		return
	}
	*m = pp.Message{Keepalive: true}
}

func sane(c *torrent.PeerConn, m *pp.Message) bool {
	switch m.Type {
	case pp.Hashes, pp.HashReject: // never asked for: the layers are known
		return false
	case pp.HashRequest:
		return saneHashRequest(c, m)
	case pp.Extended:
		return saneExtended(c, m)
	}
	return true
}

// saneHashRequest tells whether the client can answer: it has no layer but that of the pieces, and gives that out whatever was asked.
func saneHashRequest(c *torrent.PeerConn, m *pp.Message) bool {
	info := c.Torrent().Info()
	if info == nil || !info.HasV2() {
		return false
	}
	layer := bits.TrailingZeros64(uint64(info.PieceLength / merkle.LeafSize))
	return int(m.BaseLayer) == layer && m.Index < 1<<24 && m.Length < 1<<24
}

// saneExtended tells whether a message is none about a piece of metadata that cannot be (BEP 9): the client takes any number for an index.
func saneExtended(c *torrent.PeerConn, m *pp.Message) bool {
	if m.ExtendedID == pp.HandshakeExtendedID {
		return true
	}
	name, builtin, err := c.LocalLtepProtocolMap.LookupId(m.ExtendedID)
	if err != nil || !builtin || name != pp.ExtensionNameMetadata {
		return true
	}
	var about pp.ExtendedMetadataRequestMsg
	if err := bencode.Unmarshal(m.ExtendedPayload, &about); err != nil {
		if _, trailing := err.(bencode.ErrUnusedTrailingBytes); !trailing {
			return true // the client finds that out as well
		}
	}
	return about.Piece >= 0 && about.Piece < maxMetadata/block
}

// maxMetadata is more than any metadata that can be read, in bytes.
const maxMetadata = 64 << 20
