//go:build !js

package node

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"fanseed/wasm/metainfo"
)

// folder is a torrent of many files of one length.
func folder(name string, count int, length, pieceLength int64, seed uint64) (*metainfo.Torrent, []byte) {
	info := &metainfo.Info{Name: name, PieceLength: pieceLength}
	for i := range count {
		info.Files = append(info.Files, metainfo.File{Path: []string{fmt.Sprintf("CD %d", i%10), fmt.Sprintf("track %d.flac", i)}, Length: length})
	}
	info.Length = metainfo.Lay(info.Files)
	data := noise(int(info.Length), seed)
	hash(info, data)
	return metainfo.New(info), data
}

// file reads one file of a work.
func (e *engine) file(t *metainfo.Torrent, n int) []byte {
	e.t.Helper()
	length, err := e.Length(e.t.Context(), t.Infohash, n)
	if err != nil {
		e.t.Fatal(err)
	}
	out := []byte{}
	for int64(len(out)) < length {
		b, err := e.Read(e.t.Context(), t.Infohash, n, int64(len(out)), length)
		if err != nil {
			e.t.Fatal(err)
		}
		out = append(out, b...)
	}
	return out
}

func TestAHundredWorksAreSeededAtOnce(t *testing.T) {
	w := newWorld(t)
	a := newEngine(t, w, Limits{})
	a.share(true)
	works := 100
	if testing.Short() {
		works = 10
	}
	torrents, contents := make([]*metainfo.Torrent, works), make([][]byte, works)
	for i := range torrents {
		torrents[i], contents[i] = folder(fmt.Sprintf("album %d", i), 20, 5_000, 16<<10, uint64(100+i))
		a.publish(w, torrents[i], contents[i])
	}
	end := time.Now().Add(10 * time.Minute)
	for i := range torrents {
		for {
			if seeders, _ := w.hub.Counts(torrents[i].Infohash); seeders == 1 {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("work %d is not announced: %q", i, a.snapshotOf(torrents[i].Infohash).Err)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	for k := range 3 {
		b := newEngine(t, w, Limits{})
		for i := k; i < works; i += 7 {
			b.join(torrents[i])
		}
		for i := k; i < works; i += 7 {
			for _, n := range []int{0, 7, 19} {
				f := torrents[i].Info.Files[n]
				if got := b.file(torrents[i], n); !bytes.Equal(got, contents[i][f.Offset:f.Offset+f.Length]) {
					t.Fatalf("file %d of work %d differs from the original", n, i)
				}
			}
		}
	}
	links := 0
	_ = a.do(t.Context(), func(time.Time) error {
		for _, work := range a.works {
			links += len(work.links)
		}
		return nil
	})
	if links > maxAllLinks {
		t.Errorf("%d connections", links)
	}
}

func TestTenThousandFiles(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := folder("sounds", 10_000, 700, 16<<10, 60)
	a.publish(w, torrent, data)
	b.join(torrent)
	for _, n := range []int{0, 1, 4999, 9999} {
		f := torrent.Info.Files[n]
		if got := b.file(torrent, n); !bytes.Equal(got, data[f.Offset:f.Offset+f.Length]) {
			t.Errorf("file %d differs from the original", n)
		}
	}
	eventually(t, "it is complete", func() bool { return b.state(torrent.Infohash) == Seeding })
	shown := b.snapshotOf(torrent.Infohash)
	for n, f := range shown.Files {
		if shown.Got[n] != f.Length {
			t.Fatalf("%d bytes of %q are shown, want %d", shown.Got[n], f.Path, f.Length)
		}
	}
	var allocations float64
	_ = b.do(t.Context(), func(now time.Time) error {
		work := b.find(torrent.Infohash)
		allocations = testing.AllocsPerRun(10, func() { work.snapshot(work.swarm.Stats()) })
		return nil
	})
	if allocations > 200 {
		t.Errorf("%.0f allocations for a snapshot in which no file has changed", allocations)
	}
}

func TestPiecesOfAnyLength(t *testing.T) {
	for _, pieceLength := range []int64{16 << 10, 16 << 20} {
		t.Run(fmt.Sprint(pieceLength), func(t *testing.T) {
			w, d := newWorld(t), newDisk(1<<30)
			a, b := withDisk(t, w, d), newEngine(t, w, Limits{})
			a.share(true)
			torrent, data := a.seed(w, int(pieceLength)+12_345, pieceLength, 61)
			b.join(torrent)
			if got := b.contents(torrent); !bytes.Equal(got, data) {
				t.Error("the copy differs from the original")
			}
			eventually(t, "it is kept", func() bool { return a.snapshotOf(torrent.Infohash).Kept })
		})
	}
}

func TestNamesOfAnyKind(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
	a.share(true)
	names := []string{"été 夏 🌻.flac", "CON", "aux.txt", strings.Repeat("n", 200), "a\"b<c>|?*", "nothing", " leading and trailing "}
	var files []metainfo.File
	for i, name := range names {
		files = append(files, metainfo.File{Path: []string{name}, Length: int64(i * 10_000)}) // the first has no bytes
	}
	torrent, data := manyFiles(16<<10, files...)
	a.publish(w, torrent, data)
	b.join(torrent)
	for n, f := range torrent.Info.Files {
		if got := b.file(torrent, n); !bytes.Equal(got, data[f.Offset:f.Offset+f.Length]) {
			t.Errorf("%q differs from the original", f.Path)
		}
		if got := b.snapshotOf(torrent.Infohash).Files[n].Path; got != names[n] {
			t.Errorf("it is shown as %q, want %q", got, names[n])
		}
	}
	for _, name := range []string{"..", ".", "a/b", "", "nul\x00"} {
		bad := bytes.Replace(torrent.Bytes(), []byte("4:pathl3:CON"), fmt.Appendf(nil, "4:pathl%d:%s", len(name), name), 1)
		if _, err := b.AddTorrent(t.Context(), bad); err == nil {
			t.Errorf("took a file named %q", name)
		}
	}
}
