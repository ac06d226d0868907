package wire_test

import (
	"strings"
	"testing"

	"fanseed/wasm/wire"
)

func TestCredit(t *testing.T) {
	serial := [16]byte([]byte("serial of ticket"))
	signature := [64]byte([]byte(strings.Repeat("g", 64)))
	g := "1:g64:" + strings.Repeat("g", 64)
	const s = "1:s16:serial of ticket"
	cases := []struct {
		c    wire.Credit
		want string
	}{
		{wire.Credit{Type: wire.CreditHello, Version: wire.CreditVersion}, "d1:ti0e1:vi1ee"},
		{wire.Credit{Type: wire.CreditHello, Version: 1, Serial: serial}, "d" + s + "1:ti0e1:vi1ee"},
		{wire.Credit{Type: wire.CreditReceipt, Serial: serial, Amount: 1 << 20, Signature: signature}, "d1:ai1048576e" + g + s + "1:ti1ee"},
		{wire.Credit{Type: wire.CreditReceipt, Serial: serial, Amount: 1<<53 - 1, Signature: signature}, "d1:ai9007199254740991e" + g + s + "1:ti1ee"},
		{wire.Credit{Type: wire.CreditMore, Serial: serial}, "d" + s + "1:ti2ee"},
		{wire.Credit{Type: wire.CreditBye, Why: "done"}, "d1:ti3e3:why4:donee"},
		{wire.Credit{Type: wire.CreditBye, Serial: serial}, "d" + s + "1:ti3e3:why0:e"},
		{wire.Credit{Type: wire.CreditBye, Serial: serial, Amount: 5, Signature: signature, Why: "stop"}, "d1:ai5e" + g + s + "1:ti3e3:why4:stope"},
	}
	for _, c := range cases {
		if got := string(c.c.Append(nil)); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		got, err := wire.ParseCredit([]byte(c.want))
		if err != nil || got != c.c {
			t.Errorf("%q: %+v, %v; want %+v", c.want, got, err, c.c)
		}
	}
}

func TestParseCreditKeepsWhatCounts(t *testing.T) {
	got, err := wire.ParseCredit([]byte("d1:ai5e3:newi1e1:ti4ee"))
	if err != nil || got != (wire.Credit{Type: 4}) {
		t.Errorf("unknown type: %+v, %v; want the type alone", got, err)
	}
	got, err = wire.ParseCredit([]byte("d1:ti3e3:why3:\xffoke"))
	if err != nil || got.Why != "ok" {
		t.Errorf("broken text: %+v, %v", got, err)
	}
}

func TestCreditCutsWhy(t *testing.T) {
	b := wire.Credit{Type: wire.CreditBye, Why: "a" + strings.Repeat("é", wire.MaxWhy)}.Append(nil)
	got, err := wire.ParseCredit(b)
	if err != nil || got.Why != "a"+strings.Repeat("é", wire.MaxWhy/2-1) {
		t.Errorf("%d bytes of reason, %v", len(got.Why), err)
	}
}

func TestParseCreditRefuses(t *testing.T) {
	g := "1:g64:" + strings.Repeat("g", 64)
	const s = "1:s16:serial of ticket"
	for _, in := range []string{
		"", "le", "de", "i1e", "d1:ti0e1:vi1eex",
		"d1:ti-1ee",
		"d1:ti256ee",
		"d1:t1:0e",
		"d1:ti0ee",
		"d1:ti0e1:vi-1ee",
		"d1:s15:too short for o1:ti0e1:vi1ee",
		"d1:ti2ee",
		"d1:s17:serial of a ticket1:ti2ee",
		"d" + g + s + "1:ti1ee",
		"d1:ai1e" + s + "1:ti1ee",
		"d1:ai1e" + g + "1:ti1ee",
		"d1:ai-1e" + g + s + "1:ti1ee",
		"d1:ai9007199254740992e" + g + s + "1:ti1ee",
		"d1:ai1e1:g63:" + strings.Repeat("g", 63) + s + "1:ti1ee",
		"d1:ai1e" + s + "1:ti3e3:why0:e",
		"d1:ti3e3:whyi1ee",
		"d1:ti3e3:why201:" + strings.Repeat("w", 201) + "e",
	} {
		if c, err := wire.ParseCredit([]byte(in)); err == nil {
			t.Errorf("%.60q: accepted as %+v", in, c)
		}
	}
}
