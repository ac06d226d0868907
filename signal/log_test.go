package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	publiclog "fanseed/signal/log"
	"fanseed/signal/log/reader"
	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
	"fanseed/signal/verify"
)

// keyOf returns the key of somebody.
func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func publicOf(name string) [32]byte { return [32]byte(keyOf(name).Public().(ed25519.PublicKey)) }

// settleReceipts hands in n receipts of one ticket over HTTP, and returns the leaves that the server promised.
func settleReceipts(t *testing.T, s *server, serial byte, n int) (leaves []publiclog.Hash) {
	t.Helper()
	now := time.Now()
	work, _ := hex.DecodeString(publishOnce(t, s))
	for _, name := range []string{"anna", "bert"} {
		if err := s.ledger.Register(t.Context(), publicOf(name), now); err != nil {
			t.Fatal(err)
		}
	}
	tk := ticket.Ticket{
		Serial: [16]byte{serial}, Epoch: s.ledger.Epochs().At(now), Seeder: publicOf("anna"), Leecher: publicOf("bert"),
		Infohash: ticket.Infohash([20]byte(work)), Limit: 1 << 20, Issued: uint64(now.UnixMilli()),
		Expires: uint64(now.Add(time.Hour).UnixMilli()), SettleBy: uint64(now.Add(2 * time.Hour).UnixMilli()),
	}
	if err := s.ledger.Issue(t.Context(), []ticket.Ticket{tk}, make([][2]string, 1)); err != nil {
		t.Fatal(err)
	}
	items := make([]string, n)
	for i := range items {
		signature := ed25519.Sign(keyOf("bert"), receipt.Message(tk.Serial, uint64(i+1)))
		items[i] = fmt.Sprintf(`{"serial":"%x","amount":%d,"signature":"%x"}`, tk.Serial, i+1, signature)
	}
	body := fmt.Sprintf(`{"account":"%x","receipts":[%s]}`, ticket.Account(tk.Seeder), strings.Join(items, ","))
	response, err := http.Post(here(s)+"/v1/settle", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return promised(t, s.signer.Key(), response.Body)
}

// here is a server's address on this machine.
func here(s *server) string { return "http://" + s.accept.Addr().String() }

// promised verifies the promises of an answer as its seeder can.
func promised(t *testing.T, key publiclog.Key, answer io.Reader) (leaves []publiclog.Hash) {
	t.Helper()
	var got struct {
		Results []struct {
			Serial, Reason string
			Amount         uint64
			Promise        struct {
				Salt, Signature string
				Epoch           uint32
				By              uint64
			}
		}
	}
	if err := json.UnmarshalRead(answer, &got, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	for _, r := range got.Results {
		record := publiclog.Receipt{Amount: r.Amount, Epoch: r.Promise.Epoch}
		p := publiclog.Promise{By: r.Promise.By}
		_, salt := hex.Decode(record.Salt[:], []byte(r.Promise.Salt))
		_, serial := hex.Decode(record.Serial[:], []byte(r.Serial))
		_, signature := hex.Decode(p.Signature[:], []byte(r.Promise.Signature))
		p.Leaf = record.Record().Leaf()
		if err := errors.Join(salt, serial, signature, key.Promised(p)); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		leaves = append(leaves, p.Leaf)
	}
	return leaves
}

// publishOnce publishes a work unless it is there.
func publishOnce(t *testing.T, s *server) string {
	t.Helper()
	for infohash := range s.listing.All() {
		return hex.EncodeToString(infohash[:])
	}
	return publish(t, s)
}

// verified runs fanseed verify, and returns what it printed.
func verified(t *testing.T, server, state string, leaves ...publiclog.Hash) (string, error) {
	t.Helper()
	words := make([]string, len(leaves))
	for i, leaf := range leaves {
		words[i] = hex.EncodeToString(leaf[:])
	}
	o, err := parseVerifyFlags([]string{"-state", state, "-record", strings.Join(words, ","), server})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o.Out = &out
	err = verify.Run(t.Context(), o)
	return out.String(), err
}

// logged is a server, and what somebody keeps who verifies its log.
type logged struct {
	*server
	url   string // on this machine
	state string // file
	flags options
}

// beginLog starts a server on new books. It is named, so that another one on another port can have the same log.
func beginLog(t *testing.T, change ...func(*options)) (l logged, stop func() error) {
	t.Helper()
	l.state = filepath.Join(t.TempDir(), "state")
	l.flags = flags(t, "-url", "https://fanseed.example")
	for _, c := range change {
		c(&l.flags)
	}
	s, stop := run(t, l.flags)
	l.server, l.url = s, here(s)
	return l, stop
}

func TestTheLogIsVerified(t *testing.T) {
	l, stop := beginLog(t)
	leaves := settleReceipts(t, l.server, 1, 300)
	if len(leaves) != 300 {
		t.Fatalf("%d receipts were promised", len(leaves))
	}
	awaitLog(t, l.url, 301)
	if out, err := verified(t, l.url, l.state, leaves[0], leaves[299]); err != nil || !strings.Contains(out, "300 of the kind receipt\nthe log holds\n") {
		t.Errorf("%v\n%s", err, out)
	}
	more := settleReceipts(t, l.server, 2, 10)
	if err := stop(); err != nil { // which writes them
		t.Fatal(err)
	}

	l.flags.urls = "https://other.example" // it is the same log
	s, stop := run(t, l.flags)
	defer stop()
	out, err := verified(t, proxied(t, s), l.state, more...)
	if err != nil || !strings.Contains(out, "it has all of the 301 records") || !strings.Contains(out, "310 of the kind receipt\n") {
		t.Errorf("after a restart: %v\n%s", err, out)
	}
	var checked bytes.Buffer
	if err := checkBooks(t.Context(), l.flags.books, &checked); err != nil || !strings.Contains(checked.String(), "\n311 records in the public log, 0 receipts to come\n") {
		t.Errorf("%v\n%s", err, &checked)
	}
	if status, _ := request(t, "GET", here(s)+"/v1/log/find/"+hex.EncodeToString(more[9][:])); status != 200 {
		t.Errorf("the last record is not found: %d", status)
	}
}

// awaitLog waits until the log has so many records.
func awaitLog(t *testing.T, url string, want int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		_, checkpoint := request(t, "GET", url+"/v1/log/checkpoint")
		if lines := strings.Split(checkpoint, "\n"); len(lines) > 1 && lines[1] == strconv.Itoa(want) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the log has not %d records after a minute:\n%s", want, checkpoint)
		}
	}
}

// proxied returns the address of one who passes everything on to a server, as change changes it.
func proxied(t *testing.T, s *server, change ...func(*http.Response) error) string {
	t.Helper()
	target, err := url.Parse(here(s))
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	for _, c := range change {
		proxy.ModifyResponse = c
	}
	between := httptest.NewServer(proxy)
	t.Cleanup(between.Close)
	return between.URL
}

// at changes the answers whose path has a beginning.
func at(prefix string, change func(body []byte) []byte) func(*http.Response) error {
	return func(r *http.Response) error {
		if !strings.HasPrefix(r.Request.URL.Path, "/v1/log/"+prefix) {
			return nil
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		if body = change(body); body == nil {
			r.StatusCode = http.StatusNotFound
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return nil
	}
}

func TestATamperedLogIsRefused(t *testing.T) {
	l, stop := beginLog(t)
	defer stop()
	leaves := settleReceipts(t, l.server, 1, 300)
	awaitLog(t, l.url, 301)
	if _, err := verified(t, l.url, l.state, leaves...); err != nil {
		t.Fatal(err)
	}
	thief, err := publiclog.NewSigner(l.signer.Key().Origin(), keyOf("thief"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*http.Response) error
		want   error
	}{
		"an honest proxy": {at("none", nil), nil},
		"a record is changed": {at("tile/entries/", func(body []byte) []byte {
			digit := &body[len(body)-2] // the last one of the last record
			if *digit++; *digit != '1' {
				*digit = '0'
			}
			return body
		}), reader.ErrChanged},
		"a record's hash is changed": {at("tile/0/", func(body []byte) []byte { body[0] ^= 1; return body }), reader.ErrChanged},
		"a bundle is dropped":        {at("tile/entries/", func([]byte) []byte { return nil }), reader.ErrDropped},
		"the checkpoint is signed by another": {at("checkpoint", func([]byte) []byte {
			signed, _ := thief.Checkpoint(publiclog.Empty)
			return signed
		}), reader.ErrForged},
		"the checkpoint has one record less": {at("checkpoint", func(body []byte) []byte {
			return bytes.Replace(body, []byte("\n301\n"), []byte("\n300\n"), 1)
		}), reader.ErrForged},
	} {
		if out, err := verified(t, proxied(t, l.server, c.change), l.state, leaves...); !errors.Is(err, c.want) || strings.Contains(out, "holds") != (c.want == nil) {
			t.Errorf("%s: got %v, want %v\n%s", name, err, c.want, out)
		}
	}
	if _, err := verified(t, l.url, l.state, publiclog.Hash{1}); !errors.Is(err, verify.ErrMissing) {
		t.Errorf("a promise that was not kept: got %v", err)
	}
}

// A server that begins its books again under the same key and name is found out by whoever saw the log before.
func TestARewrittenLogIsRefused(t *testing.T) {
	l, stop := beginLog(t)
	settleReceipts(t, l.server, 1, 10)
	awaitLog(t, l.url, 11)
	if _, err := verified(t, l.url, l.state); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(l.flags.data, logKey))
	if err != nil {
		t.Fatal(err)
	}
	again, stop := beginLog(t, func(o *options) {
		if err := errors.Join(os.MkdirAll(o.data, 0o700), os.WriteFile(filepath.Join(o.data, logKey), key, 0o600)); err != nil {
			t.Fatal(err)
		}
	})
	defer stop()
	settleReceipts(t, again.server, 1, 20)
	awaitLog(t, again.url, 21)
	if out, err := verified(t, again.url, l.state); !errors.Is(err, reader.ErrRewritten) || !strings.Contains(out, "no log has both") {
		t.Errorf("got %v\n%s", err, out)
	}
}
