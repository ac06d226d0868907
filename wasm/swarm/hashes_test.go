package swarm

import (
	"math/rand/v2"
	"testing"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// swarmOf is a swarm that has all of a torrent, and one peer that speaks version 2.
func swarmOf(w work) *Swarm {
	have := wire.NewBitfield(w.info.NumPieces())
	for i := range w.info.NumPieces() {
		have.Set(i)
	}
	s := New(Config{
		Infohash: w.infohash, InfohashV2: w.infohashV2, Info: w.info, InfoBytes: w.infoBytes, Layers: w.layers, Have: have,
		Rand: rand.New(rand.NewPCG(1, 1)), PeerID: [20]byte{1},
	})
	s.Opened(epoch, 1, handshakeOf(w, 1, true, true))
	takeAll(s)
	return s
}

// What a peer asks for is bounded, and what is too much is rejected at once.
func TestHashRequestsAreBounded(t *testing.T) {
	w := newV2(1, 32<<10, 200<<10)
	s := swarmOf(w)
	asked := wire.HashRange{Root: w.info.Files[0].Root, Length: 2}.Append(nil)
	loads, rejects := 0, 0
	for range maxRanges + 5 {
		s.Received(epoch, 1, wire.Message{Kind: wire.KindHashRequest, Data: asked})
		for _, e := range takeAll(s) {
			switch {
			case e.Kind == LoadLeaves:
				loads++
			case e.Message.Kind == wire.KindHashReject:
				rejects++
			}
		}
	}
	if loads != 1 || rejects != 5 {
		t.Errorf("%d loads and %d rejects, not 1 and 5", loads, rejects)
	}
	s.LeavesLoaded(epoch, 0, w.leaves(0), nil)
	if got := len(takeAll(s)); got != maxRanges {
		t.Errorf("%d answers, not %d", got, maxRanges)
	}
}

// A flood of requests that cost nothing ends with the connection.
func TestHashRequestFlood(t *testing.T) {
	s := swarmOf(newWork(1, 100_000, 32<<10))
	asked := wire.HashRange{Length: 2}.Append(nil)
	for range bucketSize {
		s.Received(epoch, 1, wire.Message{Kind: wire.KindHashRequest, Data: asked})
		for _, e := range takeAll(s) {
			if e.Kind == Drop && e.Reason == MessageFlood {
				return
			}
		}
	}
	t.Error("the peer is still there")
}

// A message that the wire would refuse is refused here too; answers that are for nothing are not even read.
func TestMalformedHashMessages(t *testing.T) {
	w := newV2(1, 32<<10, 200<<10)
	for kind, want := range map[wire.Kind]int{wire.KindHashRequest: 1, wire.KindHashes: 0, wire.KindHashReject: 0} {
		s := swarmOf(w)
		s.Received(epoch, 1, wire.Message{Kind: kind, Data: make([]byte, 47)})
		if all := takeAll(s); len(all) != want || want > 0 && all[0].Reason != BadHashes {
			t.Errorf("%v: %+v", kind, all)
		}
	}
}

// Files that claim one root and differ in length cannot both be right: nothing of the second is ever taken for verified.
func TestSharedRoot(t *testing.T) {
	w := newV2(1, 32<<10, 100<<10, 200<<10)
	info := *w.info
	info.Files = append([]metainfo.File{}, info.Files...)
	last := len(info.Files) - 1
	info.Files[last].Root = info.Files[0].Root
	s := New(Config{Info: &info, InfoBytes: []byte("d"), Layers: w.layers, Rand: rand.New(rand.NewPCG(1, 1))})
	for i := range info.NumPieces() {
		_, known := s.wantedHash(i)
		if want := info.Place(i).File == 0; known != want {
			t.Errorf("piece %d: hash known: %v, want %v", i, known, want)
		}
	}
}

// A file that is there twice has one layer, and one tree.
func TestSameFileTwice(t *testing.T) {
	w := newV2(1, 32<<10, 100<<10, 100<<10)
	info := *w.info
	info.Files = append([]metainfo.File{}, info.Files...)
	last := len(info.Files) - 1
	info.Files[last].Root = info.Files[0].Root
	s := New(Config{Info: &info, InfoBytes: []byte("d"), Layers: w.layers, Rand: rand.New(rand.NewPCG(1, 1))})
	for i := range 4 {
		first, _ := s.wantedHash(i)
		if second, known := s.wantedHash(4 + i); !known || second != first {
			t.Errorf("piece %d: %x, want %x", i, second, first)
		}
	}
}

// Padding at the end of a piece is left out of its size; pieces of padding alone are fetched like any other.
func TestPadding(t *testing.T) {
	const size = 32 << 10
	info := &metainfo.Info{PieceLength: size, Length: 4*size + 100, Pieces: make([]byte, 5*metainfo.HashSize), Files: []metainfo.File{
		{Path: []string{"a"}, Length: 1000},
		{Path: []string{"p"}, Offset: 1000, Length: 2*size - 1000, Padding: true},
		{Path: []string{"b"}, Offset: 2 * size, Length: size + 10},
		{Path: []string{"q"}, Offset: 3*size + 10, Length: 5, Padding: true},
		{Path: []string{"c"}, Offset: 3*size + 15, Length: size - 15 + 10},
		{Path: []string{"r"}, Offset: 4*size + 10, Length: 90, Padding: true},
	}}
	s := New(Config{Info: info, InfoBytes: []byte("d"), Rand: rand.New(rand.NewPCG(1, 1))})
	total := int64(0)
	for i, want := range []uint32{1000, size, size, size, 10} {
		if got := s.dataSize(i); got != want {
			t.Errorf("piece %d has %d bytes, want %d", i, got, want)
		}
		total += int64(want)
	}
	if stats := s.Stats(); stats.Left != total || stats.Length != total {
		t.Errorf("%d of %d bytes left, want %d", stats.Left, stats.Length, total)
	}
}
