package api_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-json-experiment/json"

	"fanseed/signal/api"
	"fanseed/signal/ledger"
	"fanseed/signal/ledger/sqlite"
	"fanseed/signal/log"
	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
)

const origin = "http://fanseed.test"

// site is an API over a real ledger, with the swarms of a fake hub.
type site struct {
	*testing.T
	handler http.Handler
	config  api.Config
	ledger  *ledger.Ledger
	db      *sqlite.DB
	listing *ledger.Listing
	address string // of the one who asks
}

type swarms struct{}

func (swarms) Counts(infohash [20]byte) (seeders, leechers int) { return 3, 4 }
func (swarms) Attention([20]byte) api.Attention {
	return api.Attention{Helpers: 6, Introductions: 7}
}

func newSite(t *testing.T, change ...func(*api.Config)) *site {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := log.NewSigner("fanseed.test", key("log"))
	if err != nil {
		t.Fatal(err)
	}
	books, err := ledger.New(ctx, db, ledger.Config{Epochs: ledger.Epochs(24 * time.Hour), Emission: 1_000_000, Log: slog.New(slog.DiscardHandler), Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { books.Close() })
	if err := books.Deposit(ctx, 400_000_000, time.Now()); err != nil {
		t.Fatal(err)
	}
	listing, err := ledger.NewListing(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{T: t, ledger: books, db: db, listing: listing, address: "192.0.2.7:1234"}
	s.config = api.Config{
		Name: "Test", Origins: []string{origin, "http://other.test:8080"}, ServerKey: [32]byte{1, 2, 3}, LogKey: signer.Key().String(),
		Ledger: books, Works: db, Listing: listing, Swarms: swarms{}, MaxWorks: 3,
		Announce:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "announce") }),
		PublicLog: log.Handler(books.PublicLog(), signer.Key()),
		Client:    func(r *http.Request) netip.Addr { return netip.MustParseAddrPort(r.RemoteAddr).Addr() },
		Dist:      fstest.MapFS{"index.html": {Data: []byte("<page>")}}, Log: slog.New(slog.DiscardHandler),
		ICE: []api.ICEServer{{URLs: []string{"stun:stun.test"}}},
	}
	for _, c := range change {
		c(&s.config)
	}
	if s.handler, err = api.New(s.config); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) ask(r *http.Request) *httptest.ResponseRecorder {
	s.Helper()
	r.RemoteAddr, r.Host = s.address, "fanseed.test"
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.Fatal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	asDescribed(s, r, body, w)
	return w
}

func (s *site) get(path string) *httptest.ResponseRecorder {
	return s.ask(httptest.NewRequest("GET", path, nil))
}

// expect compares an answer's status and, if want is not empty, its body.
func (s *site) expect(w *httptest.ResponseRecorder, status int, want string) {
	s.Helper()
	if got := strings.TrimSpace(w.Body.String()); w.Code != status || want != "" && got != want {
		s.Errorf("got %d %s\nwant %d %s", w.Code, got, status, want)
	}
}

// refused expects a refusal with a code and some sentence.
func (s *site) refused(w *httptest.ResponseRecorder, status int, code string) {
	s.Helper()
	var got struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Time    int64  `json:"time"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != status || got.Code != code || len(got.Message) < 10 {
		s.Errorf("got %d %s, want %d %s", w.Code, w.Body, status, code)
	}
	if skew := time.Since(time.UnixMilli(got.Time)).Abs(); (status == 401) != (skew < time.Minute) {
		s.Errorf("the refusal says that it is %d", got.Time)
	}
}

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(name string) [32]byte { return [32]byte(key(name).Public().(ed25519.PublicKey)) }

func accountID(name string) string {
	id := ticket.Account(public(name))
	return hex.EncodeToString(id[:])
}

// signature is what a request of name says of itself; its parts can be wrong.
type signature struct {
	name, origin, method, path string
	time                       time.Time
	body                       []byte
}

func (s signature) header() string {
	m := ticket.RequestMessage(s.origin, s.method, s.path, uint64(s.time.UnixMilli()), sha256.Sum256(s.body))
	pk := public(s.name)
	return fmt.Sprintf("Fanseed key=%x,time=%d,signature=%x", pk[:], s.time.UnixMilli(), ed25519.Sign(key(s.name), m))
}

// signed makes a request of name, after change has spoilt its signature.
func signed(name, method, path string, body []byte, change ...func(*signature)) *http.Request {
	s := signature{name, origin, method, path, time.Now(), body}
	for _, c := range change {
		c(&s)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Header.Set("Authorization", s.header())
	return r
}

func torrent(name string) (*metainfo.Torrent, []byte) {
	t := metainfo.New(&metainfo.Info{
		Name: name, PieceLength: 16 << 10, Length: 20_000, Pieces: make([]byte, 40), Single: true,
		Files: []metainfo.File{{Path: []string{name}, Length: 20_000}},
	})
	return t, t.Bytes()
}

func TestServer(t *testing.T) {
	s := newSite(t)
	var got struct {
		Name  string `json:"name"`
		Key   string `json:"server_key"`
		Log   string `json:"log_key"`
		Time  int64  `json:"time"`
		Rate  int64  `json:"rate_per_gib"`
		Epoch struct {
			Number, Starts, Ends int64
		} `json:"epoch"`
	}
	w := s.get("/v1/server")
	if err := json.Unmarshal(w.Body.Bytes(), &got, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	day := 24 * time.Hour.Milliseconds()
	if got.Name != "Test" || got.Log+"\n" != s.get("/v1/log/key").Body.String() || got.Key != "010203"+strings.Repeat("0", 58) || got.Rate != 500_000 ||
		got.Epoch.Number != got.Time/day || got.Epoch.Starts != got.Epoch.Number*day || got.Epoch.Ends-got.Epoch.Starts != day {
		t.Errorf("got %s", w.Body)
	}
	s.expect(s.get("/v1/ice"), 200, `{"ice_servers":[{"urls":["stun:stun.test"]}]}`)
	s.expect(s.get("/announce"), 200, "announce")
}

func TestThePublicLogIsBelowItsPath(t *testing.T) {
	s := newSite(t)
	if w := s.get("/v1/log/key"); w.Code != 200 || !strings.HasPrefix(w.Body.String(), "fanseed.test+") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	w := s.get("/v1/log/checkpoint")
	if h := w.Header(); w.Code != 200 || !strings.HasPrefix(w.Body.String(), "fanseed.test\n0\n") || h.Get("Cache-Control") != "no-cache" ||
		h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("got %d %v %s", w.Code, h, w.Body)
	}
	s.refused(s.get("/v1/log/tile/0/000"), 404, "not_found")
	s.refused(s.ask(httptest.NewRequest("DELETE", "/v1/log/checkpoint", nil)), 405, "method")
}

func TestAnyOriginMayAsk(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/v1/server", "/v1/nothing", "/v1/works/zz"} {
		h := s.get(path).Header()
		if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Credentials") != "" ||
			h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got %v", path, h)
		}
	}
	w := s.ask(httptest.NewRequest("OPTIONS", "/v1/settle", nil))
	if h := w.Header(); w.Code != 204 || h.Get("Access-Control-Allow-Methods") != "GET, POST" || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("preflight: got %d %v", w.Code, h)
	}
	for _, r := range []*http.Request{
		httptest.NewRequest("GET", "/v1/nothing", nil), httptest.NewRequest("DELETE", "/v1/works", nil), httptest.NewRequest("GET", "/v1/settle", nil),
	} {
		s.refused(s.ask(r), 404, "not_found")
	}
}

func TestTooManyRequests(t *testing.T) {
	// until asks until it is refused, and returns whether it ever was.
	until := func(s *site, ask func() *httptest.ResponseRecorder) bool {
		for range 1000 {
			if w := ask(); w.Code != 200 {
				s.refused(w, 429, "busy")
				return w.Header().Get("Retry-After") != ""
			}
		}
		return false
	}
	s := newSite(t)
	ice := func() *httptest.ResponseRecorder { return s.get("/v1/ice") }
	if !until(s, ice) {
		t.Error("one address may send 1000 requests at once")
	}
	s.address = "192.0.2.8:1"
	s.expect(ice(), 200, "")
	many := settle(accountID("anna"), slices.Repeat([]string{item(ticket.Ticket{}, "bert", 1)}, 1000)...)
	if !until(s, func() *httptest.ResponseRecorder {
		return s.ask(httptest.NewRequest("POST", "/v1/settle", strings.NewReader(many)))
	}) {
		t.Error("one address may settle a million receipts at once")
	}
	s = newSite(t, func(c *api.Config) { c.TrustPrivateNets = true })
	s.address = "127.0.0.1:1"
	if until(s, ice) {
		t.Error("this machine is limited")
	}
	s.address = "192.0.2.8:1"
	if !until(s, ice) {
		t.Error("a public address is trusted")
	}
}
