package seedbox

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anacrolix/dht/v2"
	"github.com/anacrolix/dht/v2/krpc"
	peer_store "github.com/anacrolix/dht/v2/peer-store"

	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// makeWork makes a torrent in one of the formats and its content, padding included.
func makeWork(t *testing.T, format string, pieceLength int64, sizes ...int64) (*metainfo.Torrent, []byte) {
	t.Helper()
	info := &metainfo.Info{Name: "work", PieceLength: pieceLength, Single: len(sizes) == 1}
	for n, size := range sizes {
		info.Files = append(info.Files, metainfo.File{Path: []string{fmt.Sprintf("%03d.flac", n)}, Length: size})
	}
	if info.Single {
		info.Files[0].Path[0] = info.Name
	}
	if format != "v1" {
		info.Files, _ = metainfo.Arrange(info.Files, pieceLength)
	}
	info.Length = metainfo.Lay(info.Files)
	content := make([]byte, info.Length)
	dice := rand.NewChaCha8([32]byte{byte(len(sizes)), byte(info.Length)})
	for _, f := range info.Content() {
		_, _ = dice.Read(content[f.Offset : f.Offset+f.Length])
	}
	return described(info, format, content), content
}

func described(info *metainfo.Info, format string, content []byte) *metainfo.Torrent {
	for begin := int64(0); format != "v2" && begin < info.Length; begin += info.PieceLength {
		sum := sha1.Sum(content[begin:min(info.Length, begin+info.PieceLength)])
		info.Pieces = append(info.Pieces, sum[:]...)
	}
	var layers metainfo.Layers
	if format != "v1" {
		var roots []byte
		for n := range (info.Length-1)/info.PieceLength + 1 {
			begin := n * info.PieceLength
			root := info.PieceRoot(int(n), merkle.AppendLeaves(nil, content[begin:begin+info.Place(int(n)).Length]))
			roots = append(roots, root[:]...)
		}
		layers = info.SetRoots(roots)
	}
	t := metainfo.New(info)
	t.Layers = layers
	return t
}

// emptyStore and filled make stores in memory.
func emptyStore(t *metainfo.Torrent) store.Store {
	return store.NewMemory(t.Info, store.NewBudget(1<<30))
}

func filled(t *testing.T, torrent *metainfo.Torrent, content []byte) store.Store {
	t.Helper()
	s := emptyStore(torrent)
	for n := range torrent.Info.NumPieces() {
		put(t, s, torrent, content, n)
	}
	return s
}

func put(t *testing.T, s store.Store, torrent *metainfo.Torrent, content []byte, index int) {
	t.Helper()
	begin := int64(index) * torrent.Info.PieceLength
	if err := s.Put(t.Context(), index, content[begin:begin+torrent.Info.PieceSize(index)]); err != nil {
		t.Fatal(err)
	}
}

// same holds every piece of a store against the content.
func same(t *testing.T, s store.Store, torrent *metainfo.Torrent, content []byte) {
	t.Helper()
	for n := range torrent.Info.NumPieces() {
		piece, begin := make([]byte, torrent.Info.PieceSize(n)), int64(n)*torrent.Info.PieceLength
		if err := s.ReadAt(t.Context(), n, 0, piece); err != nil || !bytes.Equal(piece, content[begin:begin+int64(len(piece))]) {
			t.Fatalf("piece %d is another: %v", n, err)
		}
	}
}

func newStock(t *testing.T, change ...func(*StockConfig)) *Stock {
	t.Helper()
	c := StockConfig{Listen: "127.0.0.1:0", PrivateNets: true, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for _, f := range change {
		f(&c)
	}
	s, err := NewStock(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// address is where a stock listens.
func address(s *Stock) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(s.Port()))
}

func add(t *testing.T, s *Stock, torrent *metainfo.Torrent, view store.Store) {
	t.Helper()
	if err := s.Add(torrent, view); err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s: never", what)
}

// meeting waits for what comes of one's connections to another. It connects again and again: a connection that fails, or ends over a piece
// that is missing, is not tried again by itself.
func meeting(t *testing.T, one, other *Stock, torrent *metainfo.Torrent, what string, ok func() bool) {
	t.Helper()
	eventually(t, what, func() bool {
		one.Connect(torrent.Infohash, address(other))
		return ok()
	})
}

func whole(s store.Store, torrent *metainfo.Torrent) func() bool {
	return func() bool { return s.Have().Full(torrent.Info.NumPieces()) }
}

// samples are torrents with pieces that end with their file, with padding, and with many files.
var samples = []struct {
	name        string
	pieceLength int64
	sizes       []int64
}{
	{"single", 64 << 10, []int64{1<<20 + 4321}},
	{"album", 32 << 10, []int64{100_000, 5, 64 << 10, 70_001, 16 << 10}},
	{"small", 16 << 10, []int64{1, 2, 3, 40_000, 7}},
	{"empty files", 16 << 10, []int64{0, 20_000, 0, 0, 16 << 10, 0, 3, 0}},
}

var allFormats = []string{"v1", "v2", "hybrid"}

func TestStockGivesAndTakes(t *testing.T) {
	a, b := newStock(t), newStock(t)
	for _, sample := range samples {
		for _, format := range allFormats {
			t.Run(sample.name+" "+format, func(t *testing.T) {
				torrent, content := makeWork(t, format, sample.pieceLength, sample.sizes...)
				into := emptyStore(torrent)
				add(t, a, torrent, filled(t, torrent, content))
				add(t, b, torrent, into)
				meeting(t, b, a, torrent, "the copy is whole", whole(into, torrent))
				same(t, into, torrent, content)
				if got := b.Stats(torrent.Infohash).Downloaded; got < torrent.Info.Size() {
					t.Errorf("downloaded %d bytes, want at least %d", got, torrent.Info.Size())
				}
				a.Remove(torrent.Infohash)
				b.Remove(torrent.Infohash)
			})
		}
	}
}

// Over uTP alone: nobody listens for TCP at the port that b is told.
func TestStockSpeaksUTP(t *testing.T) {
	withUTP := func(c *StockConfig) { c.UTP = true }
	a, b := newStock(t, withUTP), newStock(t, withUTP)
	relay := relayUDP(t, address(a))
	torrent, content := makeWork(t, "v1", 64<<10, 500_000)
	into := emptyStore(torrent)
	add(t, a, torrent, filled(t, torrent, content))
	add(t, b, torrent, into)
	eventually(t, "the copy is whole", func() bool {
		b.Connect(torrent.Infohash, relay)
		return whole(into, torrent)()
	})
	same(t, into, torrent, content)
}

// relayUDP passes datagrams on between whoever sends it some and an address.
func relayUDP(t *testing.T, to netip.AddrPort) netip.AddrPort {
	t.Helper()
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		var peer netip.AddrPort
		b := make([]byte, 64<<10)
		for {
			n, from, err := c.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			if from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port()); from != to {
				peer = from
				_, _ = c.WriteToUDPAddrPort(b[:n], to)
			} else if peer.IsValid() {
				_, _ = c.WriteToUDPAddrPort(b[:n], peer)
			}
		}
	}()
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

// What another party puts into the store is given to stock peers.
func TestStockGivesWhatOthersFound(t *testing.T) {
	a, b := newStock(t), newStock(t)
	torrent, content := makeWork(t, "hybrid", 16<<10, 300_000)
	from, into := emptyStore(torrent), emptyStore(torrent)
	put(t, from, torrent, content, 0)
	add(t, a, torrent, from)
	add(t, b, torrent, into)
	meeting(t, b, a, torrent, "the first piece comes", func() bool { return into.Have().Has(0) })
	for n := 1; n < torrent.Info.NumPieces(); n++ {
		put(t, from, torrent, content, n)
		a.Found(torrent.Infohash, n)
	}
	eventually(t, "the copy is whole", whole(into, torrent))
	same(t, into, torrent, content)
}

// forgetful is a store that can lose pieces, as a view of the shelf does.
type forgetful struct {
	store.Store
	mu   sync.Mutex
	lost map[int]bool
}

func (f *forgetful) lose(index int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lost[index] = true
}

func (f *forgetful) has(index int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.lost[index]
}

func (f *forgetful) ReadAt(ctx context.Context, index, begin int, dst []byte) error {
	if !f.has(index) {
		return store.ErrMissing
	}
	return f.Store.ReadAt(ctx, index, begin, dst)
}

func (f *forgetful) Put(ctx context.Context, index int, piece []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.lost, index)
	return f.Store.Put(ctx, index, piece)
}

func TestStockFetchesAgainWhatWasLost(t *testing.T) {
	a, b := newStock(t), newStock(t)
	torrent, content := makeWork(t, "v1", 16<<10, 200_000)
	add(t, a, torrent, filled(t, torrent, content))
	into := &forgetful{Store: emptyStore(torrent), lost: map[int]bool{}}
	add(t, b, torrent, into)
	meeting(t, b, a, torrent, "the copy is whole", whole(into.Store, torrent))
	into.lose(3)
	b.Lost(torrent.Infohash, 3)
	meeting(t, b, a, torrent, "the piece is mended", func() bool { return into.has(3) })
	same(t, into, torrent, content)
}

// A piece that the store turns out not to have, as a peer asks for it, is not given and is fetched again.
func TestStockNoticesALossItself(t *testing.T) {
	a, b, c := newStock(t), newStock(t), newStock(t)
	torrent, content := makeWork(t, "v1", 16<<10, 200_000)
	from := &forgetful{Store: filled(t, torrent, content), lost: map[int]bool{5: true}}
	add(t, a, torrent, from)
	add(t, b, torrent, filled(t, torrent, content))
	into := emptyStore(torrent)
	add(t, c, torrent, into)
	meeting(t, c, a, torrent, "all but one come", func() bool { return into.Have().Count() == torrent.Info.NumPieces()-1 })
	meeting(t, a, b, torrent, "the piece is mended", func() bool { return from.has(5) })
	meeting(t, c, a, torrent, "and given", whole(into, torrent))
	same(t, into, torrent, content)
}

func TestStockStopsWhenTheStoreIsFull(t *testing.T) {
	a, b := newStock(t), newStock(t)
	torrent, content := makeWork(t, "v1", 16<<10, 400_000)
	add(t, a, torrent, filled(t, torrent, content))
	budget := store.NewBudget(100_000)
	into := store.NewMemory(torrent.Info, budget)
	add(t, b, torrent, into)
	meeting(t, b, a, torrent, "it says that there is no room", func() bool { return errors.Is(b.Stats(torrent.Infohash).Err, store.ErrFull) })
	budget.Resize(1 << 20)
	is := whole(into, torrent)
	eventually(t, "the copy is whole once there is room", func() bool {
		b.Resume(torrent.Infohash)
		b.Connect(torrent.Infohash, address(a))
		time.Sleep(200 * time.Millisecond)
		return is()
	})
	same(t, into, torrent, content)
}

// announced is who has announced what at a node of the DHT. The library's own store loses the ports.
type announced struct {
	mu    sync.Mutex
	peers map[peer_store.InfoHash][]krpc.NodeAddr
}

func (a *announced) AddPeer(infohash peer_store.InfoHash, peer krpc.NodeAddr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.peers == nil {
		a.peers = map[peer_store.InfoHash][]krpc.NodeAddr{}
	}
	a.peers[infohash] = append(a.peers[infohash], peer)
}

func (a *announced) GetPeers(infohash peer_store.InfoHash) []krpc.NodeAddr {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.peers[infohash])
}

// Clients that know nothing of each other meet by a node of the DHT that does not know the work.
func TestStockFindsPeersByDHT(t *testing.T) {
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	known := &announced{}
	config := dht.NewDefaultServerConfig()
	config.Conn, config.PeerStore = socket, known
	config.StartingNodes = func() ([]dht.Addr, error) { return nil, nil }
	node, err := dht.NewServer(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(node.Close)
	begin := func(c *StockConfig) {
		c.DHT, c.Nodes = true, []netip.AddrPort{netip.MustParseAddrPort(socket.LocalAddr().String())}
	}
	a := newStock(t, begin)
	torrent, content := makeWork(t, "hybrid", 16<<10, 400_000)
	add(t, a, torrent, filled(t, torrent, content))
	for range 10 { // an announce that is lost is repeated only after a quarter of an hour
		if time.Sleep(time.Second); len(known.GetPeers(torrent.Infohash)) > 0 {
			break
		}
		a.Remove(torrent.Infohash)
		add(t, a, torrent, filled(t, torrent, content))
	}
	b, into := newStock(t, begin), emptyStore(torrent)
	add(t, b, torrent, into)
	eventually(t, "the work", whole(into, torrent))
	same(t, into, torrent, content)
}

// Clients that have one acquaintance in common meet each other by it.
func TestStockFindsPeersByPEX(t *testing.T) {
	slow := func(c *StockConfig) { c.PEX, c.Rates.Up = true, 1<<20 }
	a, between, b := newStock(t, slow), newStock(t, slow), newStock(t, slow)
	torrent, content := makeWork(t, "v1", 16<<10, 16<<20)
	add(t, a, torrent, filled(t, torrent, content))
	add(t, between, torrent, emptyStore(torrent))
	into := emptyStore(torrent)
	add(t, b, torrent, into)
	meeting(t, between, a, torrent, "the first two meet", func() bool { return between.Stats(torrent.Infohash).Peers == 1 })
	meeting(t, b, between, torrent, "all meet", func() bool { return a.Stats(torrent.Infohash).Peers == 2 })
}
