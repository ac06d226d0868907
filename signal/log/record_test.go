package log_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math/big"
	"strings"
	"testing"

	"fanseed/signal/log"
)

var (
	id       = [16]byte{0xab, 15: 1}
	infohash = [20]byte{0xcd, 19: 2}
)

func epoch(t testing.TB) log.Epoch {
	t.Helper()
	return log.Epoch{
		Time: 1_795_449_600_000, Number: 20779, Emission: 2_500_000,
		Pools: []log.Share{
			{Name: "availability", Amount: 750_000, Weight: new(big.Int).Lsh(big.NewInt(3), 70)},
			{Name: "bandwidth", Amount: 1_250_000, Weight: big.NewInt(7)},
			{Name: "grants", Amount: 500_000, Weight: new(big.Int)},
		},
		Inputs: log.TableOf([]byte("inputs\n")), Payouts: log.TableOf([]byte("payouts\n")),
	}
}

// samples has one record of each kind, with the form that it must have, see unhashed.
func samples(t testing.TB) map[log.Kind]struct {
	record log.Record
	form   string
} {
	t.Helper()
	type sample = struct {
		record log.Record
		form   string
	}
	closed, err := epoch(t).Record()
	if err != nil {
		t.Fatal(err)
	}
	const (
		hexID   = "ab000000000000000000000000000001"
		hexInfo = "cd00000000000000000000000000000000000002"
	)
	return map[log.Kind]sample{
		log.KindReceipt: {log.Receipt{Salt: id, Serial: id, Amount: 1 << 20, Epoch: 7}.Record(),
			"receipt\nhash HASH\n"},
		log.KindDeposit: {log.Deposit{Time: 5, ID: id, Amount: 1<<64 - 1}.Record(),
			"deposit\ntime 5\nid " + hexID + "\namount 18446744073709551615\n"},
		log.KindBoost: {log.Boost{Time: 5, ID: id, Infohash: infohash, Amount: 98, Fee: 2, First: 20779, Epochs: 3}.Record(),
			"boost\ntime 5\nid " + hexID + "\ninfohash " + hexInfo + "\namount 98\nfee 2\nfirst 20779\nepochs 3\n"},
		log.KindPool: {log.Pool{Time: 5, ID: id, Infohash: infohash, Amount: 1000, Rate: 10, Last: 1<<32 - 1}.Record(),
			"pool\ntime 5\nid " + hexID + "\ninfohash " + hexInfo + "\namount 1000\nrate 10\nlast 4294967295\n"},
		log.KindGrant: {log.Grant{Time: 0, Epoch: 0, Account: id, Amount: 9}.Record(),
			"grant\ntime 0\nepoch 0\naccount " + hexID + "\namount 9\n"},
		log.KindAudit: {log.Audit{Time: 5, Account: id, Infohash: infohash, Asked: 32, Passed: 30}.Record(),
			"audit\ntime 5\naccount " + hexID + "\ninfohash " + hexInfo + "\nasked 32\npassed 30\n"},
		log.KindTakedown: {log.Takedown{Time: 5, Infohash: infohash}.Record(),
			"takedown\ntime 5\ninfohash " + hexInfo + "\n"},
		log.KindEpoch: {closed, "epoch\ntime 1795449600000\nnumber 20779\nemission 2500000\n" +
			"pool availability 750000 3541774862152233910272\npool bandwidth 1250000 7\npool grants 500000 0\n" +
			"inputs HASH 7\n" +
			"payouts HASH 8\n"},
	}
}

// unhashed hides the hashes in a record's form: what they are of is tested by itself.
func unhashed(form string) string {
	words := strings.FieldsFunc(form, func(r rune) bool { return r == ' ' || r == '\n' })
	for _, word := range words {
		if len(word) == 64 {
			form = strings.ReplaceAll(form, word, "HASH")
		}
	}
	return form
}

func TestEveryKindHasItsForm(t *testing.T) {
	for kind, s := range samples(t) {
		got := string(s.record.Append(nil))
		if unhashed(got) != s.form || s.record.Kind() != kind {
			t.Errorf("%s: got %q, want %q", kind, got, s.form)
		}
		read, err := log.ParseRecord([]byte(got))
		if err != nil || string(read.Append(nil)) != got || read.Leaf() != log.LeafHash([]byte(got)) {
			t.Errorf("%s: read back as %q, %v", kind, read.Append(nil), err)
		}
	}
}

func TestAReceiptIsASaltedHash(t *testing.T) {
	r := log.Receipt{Salt: [16]byte{1}, Serial: [16]byte{2}, Amount: 3, Epoch: 4}
	want := sha256.Sum256([]byte("fanseed log receipt v1\n" +
		"\x01" + strings.Repeat("\x00", 15) + "\x02" + strings.Repeat("\x00", 15) + "\x00\x00\x00\x00\x00\x00\x00\x03" + "\x00\x00\x00\x04"))
	if got := r.Hash(); got != want {
		t.Errorf("got %x, want %x", got, want)
	}
	for name, other := range map[string]log.Receipt{
		"salt": {Serial: r.Serial, Amount: 3, Epoch: 4}, "serial": {Salt: r.Salt, Amount: 3, Epoch: 4},
		"amount": {r.Salt, r.Serial, 4, 4}, "epoch": {r.Salt, r.Serial, 3, 5},
	} {
		if other.Hash() == r.Hash() || other.Record().Leaf() == r.Record().Leaf() {
			t.Errorf("another %s has the same hash", name)
		}
	}
}

func TestAnEpochIsReadBack(t *testing.T) {
	want := epoch(t)
	r, err := want.Record()
	if err != nil {
		t.Fatal(err)
	}
	got, err := log.ParseEpoch(r)
	if err != nil || got.Number != want.Number || got.Time != want.Time || got.Emission != want.Emission || got.Inputs != want.Inputs || got.Payouts != want.Payouts {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for i, p := range got.Pools {
		if p.Name != want.Pools[i].Name || p.Amount != want.Pools[i].Amount || p.Weight.Cmp(want.Pools[i].Weight) != 0 {
			t.Errorf("pool %d: got %v, want %v", i, p, want.Pools[i])
		}
	}
	if _, err := log.ParseEpoch(log.Takedown{}.Record()); !errors.Is(err, log.ErrRecord) {
		t.Errorf("a takedown is an epoch: %v", err)
	}
}

func TestAnEpochThatCannotBeReadIsNotMade(t *testing.T) {
	for name, spoil := range map[string]func(*log.Epoch){
		"pools not in order":       func(e *log.Epoch) { e.Pools[0], e.Pools[1] = e.Pools[1], e.Pools[0] },
		"the same pool twice":      func(e *log.Epoch) { e.Pools[1] = e.Pools[0] },
		"a name of two words":      func(e *log.Epoch) { e.Pools[0].Name = "a b" },
		"a name with a new line":   func(e *log.Epoch) { e.Pools[0].Name = "a\n" },
		"a name that is a number":  func(e *log.Epoch) { e.Pools[0].Name = "1" },
		"no weight":                func(e *log.Epoch) { e.Pools[0].Weight = nil },
		"a weight below nothing":   func(e *log.Epoch) { e.Pools[0].Weight = big.NewInt(-1) },
		"a weight beyond 128 bits": func(e *log.Epoch) { e.Pools[0].Weight = new(big.Int).Lsh(big.NewInt(1), 128) },
		"a table that is too big":  func(e *log.Epoch) { e.Inputs.Size = log.MaxTable + 1 },
		"too many pools":           func(e *log.Epoch) { e.Pools = make([]log.Share, 33) },
	} {
		e := epoch(t)
		spoil(&e)
		if r, err := e.Record(); !errors.Is(err, log.ErrRecord) {
			t.Errorf("%s: got %q, %v", name, r.Append(nil), err)
		}
	}
}

func TestParseRecordRefuses(t *testing.T) {
	takedown := string(log.Takedown{Time: 5, Infohash: infohash}.Record().Append(nil))
	for name, text := range map[string]string{
		"nothing": "", "a new line": "\n", "an unknown kind": "gift\namount 1\n", "a kind alone": "takedown\n",
		"no end":              strings.TrimSuffix(takedown, "\n"),
		"a line more":         takedown + "time 5\n",
		"an empty line":       takedown + "\n",
		"another order":       "takedown\ninfohash " + strings.Repeat("0", 40) + "\ntime 5\n",
		"two spaces":          strings.Replace(takedown, "time 5", "time  5", 1),
		"a leading zero":      strings.Replace(takedown, "time 5", "time 05", 1),
		"a sign":              strings.Replace(takedown, "time 5", "time +5", 1),
		"too large a number":  strings.Replace(takedown, "time 5", "time 18446744073709551616", 1),
		"large letters":       strings.Replace(takedown, "cd", "CD", 1),
		"a digit less":        strings.Replace(takedown, "cd", "c", 1),
		"a carriage return":   strings.ReplaceAll(takedown, "\n", "\r\n"),
		"a line that is lost": "takedown\ntime 5\n",
		"too many bytes":      takedown + strings.Repeat("x", log.MaxRecord),
	} {
		if r, err := log.ParseRecord([]byte(text)); !errors.Is(err, log.ErrRecord) {
			t.Errorf("%s: got %q, %v", name, r.Append(nil), err)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	for _, s := range samples(f) {
		f.Add(s.record.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := log.ParseRecord(b)
		if err != nil {
			if r.Kind() != "" {
				t.Error("an error came with a record")
			}
			return
		}
		if again := r.Append(nil); !bytes.Equal(again, b) {
			t.Errorf("written again: %q, was %q", again, b)
		}
		if r.Kind() != log.KindEpoch {
			return
		}
		e, err := log.ParseEpoch(r)
		if err != nil {
			return // a table that is too large
		}
		again, err := e.Record()
		if err != nil || !bytes.Equal(again.Append(nil), b) {
			t.Errorf("epoch written again: %q, %v, was %q", again.Append(nil), err, b)
		}
	})
}
