package seed

import (
	"bytes"
	"crypto/sha1"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

func write(t *testing.T, folder string, files map[string]int) {
	t.Helper()
	for name, length := range files {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, bytes.Repeat([]byte(name+"."), length/len(name)+1)[:length], 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// made makes a torrent of what is named, and the store of its files.
func made(t *testing.T, format Format, names ...string) (*metainfo.Torrent, *store.Files) {
	t.Helper()
	all, name, err := choose(names)
	if err != nil {
		t.Fatal(err)
	}
	info, files, err := plan(all, name, Options{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	sources, err := look(info, files)
	if err != nil {
		t.Fatal(err)
	}
	h := newHashing(info, files, format)
	if err := h.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	torrent, err := h.torrent()
	if err != nil {
		t.Fatal(err)
	}
	if got := h.hashed.Load(); got != info.Size() {
		t.Errorf("%d bytes were hashed, want %d", got, info.Size())
	}
	own, err := store.NewFiles(torrent.Info, sources)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Close() })
	return torrent, own
}

// Every piece of what was made is right, as who fetches it verifies it.
func TestMade(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "album")
	write(t, folder, map[string]int{"b": 100_000, "a/deep/er": 32 << 10, "a!": 5, "empty": 0, "z": 16<<10 + 1})
	for _, format := range []Format{Hybrid, V1, V2} {
		for _, names := range [][]string{{folder}, {filepath.Join(folder, "b")}, {filepath.Join(folder, "b"), filepath.Join(folder, "a")}} {
			torrent, own := made(t, format, names...)
			again, err := metainfo.Parse(torrent.Bytes())
			if err != nil || again.Infohash != torrent.Infohash {
				t.Fatalf("%s of %v: %v", format, names, err)
			}
			for index := range torrent.Info.NumPieces() {
				verify(t, torrent, own, index)
			}
		}
	}
}

func verify(t *testing.T, torrent *metainfo.Torrent, own *store.Files, index int) {
	t.Helper()
	info := torrent.Info
	piece := make([]byte, info.PieceSize(index))
	if err := own.ReadAt(t.Context(), index, 0, piece); err != nil {
		t.Fatal(err)
	}
	if info.HasV1() && sha1.Sum(piece) != info.Hash(index) {
		t.Errorf("piece %d has another SHA-1", index)
	}
	if info.HasV2() {
		place := info.Place(index)
		want, _ := torrent.Layers.Hash(place)
		if info.PieceRoot(index, merkle.AppendLeaves(nil, piece[:place.Length])) != want {
			t.Errorf("piece %d has another root", index)
		}
	}
}

func TestChoose(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "album")
	write(t, folder, map[string]int{"one": 1, "sub/two": 2})
	if err := os.Symlink("/etc/passwd", filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "three")
	write(t, filepath.Dir(other), map[string]int{"three": 3})
	for _, c := range []struct {
		names []string
		want  string
	}{
		{[]string{folder}, "album: one sub/two"},
		{[]string{folder + "/"}, "album: one sub/two"},
		{[]string{other}, "three: three"},
		{[]string{folder, other}, "album: album/one album/sub/two three"},
	} {
		all, name, err := choose(c.names)
		got := name + ":"
		for _, file := range all {
			got += " " + strings.Join(file.path, "/")
		}
		if err != nil || got != c.want {
			t.Errorf("%v: got %s, %v, want %s", c.names, got, err, c.want)
		}
	}
	for _, names := range [][]string{{filepath.Join(folder, "missing")}, {t.TempDir()}, {"/dev/null"}} {
		if _, _, err := choose(names); err == nil {
			t.Errorf("%v is taken", names)
		}
	}
}

// A file that changes while it is hashed is noticed.
func TestMadeOfAChangingFile(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, map[string]int{"song": 100_000})
	file := filepath.Join(folder, "song")
	all, name, err := choose([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	info, files, err := plan(all, name, Options{Format: Hybrid})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 50_000); err != nil {
		t.Fatal(err)
	}
	if err := newHashing(info, files, Hybrid).run(t.Context()); err == nil {
		t.Error("it is hashed as it was")
	}
}

func TestShownInALog(t *testing.T) {
	var out bytes.Buffer
	s := newShow(&out)
	s.line("seeding")
	s.line("seeding")
	s.line("seeding  1")
	s.settle()
	if got, want := out.String(), "seeding\nseeding  1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 15_461_789: "15.5 MB", 1 << 50: "1125.9 TB"} {
		if got := size(bytes); got != want {
			t.Errorf("%d: got %s, want %s", bytes, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{{"größe", 3, "grö"}, {"abc", 5, "abc"}, {"abc", -1, ""}} {
		if got := fit(c.text, c.width); got != c.want {
			t.Errorf("%q to %d: got %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestNamesDoNotSteerTheTerminal(t *testing.T) {
	const name = "so\x1b[2Jng\u202e ♫"
	work := metainfo.New(&metainfo.Info{Name: name, PieceLength: 16 << 10, Length: 1, Pieces: make([]byte, 20), Single: true,
		Files: []metainfo.File{{Path: []string{name}, Length: 1}}})
	if got, want := describeWork(work), "so?[2Jng? ♫, 1 B in 1 file, BitTorrent v1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
