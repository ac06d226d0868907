package seedbox

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"

	pp "github.com/anacrolix/torrent/peer_protocol"

	"fanseed/wasm/bencode"
	"fanseed/wasm/metainfo"
)

// attacker is a peer that speaks bytes of its own choice.
type attacker struct{ net.Conn }

func attack(t *testing.T, s *Stock, torrent *metainfo.Torrent) attacker {
	t.Helper()
	return assail(t, s.Port(), torrent)
}

func assail(t *testing.T, port int, torrent *metainfo.Torrent) attacker {
	t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	hello := append([]byte("\x13BitTorrent protocol"), 0, 0, 0, 0, 0, 0x10, 0, 0x05)
	hello = append(append(hello, torrent.Infohash[:]...), "-XX0000-aaaaaaaaaaaa"...)
	if _, err := c.Write(hello); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 68)); err != nil {
		t.Fatal(err)
	}
	return attacker{c}
}

// say sends one message.
func (a attacker) say(kind byte, payload []byte) {
	message := binary.BigEndian.AppendUint32(nil, uint32(len(payload)+1))
	_, _ = a.Write(append(append(message, kind), payload...))
}

// listens waits until the other side has read everything and answers a request, or has hung up.
func (a attacker) listens() {
	a.say(byte(pp.Interested), nil)
	a.say(byte(pp.Request), []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0})
	all := make([]byte, 64<<10)
	for {
		_ = a.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		if _, err := a.Read(all); err != nil {
			return
		}
	}
}

// assaults are messages that end a process of anacrolix's client, each for itself.
func assaults(torrent *metainfo.Torrent) map[string]func(attacker) {
	metadata := func(piece, kind int64) func(attacker) {
		return func(a attacker) {
			a.say(byte(pp.Extended), append([]byte{0}, bencode.Append(nil, bencode.Dict{"m": bencode.Dict{"ut_metadata": 3}})...))
			a.say(byte(pp.Extended), append([]byte{1}, bencode.Append(nil, bencode.Dict{"msg_type": kind, "piece": piece, "total_size": 100})...))
		}
	}
	hashes := func(root [32]byte, layer, index, length, proofs uint32, hashes int) func(attacker) {
		return func(a attacker) {
			payload := bytes.Clone(root[:])
			for _, n := range []uint32{layer, index, length, proofs} {
				payload = binary.BigEndian.AppendUint32(payload, n)
			}
			a.say(byte(pp.Hashes), append(payload, make([]byte, 32*hashes)...))
		}
	}
	root := torrent.Info.Files[0].Root
	return map[string]func(attacker){
		"metadata before the first":      metadata(-1, 0),
		"metadata far before the first":  metadata(-1<<49, 0),
		"metadata beyond what can be":    metadata(1<<49+1, 0),
		"data before the first":          metadata(-1, 1),
		"hashes with a proof":            hashes(root, 2, 0, 2, 1, 3),
		"hashes of no file":              hashes([32]byte{1}, 2, 0, 2, 0, 2),
		"hashes beyond the file":         hashes(root, 2, 1<<31, 2, 0, 2),
		"hashes of nothing":              hashes([32]byte{}, 0, 0, 0, 0, 0),
		"a rejected request of no piece": func(a attacker) { a.say(byte(pp.Reject), bytes.Repeat([]byte{0xff}, 12)) },
		"a piece nobody asked for":       func(a attacker) { a.say(byte(pp.Piece), make([]byte, 8+16<<10)) },
		"all, none and all again": func(a attacker) {
			for _, kind := range []pp.MessageType{pp.HaveAll, pp.HaveNone, pp.HaveAll, pp.HaveAll, pp.HaveNone, pp.HaveNone} {
				a.say(byte(kind), nil)
			}
			a.say(byte(pp.Bitfield), []byte{0xff, 0xff, 0xff})
			a.say(byte(pp.Bitfield), []byte{0})
		},
	}
}

func TestStockOutlivesAssaults(t *testing.T) {
	for _, format := range allFormats {
		torrent, content := makeWork(t, format, 64<<10, 300_000, 70_000)
		s := newStock(t)
		half := emptyStore(torrent)
		put(t, half, torrent, content, 0)
		add(t, s, torrent, half)
		for name, assault := range assaults(torrent) {
			t.Run(format+" "+name, func(t *testing.T) {
				a := attack(t, s, torrent)
				assault(a)
				a.listens()
			})
		}
		gives(t, s, torrent, content)
	}
}

// TestStockOutlivesNoise sends well-formed and other messages by the dice.
func TestStockOutlivesNoise(t *testing.T) {
	torrent, content := makeWork(t, "v2", 64<<10, 300_000, 70_000)
	s := newStock(t)
	half := emptyStore(torrent)
	put(t, half, torrent, content, 0)
	add(t, s, torrent, half)
	dice := rand.New(rand.NewPCG(1, 2))
	kinds := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 20, 21, 22, 23, 99}
	for range 300 {
		a := attack(t, s, torrent)
		for range dice.IntN(20) {
			payload := make([]byte, []int{0, 4, 8, 12, 48, 48 + 32, 100}[dice.IntN(7)])
			for n := range payload {
				payload[n] = []byte{0, 0, 0, 1, 0xff, byte(dice.Uint32())}[dice.IntN(6)]
			}
			if len(payload) >= 48 && dice.IntN(2) == 0 {
				copy(payload, torrent.Info.Files[0].Root[:])
			}
			a.say(kinds[dice.IntN(len(kinds))], payload)
		}
		_ = a.Close()
	}
	gives(t, s, torrent, content)
}

// gives shows that a stock still gives its first piece.
func gives(t *testing.T, s *Stock, torrent *metainfo.Torrent, content []byte) {
	t.Helper()
	other, into := newStock(t), emptyStore(torrent)
	add(t, other, torrent, into)
	eventually(t, "the first piece comes", func() bool {
		other.Connect(torrent.Infohash, address(s))
		return into.Have().Has(0)
	})
}

// Private torrents are with a client of their own, which offers no peer exchange (BEP 27).
func TestStockKeepsPrivateTorrentsApart(t *testing.T) {
	s := newStock(t, func(c *StockConfig) { c.PEX = true })
	for _, private := range []bool{false, true} {
		torrent, content := makeWork(t, "v1", 16<<10, 20_000)
		if private {
			info := *torrent.Info
			info.Private = true
			torrent = metainfo.New(&info)
		}
		add(t, s, torrent, filled(t, torrent, content))
		if got := bytes.Contains(greeting(t, s, torrent), []byte("6:ut_pex")); got == private {
			t.Errorf("private: %v, peer exchange is offered: %v", private, got)
		}
	}
	if s.private == s.open || s.private.LocalPort() == s.open.LocalPort() {
		t.Error("one client has both")
	}
}

// greeting is the extended handshake that a peer gets, from the client that has the work.
func greeting(t *testing.T, s *Stock, torrent *metainfo.Torrent) []byte {
	t.Helper()
	client := s.open
	if torrent.Info.Private {
		client = s.private
	}
	a := assail(t, client.LocalPort(), torrent)
	a.say(byte(pp.Extended), append([]byte{0}, bencode.Append(nil, bencode.Dict{"m": bencode.Dict{"ut_metadata": 3, "ut_pex": 1}})...))
	all := make([]byte, 512)
	n, err := io.ReadAtLeast(a, all, 100)
	if err != nil {
		t.Fatal(err)
	}
	return all[:n]
}

// Trackers are strangers' words too: some of these would end the process.
func TestStockTrackers(t *testing.T) {
	torrent, content := makeWork(t, "v1", 16<<10, 20_000)
	torrent.Announce = [][]string{
		{"http://user:password@127.0.0.1:1/announce", "udp://127.0.0.1/announce", "http:///announce", "udp://[::1]:1", "wss://127.0.0.1:1/announce"},
		{"http://127.0.0.1:1/%zz", "http://[/announce", "HTTP://127.0.0.1:1/announce", "udp://:1/announce"},
	}
	s := newStock(t)
	add(t, s, torrent, filled(t, torrent, content))
	if got, want := fmt.Sprint(stockTrackers(torrent.Announce)), "[[udp://[::1]:1] [http://127.0.0.1:1/announce]]"; got != want {
		t.Errorf("trackers %s, want %s", got, want)
	}
	gives(t, s, torrent, content)
}

func TestDoor(t *testing.T) {
	s := &Stock{}
	closed, open := door{conns: &s.conns, most: 2}, door{private: true, conns: &s.conns, most: 2}
	for address, public := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1::1": true, "127.0.0.1": false, "10.1.2.3": false, "192.168.1.1": false, "172.16.0.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "::1": false, "fe80::1": false, "fd00::1": false, "::ffff:127.0.0.1": false,
		"224.0.0.1": false, "255.255.255.255": false,
	} {
		ip := netip.MustParseAddr(address).AsSlice()
		if _, refused := closed.Lookup(ip); refused == public {
			t.Errorf("%s is refused: %v", address, refused)
		}
		if _, refused := open.Lookup(ip); refused {
			t.Errorf("%s is refused on a laptop", address)
		}
	}
	s.conns.Store(2)
	if _, refused := open.Lookup(net.IPv4(93, 184, 216, 34)); !refused {
		t.Error("one connection too many is let in")
	}
	if _, err := closed.dial(t.Context(), "tcp", "127.0.0.1:1"); err == nil || !bytes.Contains([]byte(err.Error()), []byte(errDoor.Error())) {
		t.Errorf("a tracker on the loopback interface: %v", err)
	}
	c, err := closed.listenPacket("udp4", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.WriteTo([]byte("x"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:9"))); err == nil {
		t.Error("a datagram goes to the loopback interface")
	}
}

func TestAWorkHasFewTrackers(t *testing.T) {
	var many []string
	for n := range 1000 {
		many = append(many, fmt.Sprintf("http://tracker%d.test/announce", n))
	}
	got := stockTrackers([][]string{{"wss://web.test"}, many[:5], many[5:]})
	if len(got) != 2 || len(got[0]) != 5 || len(got[1]) != mostTrackers-5 || got[1][0] != many[5] {
		t.Errorf("got %v", got)
	}
}
