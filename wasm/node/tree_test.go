//go:build !js

package node

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
)

// album is a torrent of two files, the first of which ends inside a piece: a
// hybrid, or of version 2 alone. data has the padding too.
func album(seed uint64, hybrid bool) (t *metainfo.Torrent, data []byte) {
	const pieceLength = 64 << 10
	info := &metainfo.Info{Name: "album", PieceLength: pieceLength}
	info.Files, _ = metainfo.Arrange([]metainfo.File{
		{Path: []string{"01.flac"}, Length: 3<<20 + 70_001}, {Path: []string{"02.flac"}, Length: 1<<20 + 3},
	}, pieceLength)
	last := info.Files[len(info.Files)-1]
	info.Length = last.Offset + last.Length
	data = make([]byte, info.Length)
	for _, f := range info.Files {
		if !f.Padding {
			_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(f.Offset)}).Read(data[f.Offset : f.Offset+f.Length])
		}
	}
	info.MetaVersion = 2
	var roots []byte
	for begin := int64(0); begin < info.Length; begin += pieceLength {
		i := int(begin / pieceLength)
		root := info.PieceRoot(i, merkle.AppendLeaves(nil, data[begin:begin+info.Place(i).Length]))
		roots = append(roots, root[:]...)
		if hybrid {
			sum := sha1.Sum(data[begin:min(begin+pieceLength, info.Length)])
			info.Pieces = append(info.Pieces, sum[:]...)
		}
	}
	layers := info.SetRoots(roots)
	t = metainfo.New(info)
	t.Layers = layers
	return t, data
}

// publish makes the engine the seeder of a torrent.
func (e *engine) publish(w *world, t *metainfo.Torrent, data []byte) {
	e.t.Helper()
	w.list(e, t)
	s := e.filled(t, data)
	if err := e.AddComplete(e.t.Context(), t, s); err != nil {
		e.t.Fatal(err)
	}
	if err := e.Start(e.t.Context(), t.Infohash); err != nil {
		e.t.Fatal(err)
	}
}

// stored reads all pieces of a work from its store.
func (e *engine) stored(t *metainfo.Torrent) []byte {
	e.t.Helper()
	data := make([]byte, t.Info.Length)
	err := e.do(e.t.Context(), func(time.Time) error {
		w := e.find(t.Infohash)
		for i := range t.Info.NumPieces() {
			begin := int64(i) * t.Info.PieceLength
			if err := w.store.ReadAt(e.t.Context(), i, 0, data[begin:begin+t.Info.PieceSize(i)]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		e.t.Fatal(err)
	}
	return data
}

// versions runs a test with a hybrid, and with a torrent of version 2 alone.
func versions(t *testing.T, test func(t *testing.T, hybrid bool)) {
	t.Run("hybrid", func(t *testing.T) { test(t, true) })
	t.Run("version 2", func(t *testing.T) { test(t, false) })
}

func TestBitTorrentV2(t *testing.T) {
	versions(t, func(t *testing.T, hybrid bool) {
		w := newWorld(t)
		a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
		a.share(true)
		torrent, data := album(21, hybrid)
		a.publish(w, torrent, data)
		b.join(torrent)
		eventually(t, "it is complete", func() bool { return b.snapshotOf(torrent.Infohash).State == Seeding })
		if got := b.stored(torrent); !bytes.Equal(got, data) {
			t.Error("the copy differs from the original")
		}
		// Nobody is credited for padding.
		eventually(t, "all bytes are confirmed", func() bool { return w.confirmed(a) == uint64(torrent.Info.Size()) })
	})
}

// Whoever has a magnet link alone gets the piece layers too, and is then as good a seeder as any.
func TestMagnetOfBitTorrentV2(t *testing.T) {
	versions(t, func(t *testing.T, hybrid bool) {
		w := newWorld(t)
		a, b, c := newEngine(t, w, Limits{}), newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
		a.share(true)
		torrent, data := album(22, hybrid)
		a.publish(w, torrent, data)
		a.fetchedBy(b, torrent, data)
		a.stop()
		b.fetchedBy(c, torrent, data)
	})
}

func (e *engine) fetchedBy(other *engine, t *metainfo.Torrent, data []byte) {
	e.t.Helper()
	other.share(true)
	if _, err := other.AddMagnet(e.t.Context(), t.Magnet().String()); err != nil {
		e.t.Fatal(err)
	}
	eventually(e.t, "it is complete", func() bool { return other.snapshotOf(t.Infohash).State == Seeding })
	if got := other.stored(t); !bytes.Equal(got, data) {
		e.t.Error("the copy differs from the original")
	}
	eventually(e.t, "the layers are there", func() bool {
		var layers metainfo.Layers
		_ = other.do(e.t.Context(), func(time.Time) error { layers = other.find(t.Infohash).torrent.Layers; return nil })
		return len(layers) == len(t.Layers)
	})
}

// A torrent whose versions contradict each other is told, and blamed on nobody.
func TestAContradictoryHybridIsRefused(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := album(23, true)
	layers := torrent.Layers
	for i := range torrent.Info.NumPieces() {
		torrent.Info.Pieces[i*20] ^= 1
	}
	torrent = metainfo.New(torrent.Info)
	torrent.Layers = layers
	a.publish(w, torrent, data)
	b.join(torrent)
	eventually(t, "it fails", func() bool { return errors.Is(b.snapshotOf(torrent.Infohash).Err, ErrTorrent) })
}
