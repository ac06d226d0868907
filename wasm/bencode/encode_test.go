package bencode_test

import (
	"testing"

	"fanseed/wasm/bencode"
)

func TestAppend(t *testing.T) {
	cases := []struct {
		v    any
		want string
	}{
		{0, "i0e"},
		{-42, "i-42e"},
		{int64(-1 << 63), "i-9223372036854775808e"},
		{true, "i1e"},
		{false, "i0e"},
		{"", "0:"},
		{"naïve", "6:naïve"},
		{[]byte{0, 255}, "2:\x00\xff"},
		{[]string{"b", "a"}, "l1:b1:ae"},
		{[]string(nil), "le"},
		{[]any{1, "x", []any{}}, "li1e1:xlee"},
		{bencode.Dict(nil), "de"},
		{bencode.Dict{"b": 1, "a": 2, "": 3, "aa": 4, "Z": 5}, "d0:i3e1:Zi5e1:ai2e2:aai4e1:bi1ee"},
		{bencode.Dict{"info": bencode.Raw("d1:xi1ee")}, "d4:infod1:xi1eee"},
	}
	for _, c := range cases {
		if got := string(bencode.Append([]byte("<"), c.v)); got != "<"+c.want {
			t.Errorf("Append(%#v) = %q, want %q", c.v, got, "<"+c.want)
		}
	}
}

func TestAppendPanicsForOtherTypes(t *testing.T) {
	for _, v := range []any{nil, 1.5, uint8(1), struct{}{}, map[string]any{}, bencode.Dict{"a": []any{nil}}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Append(%#v) did not panic", v)
				}
			}()
			bencode.Append(nil, v)
		}()
	}
}
