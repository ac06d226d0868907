package wire_test

import (
	"strings"
	"testing"

	"fanseed/wasm/wire"
)

func TestExtendedHandshake(t *testing.T) {
	cases := []struct {
		h    wire.ExtendedHandshake
		want string
	}{
		{wire.ExtendedHandshake{}, "d1:mdee"},
		{wire.ExtendedHandshake{Metadata: 1}, "d1:md11:ut_metadatai1eee"},
		{wire.ExtendedHandshake{Metadata: 1, Receipt: 2, MetadataSize: 31235, Reqq: 250, Version: "Fanseed 1", UploadOnly: true},
			"d1:md10:fs_receipti2e11:ut_metadatai1ee13:metadata_sizei31235e4:reqqi250e11:upload_onlyi1e1:v9:Fanseed 1e"},
	}
	for _, c := range cases {
		if got := string(c.h.Append(nil)); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		got, err := wire.ParseExtendedHandshake([]byte(c.want))
		if err != nil || got != c.h {
			t.Errorf("%q: %+v, %v; want %+v", c.want, got, err, c.h)
		}
	}
}

func TestParseExtendedHandshakeOfOthers(t *testing.T) {
	cases := []struct {
		in   string
		want wire.ExtendedHandshake
	}{
		{"de", wire.ExtendedHandshake{}},
		{"d13:metadata_sizei5ee", wire.ExtendedHandshake{MetadataSize: 5}},
		{"d1:md11:LT_metadatai9e11:ut_metadatai3e6:ut_pexi1ee1:pi6881e4:reqqi500e1:v15:µTorrent 1.2.36:yourip4:\x7f\x00\x00\x01e",
			wire.ExtendedHandshake{Metadata: 3, Reqq: 500, Version: "µTorrent 1.2.3"}},
		{"d12:complete_agoi-1e1:md11:ut_metadatai2eee", wire.ExtendedHandshake{Metadata: 2}},
		{"d1:v1:x1:mdee", wire.ExtendedHandshake{Version: "x"}},
		{"d11:upload_onlyi0ee", wire.ExtendedHandshake{}},
	}
	for _, c := range cases {
		got, err := wire.ParseExtendedHandshake([]byte(c.in))
		if err != nil || got != c.want {
			t.Errorf("%q: %+v, %v; want %+v", c.in, got, err, c.want)
		}
	}
}

func TestParseExtendedHandshakeRefuses(t *testing.T) {
	for _, in := range []string{
		"", "le", "i1e", "d1:m", "dexx",
		"d1:mlee",
		"d1:mi1ee",
		"d1:md11:ut_metadatai256eee",
		"d1:md11:ut_metadatai-1eee",
		"d1:md11:ut_metadata1:1ee",
		"d1:md10:fs_receipti1e11:ut_metadatai1eee",
		"d13:metadata_sizei-1ee",
		"d13:metadata_sizei10485761ee",
		"d13:metadata_sizei9223372036854775807ee",
		"d13:metadata_size3:100e",
		"d4:reqqi-1ee",
		"d1:vi1ee",
		"d1:v257:" + strings.Repeat("v", 257) + "e",
		"d1:mde1:mdee",
		"d1:x65536:" + strings.Repeat("x", 65536) + "e",
		"d1:x" + strings.Repeat("l", 9) + strings.Repeat("e", 9) + "e",
	} {
		if h, err := wire.ParseExtendedHandshake([]byte(in)); err == nil {
			t.Errorf("%.60q: accepted as %+v", in, h)
		}
	}
}
