//go:build !js

package node

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"fanseed/wasm/metainfo"
)

func newYielder(t *testing.T, w *world) *engine {
	public, key, _ := ed25519.GenerateKey(nil)
	return startConfigured(t, w, key, [32]byte(public), Config{Yields: true})
}

// complete makes an engine a seeder of a work that another has published.
func (e *engine) complete(t *metainfo.Torrent, data []byte) {
	e.t.Helper()
	e.share(true)
	if err := e.AddComplete(e.t.Context(), t, e.filled(t, data)); err != nil {
		e.t.Fatal(err)
	}
	if err := e.Start(e.t.Context(), t.Infohash); err != nil {
		e.t.Fatal(err)
	}
}

func TestASeederYieldsToFans(t *testing.T) {
	w := newWorld(t)
	y, d := newYielder(t, w), newEngine(t, w, Limits{})
	torrent, data := newEngine(t, w, Limits{}).seed(w, 8<<20, 64<<10, 51) // who does not share
	y.complete(torrent, data)
	for range 3 {
		newEngine(t, w, Limits{UploadRate: 768 << 10}).complete(torrent, data)
	}
	d.join(torrent)
	if got := d.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs")
	}
	if sent := y.snapshotOf(torrent.Infohash).Uploaded; sent > torrent.Info.Length/5 {
		t.Errorf("the yielding one sent %d of %d bytes", sent, torrent.Info.Length)
	}
}

func TestAYieldingSeederServesAlone(t *testing.T) {
	w := newWorld(t)
	y, d := newYielder(t, w), newEngine(t, w, Limits{})
	torrent, data := y.seed(w, 8<<20, 64<<10, 52)
	y.share(true)
	d.join(torrent)
	eventually(t, "everything", func() bool {
		s := d.snapshotOf(torrent.Infohash)
		return s.Length > 0 && s.Missing == 0 && s.State == Seeding
	})
	if got := d.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs")
	}
}
