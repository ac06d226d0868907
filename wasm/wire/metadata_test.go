package wire_test

import (
	"reflect"
	"strings"
	"testing"

	"fanseed/wasm/wire"
)

func TestMetadata(t *testing.T) {
	full := strings.Repeat("x", wire.MetadataPieceSize)
	cases := []struct {
		m    wire.Metadata
		want string
	}{
		{wire.Metadata{Type: wire.MetadataRequest, Piece: 3}, "d8:msg_typei0e5:piecei3ee"},
		{wire.Metadata{Type: wire.MetadataReject}, "d8:msg_typei2e5:piecei0ee"},
		{wire.Metadata{Type: wire.MetadataData, TotalSize: 16384, Data: []byte(full)},
			"d8:msg_typei1e5:piecei0e10:total_sizei16384ee" + full},
		{wire.Metadata{Type: wire.MetadataData, Piece: 1, TotalSize: 16387, Data: []byte("end")},
			"d8:msg_typei1e5:piecei1e10:total_sizei16387eeend"},
	}
	for _, c := range cases {
		if got := string(c.m.Append(nil)); got != c.want {
			t.Errorf("%.60q, want %.60q", got, c.want)
		}
		got, err := wire.ParseMetadata([]byte(c.want))
		if err != nil || !reflect.DeepEqual(got, c.m) {
			t.Errorf("%.60q: %+v, %v", c.want, got, err)
		}
	}
}

func TestParseMetadataOfUnknownType(t *testing.T) {
	got, err := wire.ParseMetadata([]byte("d8:msg_typei3ee and more"))
	if err != nil || !reflect.DeepEqual(got, wire.Metadata{Type: 3}) {
		t.Errorf("%+v, %v; want the type alone", got, err)
	}
}

func TestParseMetadataRefuses(t *testing.T) {
	for _, in := range []string{
		"", "le", "de", "i0e",
		"d5:piecei0ee",
		"d8:msg_typei0ee",
		"d8:msg_typei-1e5:piecei0ee",
		"d8:msg_typei256e5:piecei0ee",
		"d8:msg_type1:05:piecei0ee",
		"d8:msg_typei0e5:piecei-1ee",
		"d8:msg_typei0e5:piecei640ee",
		"d8:msg_typei0e5:piecei0eex",
		"d8:msg_typei2e5:piecei0eex",
		"d8:msg_typei1e5:piecei0eex",
		"d8:msg_typei1e5:piecei0e10:total_sizei-1eex",
		"d8:msg_typei1e5:piecei0e10:total_sizei10485761eex",
		"d8:msg_typei1e5:piecei0e10:total_sizei0ee",
		"d8:msg_typei1e5:piecei1e10:total_sizei16384ee",
		"d8:msg_typei1e5:piecei0e10:total_sizei2eex",
		"d8:msg_typei1e5:piecei0e10:total_sizei2eexyz",
		"d8:msg_typei1e5:piecei1e10:total_sizei16384eex",
	} {
		if m, err := wire.ParseMetadata([]byte(in)); err == nil {
			t.Errorf("%q: accepted as %+v", in, m)
		}
	}
}
