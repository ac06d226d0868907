package wire_test

import (
	"bytes"
	"testing"

	"fanseed/wasm/wire"
)

func TestBitfield(t *testing.T) {
	b := wire.NewBitfield(10)
	for _, i := range []int{0, 7, 8, 9} {
		b.Set(i)
	}
	if want := []byte{0x81, 0xc0}; !bytes.Equal(b, want) {
		t.Errorf("bits %x, want %x", []byte(b), want)
	}
	if got := b.Count(); got != 4 {
		t.Errorf("Count %d, want 4", got)
	}
	for i, want := range map[int]bool{-1: false, 0: true, 1: false, 7: true, 9: true, 10: false, 16: false, 1 << 30: false} {
		if got := b.Has(i); got != want {
			t.Errorf("Has(%d) = %v, want %v", i, got, want)
		}
	}
	b.Clear(7)
	if b.Has(7) || b.Count() != 3 {
		t.Errorf("bits %x after Clear(7)", []byte(b))
	}
}

func TestBitfieldSetOutside(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("bit 16 of 10 was set")
		}
	}()
	wire.NewBitfield(10).Set(16)
}

func TestBitfieldValidAndFull(t *testing.T) {
	cases := []struct {
		bits        string
		n           int
		valid, full bool
	}{
		{"", 0, true, true},
		{"00", 0, false, false},
		{"", 1, false, false},
		{"80", 1, true, true},
		{"00", 1, true, false},
		{"c0", 1, false, false},
		{"ff", 8, true, true},
		{"fe", 8, true, false},
		{"ff", 7, false, false},
		{"fe", 7, true, true},
		{"ffff", 8, false, false},
		{"ff80", 9, true, true},
		{"ff40", 9, false, false},
		{"7f80", 9, true, false},
		{"ff", -1, false, false},
	}
	for _, c := range cases {
		b := wire.Bitfield(unhex(c.bits))
		if got := b.Valid(c.n); got != c.valid {
			t.Errorf("%s for %d: Valid %v, want %v", c.bits, c.n, got, c.valid)
		}
		if got := b.Full(c.n); got != c.full {
			t.Errorf("%s for %d: Full %v, want %v", c.bits, c.n, got, c.full)
		}
	}
}

func TestBitfieldClone(t *testing.T) {
	b := wire.NewBitfield(8)
	c := b.Clone()
	c.Set(3)
	if b.Has(3) {
		t.Error("setting a bit of the clone changed the original")
	}
}
