// Package api owns what the server says over HTTP: the words under /v1, the pages
// and the engine's files, and the operator's own listener.
//
// It promises that every refusal has a code and a sentence, that a request's size
// and rate are bounded, and that no address of anybody is told. It never decides
// what a receipt is worth: the ledger does.
package api

import (
	"context"
	_ "embed"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
	"fanseed/wasm/metainfo"
)

// Ledger is what the API needs of the ledger.
type Ledger interface {
	Register(ctx context.Context, publicKey [32]byte, now time.Time) error
	Settle(ctx context.Context, account [16]byte, receipts []receipt.Receipt, now time.Time) ([]receipt.Result, error)
	Statement(ctx context.Context, account [16]byte) (ledger.Statement, error)
	Export(ctx context.Context, account [16]byte) (ledger.Statement, error)
	Epochs() ledger.Epochs
	Closed(ctx context.Context, last uint32, most int) ([]ledger.Closed, error)
	Rate(ctx context.Context) (uint64, error)
	Boost(ctx context.Context, b ledger.Boost, now time.Time) (ledger.Boost, error)
	Fund(ctx context.Context, p ledger.Pool, epochs uint32, now time.Time) (ledger.Pool, error)
	Appeal(ctx context.Context, a ledger.Appeal, now time.Time) (ledger.Appeal, error)
	Backing(ctx context.Context, work [20]byte, now time.Time) (ledger.Backing, error)
	Stakes(ctx context.Context, account [16]byte, now time.Time) (ledger.Stakes, error)
}

// Works is where published works are read.
type Works interface {
	Work(ctx context.Context, infohash [20]byte) (ledger.Work, error)
	Works(ctx context.Context, p ledger.Page) ([]ledger.Work, error)
	Torrent(ctx context.Context, infohash [20]byte) ([]byte, error)
}

// Listing is where works are published.
type Listing interface {
	Publish(ctx context.Context, w ledger.Work, torrent []byte, limit int) error
}

// Swarms knows who is there.
type Swarms interface {
	Counts(infohash [20]byte) (seeders, leechers int)
	Attention(infohash [20]byte) Attention
}

// Attention is what boosts bring a work besides money.
type Attention struct {
	Helpers       int `json:"helpers"`       // seeders that had nothing else to do, and were asked to seed it
	Introductions int `json:"introductions"` // of two of its peers, since the server knows of its swarm
}

// Copies are the server's own copies of works.
type Copies interface {
	// Pull has a work copied that an account has newly published.
	Pull(t *metainfo.Torrent, by [16]byte) error
	// Decline says that the publisher of a work wants no copy of it.
	Decline(infohash [20]byte) error
	// Copy tells what there is of a work, and the share of its pieces; "" where nobody has told of it.
	Copy(infohash [20]byte) (state string, progress float64)
}

// WholeCopy is the state of a copy that has every piece: from then on its webseed is told to all.
const WholeCopy = "whole"

// ICEServer is an RTCIceServer that pages are told (W3C WebRTC, section 4.2.4).
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Config is what the API is made of. All fields are needed but the last six.
type Config struct {
	Name      string
	Origins   []string // of this server; the first is the one that links name
	ServerKey [32]byte
	LogKey    string // text of the public log's key
	Ledger    Ledger
	Works     Works
	Listing   Listing
	Swarms    Swarms
	MaxWorks  int
	Announce  http.Handler                   // the WebSocket endpoint
	PublicLog http.Handler                   // of what is below logPath
	Client    func(*http.Request) netip.Addr // whose request it is
	Dist      fs.FS                          // the built pages
	Log       *slog.Logger
	ICE       []ICEServer
	// TrustPrivateNets lets loopback and private addresses ask as fast as they like.
	TrustPrivateNets bool
	Copies           Copies // nil: the server has none
	Webseed          string // path below which the copies are; each work's is this, its infohash and a slash
	// Trackers are ordinary ones for clients that speak no WebRTC. They are named in every work that is not private.
	Trackers []string
}

// API answers requests.
type API struct {
	Config
	rates      *rates
	publishing chan struct{} // holds one for each .torrent being read
}

// New returns the handler of the public listener.
func New(c Config) (http.Handler, error) {
	pages, err := newPages(c.Dist, c.Origins[0])
	if err != nil {
		return nil, err
	}
	a := &API{Config: c, rates: newRates(), publishing: make(chan struct{}, 4)}
	mux := http.NewServeMux()
	mux.Handle("/announce", c.Announce)
	mux.Handle("/v1/", a.words())
	mux.Handle("/", pages)
	return mux, nil
}

// logPath is where the public log is (C2SP tlog-tiles).
const logPath = "/v1/log"

// document describes everything under /v1, the webseed and the operator's listener (OpenAPI 3.1).
//
//go:embed openapi.json
var document []byte

// route is a pattern of http.ServeMux, and what answers there.
type route struct {
	pattern string
	answer  answer
}

// routes are all under /v1 but the public log.
func (a *API) routes() []route {
	return []route{
		{"GET /v1/openapi.json", a.describe},
		{"GET /v1/server", a.server},
		{"GET /v1/ice", a.ice},
		{"GET /v1/epochs", a.closedEpochs},
		{"GET /v1/epochs/{epoch}", a.closedEpoch},
		{"GET /v1/works", a.listWorks},
		{"POST /v1/works", a.publish},
		{"GET /v1/works/{work}", a.work},
		{"POST /v1/settle", a.settle},
		{"GET /v1/accounts/{account}", a.account},
		{"GET /v1/accounts/{account}/export.json", a.exportJSON},
		{"GET /v1/accounts/{account}/export.csv", a.exportCSV},
		{"POST /v1/boosts", a.boost},
		{"POST /v1/pools", a.fund},
		{"POST /v1/appeals", a.appeal},
	}
}

// words returns the handler of everything under /v1.
func (a *API) words() http.Handler {
	mux := http.NewServeMux()
	for _, r := range a.routes() {
		mux.Handle(r.pattern, r.answer)
	}
	mux.Handle(logPath+"/", http.StripPrefix(logPath, a.PublicLog))
	mux.Handle("/v1/", answer(func(http.ResponseWriter, *http.Request) error { return errNoWord }))
	return a.open(a.bounded(mux))
}

// describe answers with the document.
func (a *API) describe(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", briefly)
	_, _ = w.Write(document) // an error means that the client is gone
	return nil
}

// open lets pages of any origin ask. There are no cookies that it could expose.
func (a *API) open(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		if r.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Methods", "GET, POST")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			h.Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bounded refuses a client that asks too fast.
func (a *API) bounded(next http.Handler) http.Handler {
	return answer(func(w http.ResponseWriter, r *http.Request) error {
		if err := a.charge(r, 1); err != nil {
			return err
		}
		next.ServeHTTP(w, r)
		return nil
	})
}

// charge counts a request, or what more it costs, against its client's rate.
func (a *API) charge(r *http.Request, cost int) error {
	address := a.Client(r)
	if a.TrustPrivateNets && private(address) || a.rates.allow(address, time.Now(), cost) {
		return nil
	}
	return errBusy
}

// origin returns the one of this server's origins by which the request's sender
// reaches it.
func (a *API) origin(r *http.Request) string {
	for _, o := range a.Origins {
		if _, host, _ := strings.Cut(o, "://"); host == r.Host {
			return o
		}
	}
	return a.Origins[0]
}

// tracker returns the WebSocket URL of the announce endpoint.
func (a *API) tracker(r *http.Request) string {
	return "ws" + strings.TrimPrefix(a.origin(r), "http") + "/announce"
}
