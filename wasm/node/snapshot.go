package node

import (
	"encoding/hex"
	"time"

	"fanseed/wasm/swarm"
	"fanseed/wasm/wire"
)

// showEvery is how often the host is told of a work at most.
const showEvery = 250 * time.Millisecond

// Snapshot is one work as a person may see it: no address of any peer. Its
// slices are shared with other snapshots and must not be changed.
type Snapshot struct {
	Infohash    [20]byte
	Magnet      string
	Name        string
	Length      int64 // bytes of all files; 0 until the metadata is known
	PieceLength int64
	Pieces      int
	Files       []File  // one slice for all snapshots of a work
	Got         []int64 // verified bytes of each file; another slice only when they have changed
	Selected    []int   // the files that are fetched, by number; nil for all
	Bitfield    wire.Bitfield
	State       State
	Err         error     // why State is Failed
	Revoked     bool      // Err is the server's takedown
	Progress    float64   // the verified share of the selected files; of what must be checked while State is Checking
	Missing     int64     // bytes of the selected files
	Kept        bool      // what is here is here after a reload
	Helps       time.Time // it was handed out by the server, and may be dropped for another one then; zero for what the person has added
	Caps        []Cap
	Peers       []Peer
	Webseeds    []Webseed
	DownRate    float64 // bytes a second
	UpRate      float64
	Downloaded  int64 // payload bytes in this run
	Uploaded    int64
	Earned      uint64 // bytes in receipts of this run
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

// Webseed is one HTTP server that a work may be fetched from (BEP 19).
type Webseed struct {
	URL        string
	Active     bool  // it is being used
	Downloaded int64 // payload bytes in this run
}

// moved is what changes while peers are connected, without anybody saying so.
type moved struct {
	down, up         int64
	downRate, upRate float64
	peers            int
	total, settled   int // pieces of a check
}

// showAll tells the host of the works that changed or are moving.
func (n *Node) showAll(now time.Time) {
	if now.Sub(n.shown) < showEvery {
		return
	}
	n.shown = now
	for _, w := range n.works {
		if w.moves() {
			w.show()
		}
	}
}

// showDue is when showAll has something to do; zero when nothing moves.
func (n *Node) showDue() time.Time {
	for _, w := range n.works {
		if w.moves() {
			return n.shown.Add(showEvery)
		}
	}
	return time.Time{}
}

// moves says that there may be something to show. Rates fall for a while after
// the last byte.
func (w *work) moves() bool {
	return w.changed || w.stirred || w.checking != nil || w.shown.downRate > 0 || w.shown.upRate > 0
}

// show tells the host of the work unless nothing is new.
func (w *work) show() {
	w.stirred = false
	stats := w.swarm.Stats()
	now := w.moved(stats)
	if !w.changed && now == w.shown {
		return
	}
	w.shown, w.changed = now, false
	w.node.parts.Host.Changed(w.snapshot(stats))
}

func (w *work) moved(stats swarm.Stats) moved {
	m := moved{
		down: w.before.down + int64(stats.Downloaded), up: w.before.up + int64(stats.Uploaded),
		downRate: stats.DownRate, upRate: stats.UpRate, peers: len(stats.Peers),
	}
	if w.checking != nil {
		m.total, m.settled = w.checking.total, w.checking.settled
	}
	return m
}

func (w *work) snapshot(stats swarm.Stats) Snapshot {
	s := Snapshot{
		Infohash: w.infohash, Magnet: w.magnetLink(), Name: w.name(), State: w.state(), Err: w.failure, Revoked: w.revoked, Helps: w.helps,
		Kept: w.store != nil && !w.published && lasts(w.store), Caps: w.caps(),
		DownRate: stats.DownRate, UpRate: stats.UpRate,
		Downloaded: w.before.down + int64(stats.Downloaded), Uploaded: w.before.up + int64(stats.Uploaded), Earned: w.earnings,
	}
	for _, p := range stats.Peers {
		if w.webseed(p.Peer) == nil {
			s.Peers = append(s.Peers, peerOf(p, stats.Pieces))
		}
	}
	for _, seed := range w.webseeds {
		s.Webseeds = append(s.Webseeds, Webseed{seed.url, seed.peer != 0, seed.bytes})
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
	if id[0] != '-' || id[7] != '-' {
		return ""
	}
	switch string(id[1:3]) {
	case "FS":
		return "Fanseed"
	case "WW":
		return "WebTorrent"
	case "WD":
		return "WebTorrent Desktop"
	case "TR":
		return "Transmission"
	case "qB":
		return "qBittorrent"
	case "LT":
		return "libtorrent"
	}
	return ""
}

// magnetLink is what a person may pass on.
func (w *work) magnetLink() string {
	m := w.magnet
	m.Select = nil // others choose for themselves
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
	s.PieceLength, s.Pieces = info.PieceLength, info.NumPieces()
	s.Bitfield = w.swarm.Bitfield()
	if w.checking != nil && w.checking.store != nil {
		s.Bitfield = w.checking.store.Have()
		w.files.count(s.Bitfield)
	} else if s.Bitfield == nil {
		s.Bitfield = wire.NewBitfield(s.Pieces)
	}
	s.Length, s.Files, s.Got = w.files.length, w.files.list, w.files.lend()
	s.Selected = w.files.chosen.numbers()
	s.Missing = w.files.due - w.files.have
	s.Progress = 1
	if s.State == Checking {
		s.Progress = float64(w.checking.settled) / float64(w.checking.total)
	} else if w.files.due > 0 {
		s.Progress = float64(w.files.have) / float64(w.files.due)
	}
}
