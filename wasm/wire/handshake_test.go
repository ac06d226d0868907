package wire_test

import (
	"bytes"
	"testing"

	"fanseed/wasm/wire"
)

func TestHandshake(t *testing.T) {
	var infohash, peerID [20]byte
	copy(infohash[:], "infohash of 20 bytes")
	copy(peerID[:], "-FS0100-abcdefghijkl")
	h := wire.NewHandshake(infohash, peerID)
	b := h.Append(nil)
	want := []byte("\x13BitTorrent protocol\x00\x00\x00\x00\x00\x10\x00\x04infohash of 20 bytes-FS0100-abcdefghijkl")
	if !bytes.Equal(b, want) {
		t.Errorf("%q, want %q", b, want)
	}
	got, err := wire.ParseHandshake(b)
	if err != nil {
		t.Fatal(err)
	}
	if got != h || !got.Fast() || !got.Extended() {
		t.Errorf("%+v, want %+v", got, h)
	}
	if plain := (wire.Handshake{}); plain.Fast() || plain.Extended() || plain.V2() {
		t.Error("a handshake without feature bits claims features")
	}
}

// The upgrade bit of BEP 52: the fourth highest of the last byte.
func TestHandshakeV2(t *testing.T) {
	h := wire.NewHandshake([20]byte{1}, [20]byte{2})
	if h.V2() {
		t.Error("version 2 is claimed")
	}
	if v2 := h.WithV2(); !v2.V2() || v2.Reserved != [8]byte{5: 0x10, 7: 0x14} || v2.Infohash != h.Infohash {
		t.Errorf("%+v", v2)
	}
}

func TestParseHandshakeRefuses(t *testing.T) {
	good := wire.NewHandshake([20]byte{}, [20]byte{}).Append(nil)
	foreign := bytes.Clone(good)
	foreign[19] = 'L'
	for name, b := range map[string][]byte{"empty": nil, "short": good[:67], "long": append(bytes.Clone(good), 0), "foreign": foreign} {
		if _, err := wire.ParseHandshake(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
