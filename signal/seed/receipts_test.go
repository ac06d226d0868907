package seed

import (
	"log/slog"
	"os"
	"testing"

	"fanseed/wasm/node"
)

func TestReceiptsOutliveTheProcess(t *testing.T) {
	folder, log := t.TempDir(), slog.New(slog.DiscardHandler)
	open := func(origin string) *receipts {
		t.Helper()
		r, err := openReceipts(folder, origin, log)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := node.Receipt{Serial: [16]byte{1}, Amount: 5, Acknowledged: 2, Signature: [64]byte{3}}
	r := open("https://a.test")
	r.keep(first)
	r.keep(node.Receipt{Serial: [16]byte{2}, Amount: 7})
	r.forget([16]byte{2})
	r.forget([16]byte{4})
	if got := open("https://a.test").list(); len(got) != 1 || got[0] != first {
		t.Errorf("got %v", got)
	}
	if got := open("https://b.test").list(); len(got) != 0 {
		t.Errorf("another server's: %v", got)
	}
	if err := os.WriteFile(r.path, []byte("no JSON"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openReceipts(folder, "https://a.test", log); err == nil {
		t.Error("a damaged file is taken for none")
	}
}
