package main

import (
	"context"
	"crypto/ed25519"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/api"
	"fanseed/signal/hub"
	"fanseed/signal/ledger"
	publiclog "fanseed/signal/log"
	"fanseed/signal/seedbox"
	"fanseed/signal/socket"
	"fanseed/web"
)

// closeTime is how long requests and sockets get to end when the server stops.
const closeTime = 3 * time.Second

// server is everything that runs.
type server struct {
	options
	log      *slog.Logger
	key      ed25519.PrivateKey
	accept   net.Listener // of the public listener
	origins  []string     // the first one is printed
	signer   *publiclog.Signer
	db       keeper
	ledger   *ledger.Ledger
	listing  *ledger.Listing
	hub      *hub.Hub
	sockets  *socket.Server
	copies   *copies // nil when off
	auditor  *audits // nil when off
	public   *listener
	admin    *listener // nil when off
	requests counter
	failed   chan error // of the loops, each at most once
	hubLoop  *loop
	payLoop  *loop
	logLoop  *loop
}

// start opens the ledger and the listeners, and begins to serve. On an error the
// process ends: the ledger needs no goodbye.
func start(ctx context.Context, o options, log *slog.Logger) (*server, error) {
	s := &server{options: o, log: log, failed: make(chan error, 6)}
	for _, step := range []func(context.Context) error{s.openData, s.takeAddress, s.openLog, s.openLedger, s.listenPublic, s.listenAdmin} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	s.hubLoop = begin(func(ctx context.Context) error { s.hub.Run(ctx); return nil }, s.failed)
	s.payLoop = begin(s.ledger.Run, s.failed)
	s.logLoop = begin(s.ledger.Sequence, s.failed)
	begin(s.public.serve, s.failed)
	begin(s.admin.serve, s.failed)
	s.copies.begin(s.failed)
	s.auditor.begin(s.failed)
	return s, nil
}

func (s *server) openData(ctx context.Context) (err error) {
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if s.key, err = loadKey(s.data, serverKey); err != nil {
		return err
	}
	s.db, err = s.books.open(ctx)
	return err
}

// takeAddress takes the port, so that the origins are known.
func (s *server) takeAddress(context.Context) (err error) {
	if s.accept, err = net.Listen("tcp", s.addr); err != nil {
		return err
	}
	s.origins, err = s.options.origins(s.accept.Addr().(*net.TCPAddr))
	return err
}

// openLog reads the key of the public log, and its name: the host by which the server was reached when the log began. It stays when -url
// changes, since to those who watch the log another name is another log.
func (s *server) openLog(ctx context.Context) error {
	key, err := loadKey(s.data, logKey)
	if err != nil {
		return err
	}
	_, host, _ := strings.Cut(s.origins[0], "://")
	name, err := s.db.Once(ctx, "log_name", host)
	if err != nil {
		return fmt.Errorf("read the public log's name: %w", err)
	}
	s.signer, err = publiclog.NewSigner(name, key)
	return err
}

func (s *server) openLedger(ctx context.Context) (err error) {
	s.ledger, err = ledger.New(ctx, s.db, ledger.Config{Epochs: ledger.Epochs(s.epoch), Emission: s.emission, Log: s.log, Signer: s.signer})
	if err != nil {
		return fmt.Errorf("open the ledger in %s: %w", s.books, err)
	}
	if err := s.ledger.Deposit(ctx, s.treasury, time.Now()); err != nil {
		return fmt.Errorf("deposit the treasury: %w", err)
	}
	s.listing, err = ledger.NewListing(ctx, s.db)
	return err
}

// listenPublic introduces hub, sockets and API to each other.
func (s *server) listenPublic(context.Context) error {
	proxies, err := s.trustedProxies()
	if err != nil {
		return err
	}
	ice, err := s.iceServers()
	if err != nil {
		return err
	}
	if err := s.openCopies(s.accept.Addr(), proxies, ice); err != nil {
		return fmt.Errorf("open the copies: %w", err)
	}
	if err := s.openAudits(s.accept.Addr(), ice); err != nil {
		return err
	}
	s.hub = hub.New(hub.Config{
		Key: s.key, Origins: s.origins, Epoch: s.ledger.Epochs().At, Ledger: s.ledger, Works: s.listing, Rand: random(),
		Open: s.open, TrustPrivateNets: s.trust, Uncredited: s.copies.accounts(), Log: s.log,
		Seeding: seeding{s.ledger}, Torrents: s.db, Proofs: hub.Proofs{Epoch: s.epoch}, Boosts: &boosts{ledger: s.ledger, works: s.db},
	})
	s.sockets = socket.NewServer(socket.Config{Limits: s.limits(), Subprotocol: announce.Subprotocol, Proxies: proxies, Log: s.log}, s.hub)
	handler, err := api.New(api.Config{
		Name: s.name, Origins: s.origins, ServerKey: [32]byte(s.key.Public().(ed25519.PublicKey)), LogKey: s.signer.Key().String(),
		Ledger: boosting{s.ledger, s.hub}, Works: s.db, Listing: s.listing, Swarms: swarms{s.hub}, MaxWorks: s.maxWorks,
		Announce: s.sockets, PublicLog: publiclog.Handler(s.ledger.PublicLog(), s.signer.Key()), Client: proxies.Client, Dist: web.Dist, Log: s.log, ICE: ice, TrustPrivateNets: s.trust,
		Copies: s.copies.words(), Webseed: seedbox.WebseedPath, Trackers: listed(s.trackers),
	})
	s.public = listen(s.accept, s.requests.count(s.copies.handler(handler)), s.log)
	return err
}

// random returns the tracker's dice.
func random() *rand.Rand {
	var seed [32]byte
	crand.Read(seed[:])
	return rand.New(rand.NewChaCha8(seed))
}

func (s *server) listenAdmin(context.Context) error {
	if s.options.admin == "off" {
		return nil
	}
	accept, err := net.Listen("tcp", s.options.admin)
	if err != nil {
		return fmt.Errorf("-admin: %w", err)
	}
	admin := api.Admin{Ready: s.ready, Metrics: s.metrics(), Remove: s.remove, Credit: func(ctx context.Context, id, account [16]byte, amount uint64) error {
		return s.ledger.Credit(ctx, id, account, amount, time.Now())
	}, Appeals: s.ledger}
	s.admin = listen(accept, admin.Handler(), s.log)
	s.log.Info("operator's listener", "url", "http://"+accept.Addr().String())
	return nil
}

// remove takes a work off the list, out of every open page and off the disk.
func (s *server) remove(ctx context.Context, infohash [20]byte) error {
	if err := s.listing.Remove(ctx, infohash); err != nil {
		return err
	}
	s.hub.Revoke(infohash, "this work was removed by the operator")
	return s.copies.remove(infohash)
}

// wait serves until stop is done or something fails, and then ends everything in
// order: the auditor and the box pay their peers and leave, nobody new comes in, requests
// are answered and sockets closed, then the loops end, that of the public log last, the
// copies, and the ledger.
func (s *server) wait(stop context.Context) error {
	var failed error
	select {
	case <-stop.Done():
	case failed = <-s.failed:
	}
	s.log.Info("stopping")
	ctx, cancel := context.WithTimeout(context.Background(), s.drain+closeTime)
	defer cancel()
	s.public.stopping.Store(true)
	s.auditor.end()
	s.copies.end()
	var closed sync.WaitGroup
	closed.Go(func() { s.cut("requests", s.public.http.Shutdown(ctx)) })
	closed.Go(func() { s.cut("sockets", s.sockets.Shutdown(ctx, s.drain)) })
	closed.Wait()
	s.hubLoop.end()
	s.payLoop.end()
	s.logLoop.end()
	return errors.Join(failed, s.public.close(), s.copies.close(), s.ledger.Close(), s.admin.close())
}

// cut notes that clients did not end in time. That is no failure of ours.
func (s *server) cut(what string, err error) {
	if err != nil {
		s.log.Warn("not everything ended in time", "what", what, "err", err)
	}
}

// ready reports whether the server can serve.
func (s *server) ready(ctx context.Context) error {
	if s.public.stopping.Load() {
		return errors.New("stopping")
	}
	_, err := s.db.Balance(ctx, ledger.Treasury)
	return err
}

func (s *server) metrics() []api.Metric {
	treasury := func() int64 {
		amount, err := s.db.Balance(context.Background(), ledger.Treasury)
		if err != nil {
			return -1
		}
		return amount
	}
	counts := s.ledger.Counts()
	return append([]api.Metric{
		{Name: "fanseed_sockets", Help: "Open announce sockets.", Type: "gauge", Value: func() int64 { return int64(s.sockets.Len()) }},
		{Name: "fanseed_works", Help: "Listed works.", Type: "gauge", Value: func() int64 { return int64(s.listing.Len()) }},
		{Name: "fanseed_treasury_microcredits", Help: "What the treasury holds; -1 when it cannot be read.", Type: "gauge", Value: treasury},
		{Name: "fanseed_requests_total", Help: "HTTP requests.", Type: "counter", Value: s.requests.Load},
		{Name: "fanseed_tickets_total", Help: "Tickets issued.", Type: "counter", Value: counts.Issued.Load},
		{Name: "fanseed_receipts_accepted_total", Help: "Receipts accepted.", Type: "counter", Value: counts.Accepted.Load},
		{Name: "fanseed_boosted_works", Help: "Works that are boosted in the open epoch.", Type: "gauge", Value: func() int64 { n, _ := s.hub.Boosts(); return int64(n) }},
		{Name: "fanseed_works_handed_total", Help: "Boosted works that were handed to seeders who had nothing else to do.", Type: "counter", Value: func() int64 { _, n := s.hub.Boosts(); return int64(n) }},
		{Name: "fanseed_receipts_refused_total", Help: "Receipts refused.", Type: "counter", Value: counts.Refused.Load},
	}, append(s.copies.metrics(), s.auditor.metrics()...)...)
}
