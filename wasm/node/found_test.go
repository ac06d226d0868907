//go:build !js

package node

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"fanseed/wasm/metainfo"
)

// party is somebody else who has the same store open as an engine.
type party struct {
	e    *engine
	t    *metainfo.Torrent
	data []byte
	disk *shelf
}

func newParty(e *engine, t *metainfo.Torrent, data []byte) *party {
	p := &party{e: e, t: t, data: data}
	eventually(e.t, "the store is open", func() bool {
		e.disk.mu.Lock()
		defer e.disk.mu.Unlock()
		p.disk = e.disk.shelves[t.Infohash]
		return p.disk != nil
	})
	return p
}

func (p *party) put(index int) {
	p.e.t.Helper()
	size := p.t.Info.PieceLength
	piece := p.data[int64(index)*size:][:p.t.Info.PieceSize(index)]
	if err := (&shelfStore{s: p.disk}).Put(context.Background(), index, piece); err != nil {
		p.e.t.Fatal(err)
	}
	if err := p.e.Reconcile(p.e.t.Context(), p.t.Infohash, index); err != nil {
		p.e.t.Fatal(err)
	}
}

// damage makes a piece vanish. The engine is not told.
func (p *party) damage(index int) {
	p.disk.disk.mu.Lock()
	defer p.disk.disk.mu.Unlock()
	delete(p.disk.pieces, index)
	p.disk.have.Clear(index)
}

func (p *party) lose(index int) {
	p.e.t.Helper()
	p.damage(index)
	if err := p.e.Reconcile(p.e.t.Context(), p.t.Infohash, index); err != nil {
		p.e.t.Fatal(err)
	}
}

func TestPiecesThatAnotherPartyPutsAreHere(t *testing.T) {
	w := newWorld(t)
	a, b, c := newEngine(t, w, Limits{}), withDisk(t, w, newDisk(1<<30)), newEngine(t, w, Limits{})
	torrent, data := a.seed(w, 1<<20, 64<<10, 41) // and does not share it
	b.join(torrent)
	p := newParty(b, torrent, data)
	read := make(chan []byte)
	go func() {
		got, err := b.Read(t.Context(), torrent.Infohash, 0, 5<<16, 5<<16+100)
		if err != nil {
			t.Error(err)
		}
		read <- got
	}()
	for i := range 15 {
		p.put(i)
		p.put(i)
	}
	if got := <-read; !bytes.Equal(got, data[5<<16:5<<16+100]) {
		t.Error("who waited for a piece was given other bytes")
	}
	eventually(t, "15 of 16", func() bool { s := b.snapshotOf(torrent.Infohash); return s.Missing == 64<<10 && s.State == Downloading })
	p.lose(2)
	p.lose(2)
	eventually(t, "14 of 16", func() bool {
		s := b.snapshotOf(torrent.Infohash)
		return s.Missing == 2<<16 && s.State == Downloading && s.Got[0] == 14<<16 && !s.Bitfield.Has(2)
	})
	p.put(2)
	p.put(15)
	eventually(t, "all", func() bool {
		s := b.snapshotOf(torrent.Infohash)
		return s.Missing == 0 && s.State == Seeding && s.Got[0] == 1<<20 && s.Progress == 1 && s.Bitfield.Full(16)
	})
	c.join(torrent)
	if got := c.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy of what was found differs")
	}
	if s := b.snapshotOf(torrent.Infohash); s.Downloaded != 0 {
		t.Errorf("%d bytes were fetched", s.Downloaded)
	}
	eventually(t, "giving it on was credited", func() bool { return w.confirmed(b) == 1<<20 })
	if got := w.confirmed(a); got != 0 {
		t.Errorf("%d bytes were credited to one that gave nothing", got)
	}
}

func TestALostPieceIsFetchedAgain(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), withDisk(t, w, newDisk(1<<30))
	a.share(true)
	torrent, data := a.seed(w, 1<<20, 64<<10, 42)
	b.join(torrent)
	whole := func() bool {
		s := b.snapshotOf(torrent.Infohash)
		return s.State == Seeding && s.Missing == 0 && s.Got[0] == 1<<20 && s.Bitfield.Full(16)
	}
	eventually(t, "everything", whole)
	p := newParty(b, torrent, data)
	eventually(t, "they part", func() bool { return len(b.snapshotOf(torrent.Infohash).Peers) == 0 })
	p.lose(3)
	p.damage(4) // found out by whoever reads it
	for _, i := range []int{4, 3} {
		got, err := b.Read(t.Context(), torrent.Infohash, 0, int64(i)<<16, int64(i+1)<<16)
		if err != nil || !bytes.Equal(got, data[i<<16:(i+1)<<16]) {
			t.Errorf("piece %d: %v", i, err)
		}
	}
	eventually(t, "everything again", whole)
	for _, index := range []int{-1, 16} {
		if err := b.Reconcile(t.Context(), torrent.Infohash, index); !errors.Is(err, ErrMissing) {
			t.Errorf("piece %d: %v", index, err)
		}
	}
	if err := b.Reconcile(t.Context(), [20]byte{1}, 0); !errors.Is(err, ErrNoWork) {
		t.Errorf("another work: %v", err)
	}
}

// Damage that an upload runs into is fetched again, though nobody has said that it is there.
func TestAPieceThatCannotBeGivenIsFetchedAgain(t *testing.T) {
	w := newWorld(t)
	a, b, c := newEngine(t, w, Limits{}), withDisk(t, w, newDisk(1<<30)), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 1<<20, 64<<10, 43)
	b.join(torrent)
	eventually(t, "everything", func() bool { s := b.snapshotOf(torrent.Infohash); return s.State == Seeding && s.Missing == 0 })
	p := newParty(b, torrent, data)
	a.share(false)
	p.damage(7)
	c.join(torrent)
	eventually(t, "it is noticed", func() bool { return b.snapshotOf(torrent.Infohash).Missing == 64<<10 })
	a.share(true)
	if got := c.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs")
	}
	eventually(t, "everything again", func() bool { return b.snapshotOf(torrent.Infohash).Missing == 0 })
}

// A piece that is damaged as soon as it is stored is fetched again, whoever of the two is heard first.
func TestAPieceIsLostWhileItIsStored(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), withDisk(t, w, newDisk(1<<30))
	a.share(true)
	torrent, data := a.seed(w, 1<<20, 64<<10, 45)
	var once sync.Once
	b.disk.stored = func(index int) {
		once.Do(func() { newParty(b, torrent, data).lose(index) })
	}
	b.join(torrent)
	eventually(t, "everything", func() bool { s := b.snapshotOf(torrent.Infohash); return s.State == Seeding && s.Missing == 0 })
	if got := b.disk.has(torrent.Infohash); got != 16 {
		t.Errorf("%d of 16 pieces are in the store", got)
	}
}

// While a work is fetched, others put pieces into its store and find pieces damaged. In the end all numbers are right.
func TestPartiesShareAStoreWhileItIsFilled(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{UploadRate: 4 << 20}), withDisk(t, w, newDisk(1<<30))
	a.share(true)
	const pieces = 128
	torrent, data := a.seed(w, pieces*64<<10, 64<<10, 44)
	b.join(torrent)
	p := newParty(b, torrent, data)
	var all sync.WaitGroup
	for n := range 3 {
		all.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(n), 1))
			for range 200 {
				if i := rnd.IntN(pieces); rnd.IntN(3) == 0 {
					p.lose(i)
				} else {
					p.put(i)
				}
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	all.Wait()
	eventually(t, "everything", func() bool {
		s := b.snapshotOf(torrent.Infohash)
		return s.State == Seeding && s.Missing == 0 && s.Got[0] == torrent.Info.Length && s.Bitfield.Full(pieces) && s.Progress == 1
	})
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs")
	}
	if missing := missingOf(b, torrent); missing != 0 {
		t.Errorf("%d pieces are counted as missing", missing)
	}
}

func missingOf(e *engine, t *metainfo.Torrent) (missing int) {
	_ = e.do(e.t.Context(), func(time.Time) error { missing = e.find(t.Infohash).missing; return nil })
	return missing
}
