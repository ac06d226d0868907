package wire_test

import (
	"testing"

	"fanseed/wasm/wire"
)

func TestHashRange(t *testing.T) {
	b := unhex(leaves)
	got, err := wire.ParseHashRange(b)
	want := wire.HashRange{Root: [32]byte(b[:32]), Base: 0, Index: 4, Length: 2, Proof: 3}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if again := string(got.Append(nil)); again != string(b) {
		t.Errorf("%x, want %x", again, b)
	}
	for _, n := range []int{0, 47, 49} {
		if _, err := wire.ParseHashRange(make([]byte, n)); err == nil {
			t.Errorf("%d bytes are accepted", n)
		}
	}
}

func TestHashRangeValid(t *testing.T) {
	for _, c := range []struct {
		r    wire.HashRange
		want bool
	}{
		{wire.HashRange{Length: 2}, true},
		{wire.HashRange{Index: 1024, Length: 512, Base: 4, Proof: 11}, true},
		{wire.HashRange{Length: 1}, false},
		{wire.HashRange{Length: 3}, false},
		{wire.HashRange{}, false},
		{wire.HashRange{Length: 1024}, false},
		{wire.HashRange{Index: 2, Length: 4}, false},
		{wire.HashRange{Length: 2, Base: 49}, false},
		{wire.HashRange{Length: 2, Proof: 49}, false},
	} {
		if got := c.r.Valid(); got != c.want {
			t.Errorf("%+v: %v, want %v", c.r, got, c.want)
		}
	}
}
