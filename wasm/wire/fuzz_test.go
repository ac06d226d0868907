package wire_test

import (
	"bytes"
	"reflect"
	"testing"

	"fanseed/wasm/wire"
)

// FuzzMessage demands that how a stream is cut into parts does not matter, that what was decoded is encoded to the same bytes, and
// that no frame is longer than allowed.
func FuzzMessage(f *testing.F) {
	for _, c := range messages {
		f.Add(unhex(c.hex), 3)
	}
	all := unhex("0000000104")
	for _, c := range messages {
		all = append(unhex(c.hex), all...)
	}
	f.Add(all, 7)
	f.Add(unhex("ffffffff"), 1)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		size = 1 + size&0xff
		const most = 64
		want, wantErr := decode(&wire.Decoder{MaxFrame: most}, stream, len(stream)+1)
		got, gotErr := decode(&wire.Decoder{MaxFrame: most}, stream, size)
		if !reflect.DeepEqual(got, want) || (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("parts of %d bytes: %+v, %v; whole: %+v, %v", size, got, gotErr, want, wantErr)
		}
		var encoded []byte
		for _, m := range want {
			if len(m.Data) > most {
				t.Fatalf("%v with %d bytes of data", m.Kind, len(m.Data))
			}
			encoded = m.Append(encoded)
		}
		if !bytes.HasPrefix(stream, encoded) {
			t.Fatalf("decoded %x, encoded %x", stream, encoded)
		}
		if rest := len(stream) - len(encoded); wantErr == nil && rest >= 4+most {
			t.Fatalf("%d bytes were swallowed", rest)
		}
	})
}

func FuzzHandshake(f *testing.F) {
	good := wire.NewHandshake([20]byte{1}, [20]byte{2}).Append(nil)
	f.Add(good)
	f.Add(good[:67])
	f.Add([]byte("\x13BitTorrent protocoL"))
	f.Fuzz(func(t *testing.T, in []byte) {
		h, err := wire.ParseHandshake(in)
		if err == nil && !bytes.Equal(h.Append(nil), in) {
			t.Fatalf("decoded %x, encoded %x", in, h.Append(nil))
		}
		var d wire.Decoder
		d.Feed(in)
		streamed, ok, streamErr := d.NextHandshake()
		if len(in) == wire.HandshakeSize && (ok != (err == nil) || streamed != h) {
			t.Fatalf("as a stream: %+v, %v, %v; as a whole: %+v, %v", streamed, ok, streamErr, h, err)
		}
	})
}

func FuzzExtendedHandshake(f *testing.F) {
	f.Add([]byte("de"))
	f.Add([]byte("d1:md10:fs_receipti2e11:ut_metadatai1ee13:metadata_sizei31235e4:reqqi250e11:upload_onlyi1e1:v7:Fanseede"))
	f.Add([]byte("d12:complete_agoi-1e1:md11:ut_metadatai2eee"))
	f.Add([]byte("d13:metadata_sizei-1ee"))
	f.Fuzz(func(t *testing.T, in []byte) {
		h, err := wire.ParseExtendedHandshake(in)
		if err != nil {
			return
		}
		if h.MetadataSize < 0 || h.MetadataSize > wire.MaxMetadataSize || h.Reqq < 0 || len(h.Version) > 256 {
			t.Fatalf("out of bounds: %+v", h)
		}
		again, err := wire.ParseExtendedHandshake(h.Append(nil))
		if err != nil || again != h {
			t.Fatalf("%+v became %+v, %v", h, again, err)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte("d8:msg_typei0e5:piecei3ee"))
	f.Add([]byte("d8:msg_typei1e5:piecei1e10:total_sizei16387eeend"))
	f.Add([]byte("d8:msg_typei2e5:piecei0ee"))
	f.Add([]byte("d8:msg_typei9eejunk"))
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := wire.ParseMetadata(in)
		if err != nil || m.Type > wire.MetadataReject {
			return
		}
		if m.Piece < 0 || m.Piece*wire.MetadataPieceSize >= wire.MaxMetadataSize || len(m.Data) > wire.MetadataPieceSize {
			t.Fatalf("out of bounds: %+v", m)
		}
		again, err := wire.ParseMetadata(m.Append(nil))
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("%+v became %+v, %v", m, again, err)
		}
	})
}

func FuzzCredit(f *testing.F) {
	signature := bytes.Repeat([]byte("g"), 64)
	for _, c := range []wire.Credit{
		{Type: wire.CreditHello, Version: 1, Serial: [16]byte{1}},
		{Type: wire.CreditReceipt, Serial: [16]byte{1}, Amount: 5, Signature: [64]byte(signature)},
		{Type: wire.CreditMore, Serial: [16]byte{1}},
		{Type: wire.CreditBye, Serial: [16]byte{1}, Amount: 5, Signature: [64]byte(signature), Why: "done"},
		{Type: 9},
	} {
		f.Add(c.Append(nil))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := wire.ParseCredit(in)
		if err != nil {
			return
		}
		if c.Amount > 1<<53-1 || c.Version < 0 {
			t.Fatalf("out of bounds: %+v", c)
		}
		again, err := wire.ParseCredit(c.Append(nil))
		if err != nil || again != c {
			t.Fatalf("%+v became %+v, %v", c, again, err)
		}
	})
}

func FuzzHashRange(f *testing.F) {
	f.Add(unhex(leaves))
	f.Add(unhex(leaves)[:47])
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := wire.ParseHashRange(in)
		if err != nil {
			return
		}
		if again := r.Append(nil); !bytes.Equal(again, in) {
			t.Fatalf("decoded %x, encoded %x", in, again)
		}
		if r.Valid() && (r.Length > wire.MaxHashes || r.Length < 2 || r.Base > wire.MaxProof || r.Proof > wire.MaxProof) {
			t.Fatalf("out of bounds: %+v", r)
		}
	})
}
