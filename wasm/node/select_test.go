//go:build !js

package node

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"
)

func TestALinkNamesTheFilesThatAreFetched(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
	a.share(true)
	b.share(true)
	const length, pieceLength = 200_000, 32 << 10
	torrent, data := folder("album", 6, length, pieceLength, 31)
	a.publish(w, torrent, data)
	link := torrent.Magnet()
	link.Select = []int{1, 3, 99}
	add := func(select_ []int) {
		t.Helper()
		link.Select = select_
		link.Trackers = []string{a.AnnounceURL()}
		if _, err := b.AddMagnet(t.Context(), link.String()); err != nil {
			t.Fatal(err)
		}
	}
	now := func() Snapshot { return b.snapshotOf(torrent.Infohash) }
	same := func(file int) {
		t.Helper()
		if got := b.file(torrent, file); !bytes.Equal(got, data[file*length:(file+1)*length]) {
			t.Errorf("file %d differs", file)
		}
	}
	rests := func(what string, files []int) {
		t.Helper()
		eventually(t, what, func() bool {
			s := now()
			return s.Length > 0 && s.Missing == 0 && s.State == Seeding && slices.Equal(s.Selected, files)
		})
	}

	add([]int{1, 3, 99})
	rests("what the link names", []int{1, 3})
	same(1)
	same(3)
	time.Sleep(300 * time.Millisecond) // nothing more comes
	s := now()
	if s.Got[5] != 0 || s.Got[0] >= pieceLength || s.Progress != 1 || s.Length != 6*length {
		t.Errorf("got %v of each file, progress %v", s.Got, s.Progress)
	}
	if most := int64(2*length + 4*pieceLength); s.Downloaded > most {
		t.Errorf("%d bytes were fetched, at most %d hold the files", s.Downloaded, most)
	}

	same(5) // read, so fetched
	rests("what is read as well", []int{1, 3, 5})

	if err := b.Select(t.Context(), torrent.Infohash, []int{6}); !errors.Is(err, ErrMissing) {
		t.Errorf("a file that does not exist: %v", err)
	}
	if err := b.Select(t.Context(), torrent.Infohash, []int{0}); err != nil {
		t.Fatal(err)
	}
	rests("another choice", []int{0})
	add([]int{2})
	rests("what another link names, too", []int{0, 2})
	add(nil)
	rests("everything", nil)
	for file := range 6 {
		same(file)
	}
	if got := now().Bitfield; !got.Full(torrent.Info.NumPieces()) {
		t.Errorf("pieces: %x", got)
	}
}

func TestASelectionIsMadeWhileFilesAreFetched(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{UploadRate: 2 << 20}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := folder("album", 4, 2<<20, 64<<10, 32)
	a.publish(w, torrent, data)
	b.join(torrent)
	eventually(t, "it begins", func() bool { return b.snapshotOf(torrent.Infohash).Downloaded > 0 })
	if err := b.Select(t.Context(), torrent.Infohash, []int{2}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the file", func() bool { s := b.snapshotOf(torrent.Infohash); return s.Missing == 0 && s.State == Seeding })
	if got := b.file(torrent, 2); !bytes.Equal(got, data[4<<20:6<<20]) {
		t.Error("the file differs")
	}
	if s := b.snapshotOf(torrent.Infohash); s.Downloaded > 6<<20 {
		t.Errorf("%d bytes were fetched for a file of %d", s.Downloaded, 2<<20)
	}
	eventually(t, "everything verified was paid", func() bool { return w.confirmed(a) >= 2<<20 })
}
