package seedbox

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"

	"github.com/anacrolix/torrent/iplist"
)

// door says with whom the stock client may speak: torrents, trackers and other peers name addresses, and they are strangers.
type door struct {
	private bool // loopback and private addresses are let in too
	conns   *atomic.Int64
	most    int64 // connections
}

var errDoor = errors.New("this address is not for strangers to name")

// Lookup implements iplist.Ranger: what is in a range is refused, for peers that come and for those that are dialled.
func (d door) Lookup(ip net.IP) (r iplist.Range, refused bool) {
	return iplist.Range{First: ip, Last: ip}, d.conns.Load() >= d.most || !d.admits(ip)
}

// NumRanges implements iplist.Ranger.
func (d door) NumRanges() int { return 1 }

func (d door) admits(ip net.IP) bool {
	a, ok := netip.AddrFromSlice(ip)
	return ok && (d.private || public(a.Unmap()))
}

// shared is what carriers have behind their NAT (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

func public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a)
}

// dial reaches trackers over HTTP. The address is held against the door when the name is resolved.
func (d door) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		if a, err := netip.ParseAddrPort(address); err != nil || !d.admits(a.Addr().AsSlice()) {
			return errDoor
		}
		return nil
	}}
	return dialer.DialContext(ctx, network, address)
}

// listenPacket opens a socket for a tracker over UDP. The client takes an error for the end of the world: it gets a socket that is
// closed instead.
func (d door) listenPacket(network, address string) (net.PacketConn, error) {
	c, err := net.ListenPacket(network, address)
	if err != nil {
		return &net.UDPConn{}, nil
	}
	return packets{c, d}, nil
}

// packets is a socket that sends to nobody who is not admitted.
type packets struct {
	net.PacketConn
	door door
}

// WriteTo implements net.PacketConn.
func (p packets) WriteTo(b []byte, to net.Addr) (int, error) {
	if a, ok := to.(*net.UDPAddr); !ok || !p.door.admits(a.IP) {
		return 0, errDoor
	}
	return p.PacketConn.WriteTo(b, to)
}
