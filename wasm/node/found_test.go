//go:build !js

package node

import (
	"bytes"
	"testing"

	"fanseed/wasm/metainfo"
)

// put has somebody else put pieces into the store of an engine's work.
func (e *engine) put(t *metainfo.Torrent, data []byte, pieces ...int) {
	e.t.Helper()
	shared := &shelfStore{s: e.disk.shelves[t.Infohash]}
	for _, i := range pieces {
		begin := int64(i) * t.Info.PieceLength
		if err := shared.Put(e.t.Context(), i, data[begin:begin+t.Info.PieceSize(i)]); err != nil {
			e.t.Fatal(err)
		}
		e.Found(t.Infohash, i)
	}
}

// spoil has a piece deleted behind an engine's back.
func (e *engine) spoil(t *metainfo.Torrent, index int) {
	s := e.disk.crash(t.Infohash)
	_ = (&shelfStore{s: s}).locked(func(s *shelf) error {
		delete(s.pieces, index)
		s.have.Clear(index)
		return nil
	})
	e.Lost(t.Infohash, index)
}

func TestWhatAnotherPartyFindsIsServedAndNotFetched(t *testing.T) {
	w := newWorld(t)
	a, b, c := newEngine(t, w, Limits{}), withDisk(t, w, newDisk(1<<30)), newEngine(t, w, Limits{})
	torrent, data := a.seed(w, 1<<20, 64<<10, 31)
	b.join(torrent) // a does not share: nobody has anything
	eventually(t, "the store is open", func() bool { return b.disk.opened(torrent.Infohash) && b.state(torrent.Infohash) == Downloading })
	c.join(torrent)
	for i := range torrent.Info.NumPieces() {
		b.put(torrent, data, i)
	}
	if got := c.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	eventually(t, "it seeds", func() bool { return b.state(torrent.Infohash) == Seeding })
	if got := b.downloaded(torrent.Infohash); got != 0 {
		t.Errorf("%d bytes were fetched", got)
	}
	eventually(t, "who serves is credited as ever", func() bool { return w.confirmed(b) == uint64(len(data)) })
}

func TestALostPieceIsMendedFromPeers(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), withDisk(t, w, newDisk(1<<30))
	a.share(true)
	torrent, data := a.seed(w, 1<<20, 64<<10, 32)
	b.join(torrent)
	b.contents(torrent)
	eventually(t, "all is paid", func() bool { return w.confirmed(a) == uint64(len(data)) })
	b.spoil(torrent, 3)
	b.spoil(torrent, 15)
	b.Lost(torrent.Infohash, 3) // again
	eventually(t, "it is fetched again", func() bool { return b.downloaded(torrent.Infohash) == int64(len(data))+2*64<<10 })
	eventually(t, "it seeds", func() bool { return b.state(torrent.Infohash) == Seeding })
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	if s := b.snapshotOf(torrent.Infohash); s.Missing != 0 || s.Got[0] != int64(len(data)) {
		t.Errorf("%d bytes are missing, and %d there", s.Missing, s.Got[0])
	}
}

// A copy that yields leaves a downloader to those that serve it.
func TestACopyYieldsToFans(t *testing.T) {
	w := newWorld(t)
	fan, copyOf := newEngine(t, w, Limits{UploadRate: 2 << 20}), newYielding(t, w)
	fan.share(true)
	torrent, data := fan.seed(w, 12<<20, 64<<10, 33)
	copyOf.join(torrent)
	copyOf.contents(torrent)
	b := newEngine(t, w, Limits{})
	b.join(torrent)
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	eventually(t, "it is told", func() bool { return b.downloaded(torrent.Infohash) == int64(len(data)) })
	if given := copyOf.snapshotOf(torrent.Infohash).Uploaded; given > int64(len(data))/5 {
		t.Errorf("it gave %d of %d bytes", given, len(data))
	}
}

// opened says that somebody has the store of a work open.
func (d *disk) opened(infohash [20]byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.shelves[infohash]
	return s != nil && s.open
}
