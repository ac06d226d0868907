package node

import (
	"encoding/hex"
	"strings"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/swarm"
	"fanseed/wasm/wire"
)

// showEvery is how often the host is told of a work at most.
const showEvery = 250 * time.Millisecond

// Snapshot is one work as a person may see it: no address of any peer.
type Snapshot struct {
	Infohash    [20]byte
	Magnet      string
	Name        string
	Length      int64 // bytes; 0 until the metadata is known
	PieceLength int64
	Pieces      int
	Files       []File
	Bitfield    wire.Bitfield
	State       State
	Err         error // why State is Failed
	Revoked     bool  // Err is the server's takedown
	Progress    float64
	Missing     int64
	Peers       []Peer
	DownRate    float64 // bytes a second
	UpRate      float64
	Downloaded  int64 // payload bytes in this run
	Uploaded    int64
	Earned      uint64 // bytes in receipts of this run
}

// File is one file of a work.
type File struct {
	Path     string
	Length   int64
	Progress float64
}

// Peer is one connection of a work.
type Peer struct {
	Client               string
	Progress             float64
	DownRate, UpRate     float64
	Downloaded, Uploaded int64
	Choked               bool // by us
	Ticket               bool // what we send to it earns
}

// show tells the host of the work when it changed or is moving.
func (w *work) show(now time.Time) {
	if !w.changed && len(w.links) == 0 || now.Sub(w.shown) < showEvery {
		return
	}
	w.shown, w.changed = now, false
	w.node.parts.Host.Changed(w.snapshot())
}

func (w *work) snapshot() Snapshot {
	stats := w.swarm.Stats()
	s := Snapshot{
		Infohash: w.infohash, Magnet: w.magnetLink(), Name: w.name(), State: w.state(), Err: w.failure, Revoked: w.revoked,
		Missing: stats.Left, DownRate: stats.DownRate, UpRate: stats.UpRate,
		Downloaded: int64(stats.Downloaded), Uploaded: int64(stats.Uploaded),
	}
	for _, amount := range w.earned {
		s.Earned += amount
	}
	for _, p := range stats.Peers {
		s.Peers = append(s.Peers, peerOf(p, stats.Pieces))
	}
	if w.torrent != nil {
		w.describeFiles(&s)
	}
	return s
}

func peerOf(p swarm.PeerStats, pieces int) Peer {
	out := Peer{
		Client: p.Version, DownRate: p.DownRate, UpRate: p.UpRate,
		Downloaded: int64(p.Downloaded), Uploaded: int64(p.Uploaded), Choked: p.Choked, Ticket: p.Paying,
	}
	if pieces > 0 {
		out.Progress = float64(p.Has) / float64(pieces)
	}
	if out.Client == "" {
		out.Client = client(p.PeerID)
	}
	return out
}

// client reads a name from a peer id (BEP 20).
func client(id [20]byte) string {
	names := map[string]string{"FS": "Fanseed", "WW": "WebTorrent", "WD": "WebTorrent Desktop", "TR": "Transmission", "qB": "qBittorrent", "LT": "libtorrent"}
	if id[0] != '-' || id[7] != '-' {
		return ""
	}
	return names[string(id[1:3])]
}

// magnetLink is what a person may pass on.
func (w *work) magnetLink() string {
	m := w.magnet
	if len(m.Trackers) == 0 {
		m.Trackers = []string{w.node.AnnounceURL()}
	}
	return m.String()
}

func (w *work) name() string {
	if w.torrent != nil {
		return w.torrent.Info.Name
	}
	if w.magnet.Name != "" {
		return w.magnet.Name
	}
	return hex.EncodeToString(w.infohash[:])
}

func (w *work) describeFiles(s *Snapshot) {
	info := w.torrent.Info
	s.Length, s.PieceLength, s.Pieces = info.Size(), info.PieceLength, info.NumPieces()
	s.Bitfield = w.swarm.Bitfield()
	s.Missing = s.Length
	for _, f := range info.Content() {
		got := verified(info, s.Bitfield, f.Offset, f.Length)
		s.Files = append(s.Files, File{strings.Join(f.Path, "/"), f.Length, share(got, f.Length)})
		s.Missing -= got
	}
	s.Progress = share(s.Length-s.Missing, s.Length)
}

// share is how much of length got is; nothing is whole.
func share(got, length int64) float64 {
	if length == 0 {
		return 1
	}
	return float64(got) / float64(length)
}

// verified is how many of the bytes from offset on are verified.
func verified(info *metainfo.Info, have wire.Bitfield, offset, length int64) (got int64) {
	for i := offset / info.PieceLength; i*info.PieceLength < offset+length; i++ {
		if have.Has(int(i)) {
			begin, end := i*info.PieceLength, i*info.PieceLength+info.PieceSize(int(i))
			got += min(end, offset+length) - max(begin, offset)
		}
	}
	return got
}
