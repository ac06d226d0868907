package wire_test

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"fanseed/wasm/wire"
)

// messages holds one of every kind with its bytes in hexadecimal, as the BEPs define them.
var messages = []struct {
	message wire.Message
	hex     string
}{
	{wire.Message{Kind: wire.KindKeepAlive}, "00000000"},
	{wire.Message{Kind: wire.KindChoke}, "00000001 00"},
	{wire.Message{Kind: wire.KindUnchoke}, "00000001 01"},
	{wire.Message{Kind: wire.KindInterested}, "00000001 02"},
	{wire.Message{Kind: wire.KindNotInterested}, "00000001 03"},
	{wire.Message{Kind: wire.KindHave, Index: 0x01020304}, "00000005 04 01020304"},
	{wire.Message{Kind: wire.KindBitfield, Data: []byte{0xff, 0x80}}, "00000003 05 ff80"},
	{wire.Message{Kind: wire.KindRequest, Index: 1, Begin: 0x4000, Length: 0x4000}, "0000000d 06 00000001 00004000 00004000"},
	{wire.Message{Kind: wire.KindPiece, Index: 2, Begin: 0x8000, Data: []byte("block")}, "0000000e 07 00000002 00008000 626c6f636b"},
	{wire.Message{Kind: wire.KindCancel, Index: 1, Begin: 2, Length: 3}, "0000000d 08 00000001 00000002 00000003"},
	{wire.Message{Kind: wire.KindPort, Port: 6881}, "00000003 09 1ae1"},
	{wire.Message{Kind: wire.KindSuggest, Index: 7}, "00000005 0d 00000007"},
	{wire.Message{Kind: wire.KindHaveAll}, "00000001 0e"},
	{wire.Message{Kind: wire.KindHaveNone}, "00000001 0f"},
	{wire.Message{Kind: wire.KindReject, Index: 1, Begin: 2, Length: 0xffffffff}, "0000000d 10 00000001 00000002 ffffffff"},
	{wire.Message{Kind: wire.KindAllowedFast, Index: 9}, "00000005 11 00000009"},
	{wire.Message{Kind: wire.KindExtended, Ext: 3, Data: []byte("de")}, "00000004 14 03 6465"},
	{wire.Message{Kind: wire.KindHashRequest, Data: unhex(leaves)}, "00000031 15 " + leaves},
	{wire.Message{Kind: wire.KindHashes, Data: unhex(leaves + twoHashes)}, "00000071 16 " + leaves + twoHashes},
	{wire.Message{Kind: wire.KindHashReject, Data: unhex(leaves)}, "00000031 17 " + leaves},
}

// leaves names the leaves 4 and 5 of a file, whose proof has three layers; twoHashes are theirs.
const (
	leaves    = "a1a2a3a4a5a6a7a8 b1b2b3b4b5b6b7b8 c1c2c3c4c5c6c7c8 d1d2d3d4d5d6d7d8 00000000 00000004 00000002 00000003"
	twoHashes = " 1111111111111111 1111111111111111 1111111111111111 1111111111111111 2222222222222222 2222222222222222 2222222222222222 2222222222222222"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestMessageAppend(t *testing.T) {
	for _, c := range messages {
		if got, want := c.message.Append([]byte("<")), append([]byte("<"), unhex(c.hex)...); !bytes.Equal(got, want) {
			t.Errorf("%v: %x, want %x", c.message.Kind, got, want)
		}
	}
}

func TestMessageDecode(t *testing.T) {
	for _, c := range messages {
		var d wire.Decoder
		d.Feed(unhex(c.hex))
		got, ok, err := d.Next()
		if err != nil || !ok {
			t.Errorf("%v: %v, %v", c.message.Kind, ok, err)
			continue
		}
		if !reflect.DeepEqual(got, c.message) {
			t.Errorf("%v: %+v, want %+v", c.message.Kind, got, c.message)
		}
	}
}

func TestPieceHeader(t *testing.T) {
	block := []byte("a block")
	m := wire.Message{Kind: wire.KindPiece, Index: 5, Begin: 16384, Data: block}
	header := wire.AppendPieceHeader(nil, 5, 16384, uint32(len(block)))
	if got := len(header); got != wire.PieceHeaderSize {
		t.Errorf("header of %d bytes, want %d", got, wire.PieceHeaderSize)
	}
	if got, want := append(header, block...), m.Append(nil); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

func TestAppendPanicsForUnknownKind(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a message of kind 10 was encoded")
		}
	}()
	wire.Message{Kind: 10}.Append(nil)
}

func TestKindString(t *testing.T) {
	for k, want := range map[wire.Kind]string{wire.KindNotInterested: "not interested", wire.KindPiece: "piece", 10: "kind 10"} {
		if got := k.String(); got != want {
			t.Errorf("%d is %q, want %q", uint8(k), got, want)
		}
	}
}
