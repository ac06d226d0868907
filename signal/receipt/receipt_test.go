package receipt_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"fanseed/signal/receipt"
)

func sample() receipt.Receipt {
	r := receipt.Receipt{Amount: 0x0102030405060708}
	for i := range r.Serial {
		r.Serial[i] = byte(i + 1)
	}
	for i := range r.Signature {
		r.Signature[i] = byte(0xff - i)
	}
	return r
}

func TestLayout(t *testing.T) {
	r := sample()
	want := "fanseed receipt v1\n" + string(r.Serial[:]) + "\x01\x02\x03\x04\x05\x06\x07\x08" + string(r.Signature[:])
	if got := string(r.Append(nil)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := string(receipt.Message(r.Serial, r.Amount)); got != want[:receipt.MessageSize] {
		t.Errorf("Message = %q, want %q", got, want[:receipt.MessageSize])
	}
	if receipt.Size != 19+16+8+64 || len(want) != receipt.Size {
		t.Errorf("Size = %d, bytes %d", receipt.Size, len(want))
	}
}

func TestParseReturnsWhatAppendWrote(t *testing.T) {
	want := sample()
	if got, err := receipt.Parse(want.Append(nil)); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestParseRefuses(t *testing.T) {
	good := sample().Append(nil)
	other := bytes.Clone(good)
	copy(other, "fanseed receipt v2\n")
	for _, c := range []struct {
		name string
		in   []byte
		want error
	}{
		{"nothing", nil, receipt.ErrSize},
		{"one byte short", good[:receipt.Size-1], receipt.ErrSize},
		{"one byte long", append(bytes.Clone(good), 0), receipt.ErrSize},
		{"another version", other, receipt.ErrPrefix},
	} {
		if _, err := receipt.Parse(c.in); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestEveryReasonHasItsSentence(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range receipt.Reasons() {
		text := r.Text()
		if seen[text] || seen[string(r)] {
			t.Errorf("%s is listed twice", r)
		}
		seen[text], seen[string(r)] = true, true
		if len(text) < 20 || !strings.HasSuffix(text, ".") || strings.Count(text, ".") != 1 {
			t.Errorf("%s: %q is not one sentence", r, text)
		}
	}
	if got := receipt.Reason("because").Text(); got != "" {
		t.Errorf("an unknown reason says %q", got)
	}
}

func TestAccepted(t *testing.T) {
	for r, want := range map[receipt.Reason]bool{
		receipt.Confirmed: true, receipt.CappedCopy: true,
		receipt.Lower: false, receipt.ImplausibleRate: false, receipt.BadSignature: false,
	} {
		if got := r.Accepted(); got != want {
			t.Errorf("%s.Accepted() = %v, want %v", r, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	good := sample().Append(nil)
	f.Add(good)
	f.Add(good[:40])
	f.Add(append(bytes.Clone(good), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := receipt.Parse(b)
		if err != nil {
			if got != (receipt.Receipt{}) {
				t.Error("an error came with a receipt")
			}
			return
		}
		if again := got.Append(nil); !bytes.Equal(again, b) {
			t.Errorf("encoded again: %x, was %x", again, b)
		}
		if !bytes.Equal(receipt.Message(got.Serial, got.Amount), b[:receipt.MessageSize]) {
			t.Error("the signed bytes are not the beginning of the receipt")
		}
	})
}
