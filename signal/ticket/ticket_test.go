package ticket_test

import (
	"bytes"
	"errors"
	"testing"

	"fanseed/signal/ticket"
)

func sample() ticket.Ticket {
	t := ticket.Ticket{
		Epoch: 0x01020304, Limit: 1 << 40, Flags: 0x80000001,
		Issued: 1_700_000_000_000, Expires: 1_700_000_060_000, SettleBy: 1_700_000_120_000,
	}
	for i, field := range [][]byte{t.Serial[:], t.Seeder[:], t.Leecher[:], t.Infohash[:], t.Channel[:], t.Signature[:]} {
		for j := range field {
			field[j] = byte(17*i + j)
		}
	}
	return t
}

func TestSize(t *testing.T) {
	tk := sample()
	if got, want := ticket.Size, 18+16+4+4*32+8+3*8+4+64; got != want {
		t.Errorf("Size = %d, want %d", got, want)
	}
	if got := len(tk.Append(nil)); got != ticket.Size {
		t.Errorf("len(Append) = %d, want %d", got, ticket.Size)
	}
	if got := len(tk.Message()); got != ticket.MessageSize {
		t.Errorf("len(Message) = %d, want %d", got, ticket.MessageSize)
	}
}

func TestParseReturnsWhatAppendWrote(t *testing.T) {
	want := sample()
	got, err := ticket.Parse(want.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Every bit of the encoding belongs to exactly one field, so none can be changed
// without the ticket changing.
func TestNoBitIsIgnored(t *testing.T) {
	want := sample()
	good := want.Append(nil)
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			got, err := ticket.Parse(bad)
			if err == nil && got == want {
				t.Fatalf("bit %d of byte %d does not matter", bit, i)
			}
		}
	}
}

func TestAppendKeepsWhatStoodBefore(t *testing.T) {
	tk := sample()
	if got := tk.Append([]byte("before")); !bytes.HasPrefix(got, []byte("before")) || len(got) != 6+ticket.Size {
		t.Errorf("Append(before) = %q", got)
	}
}

func TestParseRefuses(t *testing.T) {
	tk := sample()
	good := tk.Append(nil)
	other := bytes.Clone(good)
	copy(other, "fanseed ticket v2\n")
	for _, c := range []struct {
		name string
		in   []byte
		want error
	}{
		{"nothing", nil, ticket.ErrSize},
		{"one byte short", good[:ticket.Size-1], ticket.ErrSize},
		{"one byte long", append(bytes.Clone(good), 0), ticket.ErrSize},
		{"only the message", tk.Message(), ticket.ErrSize},
		{"another version", other, ticket.ErrPrefix},
	} {
		if _, err := ticket.Parse(c.in); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	tk := sample()
	good := tk.Append(nil)
	f.Add(good)
	f.Add(good[:100])
	f.Add(append(bytes.Clone(good), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ticket.Parse(b)
		if err != nil {
			if got != (ticket.Ticket{}) {
				t.Error("an error came with a ticket")
			}
			return
		}
		if again := got.Append(nil); !bytes.Equal(again, b) {
			t.Errorf("encoded again: %x, was %x", again, b)
		}
		if !bytes.Equal(got.Message(), b[:ticket.MessageSize]) {
			t.Error("the signed bytes are not the beginning of the ticket")
		}
	})
}
