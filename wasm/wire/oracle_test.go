//go:build !js

package wire_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/anacrolix/torrent/bencode"
	oracle "github.com/anacrolix/torrent/peer_protocol"

	"fanseed/wasm/wire"
)

// The oracle is the peer_protocol package of anacrolix/torrent: what we accept, it decodes to the same; what it encodes, we accept.

// toOracle says m in the oracle's words.
func toOracle(m wire.Message) oracle.Message {
	if m.Kind == wire.KindKeepAlive {
		return oracle.Message{Keepalive: true}
	}
	o := oracle.Message{
		Type:  oracle.MessageType(m.Kind),
		Index: oracle.Integer(m.Index), Begin: oracle.Integer(m.Begin), Length: oracle.Integer(m.Length),
		Port: m.Port, ExtendedID: oracle.ExtensionNumber(m.Ext),
	}
	switch m.Kind {
	case wire.KindPiece:
		o.Piece = m.Data
	case wire.KindExtended:
		o.ExtendedPayload = m.Data
	case wire.KindHashRequest, wire.KindHashes, wire.KindHashReject:
		hashesToOracle(&o, m.Data)
	case wire.KindBitfield:
		for i := range 8 * len(m.Data) {
			o.Bitfield = append(o.Bitfield, wire.Bitfield(m.Data).Has(i))
		}
	}
	return o
}

func hashesToOracle(o *oracle.Message, payload []byte) {
	r, err := wire.ParseHashRange(payload[:wire.HashRangeSize])
	if err != nil {
		panic(err)
	}
	o.PiecesRoot, o.BaseLayer, o.Index = r.Root, oracle.Integer(r.Base), oracle.Integer(r.Index)
	o.Length, o.ProofLayers = oracle.Integer(r.Length), oracle.Integer(r.Proof)
	for rest := payload[wire.HashRangeSize:]; len(rest) >= wire.HashSize; rest = rest[wire.HashSize:] {
		o.Hashes = append(o.Hashes, [32]byte(rest))
	}
}

func FuzzOracleDecode(f *testing.F) {
	var all []byte
	for _, c := range messages {
		f.Add(unhex(c.hex))
		all = append(all, unhex(c.hex)...)
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, stream []byte) {
		ours, _ := decode(new(wire.Decoder), stream, len(stream)+1)
		theirs := oracle.Decoder{R: bufio.NewReader(bytes.NewReader(stream)), MaxLength: wire.DefaultMaxFrame}
		for _, m := range ours {
			var got oracle.Message
			if err := theirs.Decode(&got); err != nil {
				t.Fatalf("we decode %+v, they fail: %v", m, err)
			}
			if want := toOracle(m); !reflect.DeepEqual(got, want) {
				t.Fatalf("they decode %+v, we %+v", got, want)
			}
		}
	})
}

func FuzzOracleEncode(f *testing.F) {
	for _, c := range messages {
		m := c.message
		f.Add(uint8(m.Kind), m.Index, m.Begin, m.Length, m.Data, m.Ext, m.Port)
	}
	f.Fuzz(func(t *testing.T, kind uint8, index, begin, length uint32, data []byte, ext uint8, port uint16) {
		if strings.HasPrefix(wire.Kind(kind).String(), "kind ") {
			return
		}
		if k := wire.Kind(kind); k >= wire.KindHashRequest && k <= wire.KindHashReject {
			data = hashPayload(k, data)
		}
		m := wire.Message{Kind: wire.Kind(kind), Index: index, Begin: begin, Length: length, Data: data, Ext: ext, Port: port}
		theirs, err := toOracle(m).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if ours := m.Append(nil); !bytes.Equal(ours, theirs) {
			t.Fatalf("%+v: we encode %x, they %x", m, ours, theirs)
		}
		var d wire.Decoder
		d.Feed(theirs)
		if _, ok, err := d.Next(); !ok || err != nil {
			t.Fatalf("they encode %x, we refuse it: %v", theirs, err)
		}
	})
}

// hashPayload fills up or cuts off what cannot be the payload of a hash message.
func hashPayload(k wire.Kind, b []byte) []byte {
	b = append(bytes.Clone(b), make([]byte, wire.HashRangeSize)...)
	if k != wire.KindHashes {
		return b[:wire.HashRangeSize]
	}
	b = b[:min(len(b), wire.HashRangeSize+wire.MaxHashes*wire.HashSize)]
	return b[:len(b)-(len(b)-wire.HashRangeSize)%wire.HashSize]
}

func TestOracleHandshake(t *testing.T) {
	ours := wire.NewHandshake([20]byte{1, 2, 3}, [20]byte{4, 5, 6}).WithV2()
	var written bytes.Buffer
	sock := struct {
		io.Reader
		io.Writer
	}{bytes.NewReader(ours.Append(nil)), &written}
	bits := oracle.NewPeerExtensionBytes(oracle.ExtensionBitFast, oracle.ExtensionBitLtep, oracle.ExtensionBitV2Upgrade)
	res, err := oracle.Handshake(context.Background(), sock, nil, [20]byte{7}, bits)
	if err != nil {
		t.Fatal(err)
	}
	if !res.SupportsFast() || !res.SupportsExtended() || !res.GetBit(oracle.ExtensionBitV2Upgrade) || [20]byte(res.Hash) != ours.Infohash || res.PeerID != ours.PeerID {
		t.Errorf("they read %+v from %+v", res, ours)
	}
	got, err := wire.ParseHandshake(written.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if want := wire.NewHandshake(ours.Infohash, [20]byte{7}).WithV2(); got != want || !got.V2() {
		t.Errorf("we read %+v, want %+v", got, want)
	}
}

func FuzzOracleExtendedHandshake(f *testing.F) {
	f.Add(uint8(1), uint8(2), 31235, 250, "Fanseed 1", true, 6881)
	f.Add(uint8(0), uint8(0), 0, 0, "", false, 0)
	f.Fuzz(func(t *testing.T, metadata, receipt uint8, size, reqq int, version string, encryption bool, port int) {
		if metadata == receipt || size < 0 || size > wire.MaxMetadataSize || reqq < 0 || reqq > 1<<31-1 || len(version) > 256 {
			return
		}
		theirs := oracle.ExtendedHandshakeMessage{
			M: map[oracle.ExtensionName]oracle.ExtensionNumber{
				"ut_metadata": oracle.ExtensionNumber(metadata), "fs_receipt": oracle.ExtensionNumber(receipt), "ut_pex": 1,
			},
			V: version, Reqq: reqq, MetadataSize: size, Encryption: encryption, Port: port,
		}
		got, err := wire.ParseExtendedHandshake(bencode.MustMarshal(theirs))
		want := wire.ExtendedHandshake{Metadata: metadata, Receipt: receipt, MetadataSize: size, Reqq: reqq, Version: version}
		if err != nil || got != want {
			t.Fatalf("we read %+v, %v; want %+v", got, err, want)
		}
		checkTheyRead(t, want)
	})
}

func checkTheyRead(t *testing.T, h wire.ExtendedHandshake) {
	t.Helper()
	var got oracle.ExtendedHandshakeMessage
	if err := bencode.Unmarshal(h.Append(nil), &got); err != nil {
		t.Fatalf("they refuse %q: %v", h.Append(nil), err)
	}
	ids := got.M["ut_metadata"] == oracle.ExtensionNumber(h.Metadata) && got.M["fs_receipt"] == oracle.ExtensionNumber(h.Receipt)
	if !ids || got.V != h.Version || got.Reqq != h.Reqq || got.MetadataSize != h.MetadataSize {
		t.Fatalf("they read %+v from %+v", got, h)
	}
}

func TestOracleMetadata(t *testing.T) {
	for _, c := range []struct {
		theirs oracle.ExtendedMetadataRequestMsg
		data   string
		want   wire.Metadata
	}{
		{oracle.ExtendedMetadataRequestMsg{Type: oracle.RequestMetadataExtensionMsgType, Piece: 2}, "",
			wire.Metadata{Type: wire.MetadataRequest, Piece: 2}},
		{oracle.ExtendedMetadataRequestMsg{Type: oracle.RejectMetadataExtensionMsgType, Piece: 2}, "",
			wire.Metadata{Type: wire.MetadataReject, Piece: 2}},
		{oracle.ExtendedMetadataRequestMsg{Type: oracle.DataMetadataExtensionMsgType, Piece: 1, TotalSize: 16387}, "end",
			wire.Metadata{Type: wire.MetadataData, Piece: 1, TotalSize: 16387, Data: []byte("end")}},
	} {
		got, err := wire.ParseMetadata(append(bencode.MustMarshal(c.theirs), c.data...))
		if err != nil || got.Type != c.want.Type || got.Piece != c.want.Piece || string(got.Data) != c.data {
			t.Errorf("we read %+v, %v; want %+v", got, err, c.want)
		}
		var back oracle.ExtendedMetadataRequestMsg
		encoded := c.want.Append(nil)
		if err := bencode.Unmarshal(encoded[:len(encoded)-len(c.data)], &back); err != nil || back != c.theirs {
			t.Errorf("they read %+v, %v; want %+v", back, err, c.theirs)
		}
	}
}
