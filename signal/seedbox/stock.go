package seedbox

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anacrolix/torrent"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// StockConfig says how a Stock meets its peers.
type StockConfig struct {
	// Listen is "host:port" of TCP and UDP. Without a host these are all addresses; port 0 takes a free one.
	Listen string
	// DHT and PEX find peers besides the trackers. Private torrents (BEP 27) never use either: they get a client of their own, without
	// both, at the next port.
	DHT, PEX bool
	Nodes    []netip.AddrPort // of the DHT, to begin from; none: the public ones
	UTP      bool
	Rates    Rates
	MaxConns int // at once, in all; 0 means 500
	// PrivateNets lets trackers and peers be on loopback and private addresses: without it a torrent cannot make us knock on doors
	// behind a firewall.
	PrivateNets bool
	Trackers    []string     // of every work that is not private, beside its own
	Log         *slog.Logger // never told an address
}

// Rates are bytes a second in all; 0 means no limit.
type Rates struct{ Up, Down int64 }

const (
	defaultConns = 500
	connsOfWork  = 80        // at once
	unverified   = 64 << 20  // bytes that are asked for before a piece of them is whole
	mostPartial  = 128 << 20 // bytes of such pieces that are kept
	markingTime  = 10 * time.Millisecond
)

// Stock speaks with stock BitTorrent clients: over TCP and uTP, by trackers, DHT and PEX. It is anacrolix's client over stores, a
// party beside others that have views of the same store: what they find and lose it is told by Found and Lost.
type Stock struct {
	config   StockConfig
	partials *partials
	changes  changes
	conns    atomic.Int64

	mu      sync.Mutex
	open    *torrent.Client
	private *torrent.Client // nil until it is needed; open itself where that has neither DHT nor PEX
	works   map[[20]byte]*stocked
	closed  bool
}

// NewStock opens the sockets.
func NewStock(c StockConfig) (*Stock, error) {
	if c.MaxConns <= 0 {
		c.MaxConns = defaultConns
	}
	s := &Stock{config: c, partials: newPartials(mostPartial), works: map[[20]byte]*stocked{}}
	s.changes.begin(s.change)
	client, err := s.client(c.Listen, false)
	if err != nil {
		s.changes.end()
		return nil, err
	}
	s.open = client
	if !c.DHT && !c.PEX {
		s.private = client
	}
	return s, nil
}

// Port is the port that peers reach.
func (s *Stock) Port() int { return s.open.LocalPort() }

var (
	errStockClosed = errors.New("the stock client is closed")
	errThere       = errors.New("the work is there already")
)

// Add seeds a work out of a store and fetches into it what it lacks. The store is the caller's to close, after Remove.
func (s *Stock) Add(t *metainfo.Torrent, view store.Store) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errStockClosed
	case s.works[t.Infohash] != nil:
		return errThere
	}
	client, err := s.clientOf(t.Info)
	if err != nil {
		return err
	}
	w := s.stocked(t, view)
	if err := w.begin(client, [][]string{s.config.Trackers}); err != nil {
		w.stop()
		return fmt.Errorf("give the work to the stock client: %w", err)
	}
	s.works[t.Infohash] = w
	return nil
}

func (s *Stock) stocked(t *metainfo.Torrent, view store.Store) *stocked {
	w := &stocked{torrent: t, store: view, partials: s.partials, note: s.changes.note, have: view.Have()}
	w.ctx, w.stop = context.WithCancel(context.Background())
	return w
}

// clientOf returns the client for a work.
func (s *Stock) clientOf(info *metainfo.Info) (*torrent.Client, error) {
	if !info.Private {
		return s.open, nil
	}
	if s.private == nil {
		listen, err := nextPort(s.config.Listen)
		if err != nil {
			return nil, err
		}
		if s.private, err = s.client(listen, true); err != nil {
			return nil, err
		}
	}
	return s.private, nil
}

func nextPort(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", err
	}
	if n > 0 {
		n++
	}
	return net.JoinHostPort(host, strconv.FormatUint(n, 10)), nil
}

// begin adds the work to a client.
func (w *stocked) begin(client *torrent.Client, trackers [][]string) error {
	w.handle, _ = client.AddTorrentOpt(torrent.AddTorrentOpts{InfoHash: w.torrent.Infohash, Storage: w, DisableInitialPieceCheck: true})
	if err := w.describe(); err != nil {
		w.handle.Drop()
		return err
	}
	w.handle.SetMaxEstablishedConns(connsOfWork)
	w.handle.AddTrackers(stockTrackers(w.torrent.Announce))
	if !w.torrent.Info.Private {
		w.handle.AddTrackers(stockTrackers(trackers))
	}
	w.handle.DownloadAll()
	return nil
}

// describe gives the client the metadata, which is known to be right.
func (w *stocked) describe() error {
	if err := w.handle.SetInfoBytes(w.torrent.InfoBytes); err != nil {
		return err
	}
	if !w.handle.Info().HasV2() {
		return nil
	}
	layers := make(map[string]string, len(w.torrent.Layers))
	for root, layer := range w.torrent.Layers {
		layers[string(root[:])] = string(layer)
	}
	return errors.Join(w.handle.AddPieceLayers(layers)...)
}

// Remove ends a work's connections. Its pieces stay in the store, which is not used any more.
func (s *Stock) Remove(infohash [20]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.works[infohash]; w != nil {
		delete(s.works, infohash)
		w.stop()
		w.handle.Drop()
	}
}

// Connect has a work try a peer at an address.
func (s *Stock) Connect(infohash [20]byte, peer netip.AddrPort) {
	if w := s.work(infohash); w != nil {
		w.handle.AddPeers([]torrent.PeerInfo{{Addr: net.TCPAddrFromAddrPort(peer), Trusted: true}})
	}
}

func (s *Stock) work(infohash [20]byte) *stocked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.works[infohash]
}

// Found says that another party has put a piece into the store. It never blocks.
func (s *Stock) Found(infohash [20]byte, index int) {
	s.changes.note(change{infohash, index, found, nil})
}

// Lost says that a piece is not in the store any more: it is fetched again. It never blocks.
func (s *Stock) Lost(infohash [20]byte, index int) {
	s.changes.note(change{infohash, index, lost, nil})
}

// change tells the client what has changed.
func (s *Stock) change(c change) {
	w := s.work(c.infohash)
	if w == nil || c.index < 0 || c.index >= w.torrent.Info.NumPieces() {
		return
	}
	piece := w.handle.Piece(c.index)
	if state := piece.State(); state.Marking { // it would overwrite what it is told now
		time.AfterFunc(markingTime, func() { s.changes.note(c) })
		return
	}
	switch c.what {
	case found:
		w.mark(c.index, true)
		w.partials.drop(pieceOf{w, c.index})
	case lost:
		w.mark(c.index, false)
	case failed:
		w.fail(c.err)
		s.config.Log.Warn("a piece from stock clients could not be kept", "infohash", hex.EncodeToString(c.infohash[:]), "piece", c.index, "err", c.err)
	}
	piece.UpdateCompletion()
	if c.what == lost {
		w.meetAnew()
	}
}

// meetAnew ends the work's connections: nothing else takes back what peers were told to be here, and those that asked for it in vain may
// not ask for anything again.
func (w *stocked) meetAnew() {
	for _, c := range w.handle.PeerConns() {
		_ = c.Close()
	}
}

// fail stops fetching, not seeding.
func (w *stocked) fail(err error) {
	w.mu.Lock()
	w.failure = err
	w.mu.Unlock()
	w.handle.DisallowDataDownload()
}

// Resume fetches again after a store was full. Requests that were taken back are rejected by the peers, and after a rejection the client asks
// for nothing more until something changes: where nothing has come since the last Resume, a piece is put aside and asked for again. So
// call it now and then while a work is not whole.
func (s *Stock) Resume(infohash [20]byte) {
	w := s.work(infohash)
	if w == nil {
		return
	}
	stats := w.handle.Stats()
	received := stats.BytesReadUsefulData.Int64()
	w.mu.Lock()
	idle := received == w.resumed
	w.failure, w.resumed = nil, received
	missing, pieces := 0, w.torrent.Info.NumPieces()
	for missing < pieces && w.have.Has(missing) {
		missing++
	}
	w.mu.Unlock()
	w.handle.AllowDataDownload()
	if idle && missing < pieces {
		piece := w.handle.Piece(missing)
		piece.SetPriority(torrent.PiecePriorityNone)
		piece.SetPriority(torrent.PiecePriorityNormal)
	}
}

// StockStats says what a work has moved in this run.
type StockStats struct {
	Peers                int
	Downloaded, Uploaded int64 // payload bytes
	Err                  error // why nothing is fetched any more, until Resume
}

// Stats returns them; zeros for a work that is not there.
func (s *Stock) Stats(infohash [20]byte) StockStats {
	w := s.work(infohash)
	if w == nil {
		return StockStats{}
	}
	stats := w.handle.Stats()
	w.mu.Lock()
	defer w.mu.Unlock()
	return StockStats{stats.ActivePeers, stats.BytesReadUsefulData.Int64(), stats.BytesWrittenData.Int64(), w.failure}
}

// Total returns the payload bytes of all works in this run.
func (s *Stock) Total() (received, sent int64) {
	s.mu.Lock()
	clients := s.clients()
	s.mu.Unlock()
	for _, client := range clients {
		stats := client.Stats()
		received += stats.BytesReadUsefulData.Int64()
		sent += stats.BytesWrittenData.Int64()
	}
	return received, sent
}

// clients are those that there are. s.mu is held.
func (s *Stock) clients() []*torrent.Client {
	if s.private == nil || s.private == s.open {
		return []*torrent.Client{s.open}
	}
	return []*torrent.Client{s.open, s.private}
}

// Close ends everything. The stores stay open.
func (s *Stock) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	for _, w := range s.works {
		w.stop()
	}
	clients := s.clients()
	s.mu.Unlock()
	s.changes.end()
	for _, client := range clients {
		client.Close()
	}
}
