package verify_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"fanseed/signal/log"
	"fanseed/signal/log/reader"
	"fanseed/signal/reward"
	"fanseed/signal/verify"
)

// server is one whose log can be exchanged for another.
type server struct {
	*log.Memory
	url   string
	state string
}

func signer(t testing.TB, seed byte) *log.Signer {
	t.Helper()
	s, err := log.NewSigner("fanseed.example", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func start(t *testing.T) *server {
	t.Helper()
	s := &server{state: filepath.Join(t.TempDir(), "kept", "log.txt")}
	s.begin(t, 1)
	web := httptest.NewServer(http.StripPrefix("/v1/log", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.Handler(s.Memory, signer(t, 1).Key()).ServeHTTP(w, r)
	})))
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

// begin gives the server a new log, signed by another key if the seed is another.
func (s *server) begin(t *testing.T, seed byte) {
	t.Helper()
	var err error
	if s.Memory, err = log.NewMemory(signer(t, seed)); err != nil {
		t.Fatal(err)
	}
}

func (s *server) add(t *testing.T, records ...log.Record) {
	t.Helper()
	if _, err := s.Append(t.Context(), records...); err != nil {
		t.Fatal(err)
	}
}

// epoch closes an epoch with these tables.
func (s *server) epoch(t *testing.T, number uint32, inputs, payouts string) {
	t.Helper()
	r, err := log.Epoch{
		Number: number, Emission: 100, Pools: []log.Share{{Name: "bandwidth", Amount: 100, Weight: big.NewInt(3)}},
		Inputs: s.Keep([]byte(inputs)), Payouts: s.Keep([]byte(payouts)),
	}.Record()
	if err != nil {
		t.Fatal(err)
	}
	s.add(t, r)
}

// look verifies the log once, and returns what it printed.
func (s *server) look(t *testing.T, change ...func(*verify.Options)) (string, error) {
	t.Helper()
	var out bytes.Buffer
	o := verify.Options{Server: s.url, State: s.state, Divide: divide, Out: &out}
	for _, c := range change {
		c(&o)
	}
	err := verify.Run(t.Context(), o)
	return out.String(), err
}

// divide splits 100 by the numbers that the lines of the inputs are.
func divide(inputs []byte) (payouts []byte, err error) {
	var weights []uint64
	for line := range strings.Lines(string(inputs)) {
		w, wrong := strconv.ParseUint(strings.TrimSuffix(line, "\n"), 10, 64)
		weights, err = append(weights, w), cmp.Or(err, wrong)
	}
	for _, share := range reward.Split(100, weights) {
		payouts = fmt.Appendln(payouts, share)
	}
	return payouts, err
}

const (
	inputs  = "1\n2\n"
	payouts = "33\n67\n"
)

func TestAnHonestLogHolds(t *testing.T) {
	s := start(t)
	s.add(t, log.Receipt{Amount: 1}.Record(), log.Takedown{}.Record())
	s.epoch(t, 7, inputs, payouts)
	first, err := s.look(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"log " + signer(t, 1).Key().String(), "this is the first visit", "checkpoint of 3 records", "1 of the kind receipt\n1 of the kind takedown\n",
		"epoch 7: 100 µ-credits, divided as its inputs say\nthe log holds\n",
	} {
		if !strings.Contains(first, want) {
			t.Errorf("the first visit lacks %q:\n%s", want, first)
		}
	}
	s.add(t, log.Receipt{Amount: 2}.Record())
	s.epoch(t, 9, inputs, payouts)
	leaf := log.Receipt{Amount: 2}.Record().Leaf()
	again, err := s.look(t, func(o *verify.Options) { o.Leaves = []log.Hash{leaf} })
	if err != nil || strings.Contains(again, "first visit") || !strings.Contains(again, "it has all of the 3 records") ||
		!strings.Contains(again, "record "+hex.EncodeToString(leaf[:])+" is number 3\n") {
		t.Errorf("the second visit: %v\n%s", err, again)
	}
	undivided, err := s.look(t, func(o *verify.Options) { o.Divide = nil })
	if err != nil || !strings.Contains(undivided, "epoch 9: 100 µ-credits; both tables are those that the log names, and were not divided again") {
		t.Errorf("without rules: %v\n%s", err, undivided)
	}
}

func TestWhatDoesNotHold(t *testing.T) {
	for _, c := range []struct {
		name  string
		cheat func(t *testing.T, s *server)
		ask   func(o *verify.Options)
		want  error
		says  string
	}{
		{name: "the log is another", cheat: func(t *testing.T, s *server) {
			s.begin(t, 1)
			s.add(t, log.Receipt{Amount: 5}.Record(), log.Receipt{Amount: 6}.Record(), log.Receipt{Amount: 7}.Record())
		}, want: reader.ErrRewritten},
		{name: "the log is empty", cheat: func(t *testing.T, s *server) { s.begin(t, 1) }, want: reader.ErrRewritten, says: "it had 2 records and now has 0"},
		{name: "the key is another", cheat: func(t *testing.T, s *server) { s.begin(t, 2) }, want: reader.ErrForged},
		{name: "the person names another key", ask: func(o *verify.Options) { o.Key = signer(t, 2).Key().String() }, want: verify.ErrKey},
		{name: "the person names no key", ask: func(o *verify.Options) { o.Key = "key" }, want: log.ErrKey},
		{name: "a payout is larger", cheat: func(t *testing.T, s *server) { s.epoch(t, 2, inputs, "33\n68\n") },
			want: verify.ErrDivision, says: "epoch 2: an epoch was not divided as its inputs say: line 2 of the payouts"},
		{name: "a payout is missing", cheat: func(t *testing.T, s *server) { s.epoch(t, 2, inputs, "33\n") }, want: verify.ErrDivision, says: "line 2"},
		{name: "the inputs are none", cheat: func(t *testing.T, s *server) { s.epoch(t, 2, "many\n", payouts) }, want: verify.ErrDivision},
		{name: "an epoch is closed twice", cheat: func(t *testing.T, s *server) {
			s.epoch(t, 2, inputs, payouts)
			s.epoch(t, 2, inputs, payouts)
		}, want: verify.ErrEpochs, says: "2 after 2"},
		{name: "a table is missing", cheat: func(t *testing.T, s *server) {
			r, err := log.Epoch{Number: 3, Inputs: log.TableOf([]byte("x")), Payouts: log.TableOf(nil)}.Record()
			if err != nil {
				t.Fatal(err)
			}
			s.add(t, r)
		}, want: reader.ErrDropped, says: "epoch 3: inputs"},
		{name: "a promise is not kept", ask: func(o *verify.Options) { o.Leaves = []log.Hash{{1}} }, want: verify.ErrMissing, says: "01000000"},
		{name: "nobody answers", ask: func(o *verify.Options) { o.Server = "http://127.0.0.1:1" }, want: reader.ErrUnreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t)
			s.add(t, log.Receipt{Amount: 1}.Record())
			s.epoch(t, 1, inputs, payouts)
			if _, err := s.look(t); err != nil {
				t.Fatal(err)
			}
			if c.cheat != nil {
				c.cheat(t, s)
			}
			ask := c.ask
			if ask == nil {
				ask = func(*verify.Options) {}
			}
			out, err := s.look(t, ask)
			if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) || strings.Contains(out, "holds") {
				t.Errorf("got %v, want %v that says %q\n%s", err, c.want, c.says, out)
			}
			if errors.Is(err, reader.ErrRewritten) && strings.Count(out, "\n— fanseed.example ") != 2 {
				t.Errorf("the evidence is not shown:\n%s", out)
			}
		})
	}
}

// What was kept once convicts the server also later.
func TestARewrittenLogIsNotKept(t *testing.T) {
	s := start(t)
	s.add(t, log.Receipt{Amount: 1}.Record())
	if _, err := s.look(t); err != nil {
		t.Fatal(err)
	}
	s.begin(t, 1)
	s.add(t, log.Receipt{Amount: 2}.Record(), log.Receipt{Amount: 3}.Record())
	for range 2 {
		if _, err := s.look(t); !errors.Is(err, reader.ErrRewritten) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAFileThatIsNoStateIsRefused(t *testing.T) {
	s := start(t)
	if _, err := s.look(t); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(s.state)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"nothing": {}, "another version": bytes.Replace(good, []byte("v1"), []byte("v2"), 1), "half of it": good[:len(good)/2],
		"another size": bytes.Replace(good, []byte("\n0\n"), []byte("\n1\n"), 1), "too much": append(bytes.Clone(good), make([]byte, 1<<20)...),
	} {
		if err := os.WriteFile(s.state, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.look(t); !errors.Is(err, verify.ErrState) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(s.state))
	if err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestAnAddressMustBeAnOrigin(t *testing.T) {
	for _, server := range []string{
		"", "fanseed.example", "ftp://fanseed.example", "https://", "https://fanseed.example/w", "https://a@fanseed.example", "https://fanseed.example?x",
	} {
		err := verify.Run(context.Background(), verify.Options{Server: server})
		if err == nil || !strings.Contains(err.Error(), "is not the origin of a server") {
			t.Errorf("%q: got %v", server, err)
		}
	}
}

func FuzzParseState(f *testing.F) {
	s := signer(f, 1)
	signed, err := s.Checkpoint(log.Empty)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(verify.State{Key: s.Key(), Signed: signed}.Append(nil))
	f.Add([]byte("fanseed log state v1\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		state, err := verify.ParseState(b)
		switch {
		case err != nil && (state.Known() || !errors.Is(err, verify.ErrState)):
			t.Errorf("got %v, %v", state, err)
		case err == nil && !bytes.Equal(state.Append(nil), b):
			t.Errorf("written again: %q, was %q", state.Append(nil), b)
		}
	})
}
