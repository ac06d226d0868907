package main

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fanseed/build/debian"
	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
)

// interop are the clients that torrents are exchanged with, as Debian packages them, and what the torrents are of.
type interop struct {
	python   string // that can import libtorrent
	folder   string // for .torrent files
	contents []content
}

// TestInterop shows that the torrents made here are read by other clients to the same infohashes and files and that these find the data
// right, and the same the other way round.
func TestInterop(t *testing.T) {
	i := newInterop(t)
	t.Run("published here", i.published)
	t.Run("made by libtorrent", i.madeByLibtorrent)
	t.Run("made by Transmission", i.madeByTransmission)
	t.Run("hybrids in Transmission", i.hybrids)
}

// newInterop finds the clients, and installs them as root where there is apt-get.
func newInterop(t *testing.T) interop {
	t.Helper()
	var i interop
	installFor(t, i.find, "python3-libtorrent", "transmission-cli")
	i.folder, i.contents = t.TempDir(), interopContents(t)
	return i
}

// installFor installs packages that a test needs, or skips it.
func installFor(t *testing.T, installed func() bool, packages ...string) {
	t.Helper()
	err := debian.Install(t.Context(), installed, packages...)
	if errors.Is(err, debian.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// file returns the name of a .torrent that is unlike all others.
func (i interop) file(n int, words string) string {
	return filepath.Join(i.folder, fmt.Sprintf("%d %s.torrent", n, words))
}

func (i *interop) find() bool {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import libtorrent").Run() == nil {
			i.python = python
		}
	}
	_, err := exec.LookPath("transmission-create")
	_, err2 := exec.LookPath("transmission-show")
	return i.python != "" && err == nil && err2 == nil
}

// A reading is what libtorrent reads in a .torrent.
type reading struct {
	Torrent, Error, V1, V2, Name string
	Files                        []struct {
		Path   string
		Length int64
	}
	Progress float64
}

// libtorrent runs one word of testdata/interop.py for all arguments.
func (i interop) libtorrent(t *testing.T, word string, arguments [][]any) []reading {
	t.Helper()
	in, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), i.python, "testdata/interop.py", word)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("interop.py %s: %v", word, err)
	}
	var all []reading
	for line := range bytes.Lines(out) {
		var r reading
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if len(all) != len(arguments) {
		t.Fatalf("interop.py %s: %d answers for %d questions", word, len(all), len(arguments))
	}
	return all
}

// transmission returns the infohash and the number of files that transmission-show prints; false where it refuses the .torrent.
func transmission(t *testing.T, torrent string) (infohash string, files int, ok bool) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "transmission-show", torrent).CombinedOutput()
	if err != nil {
		return "", 0, false
	}
	inFiles := false
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if hash, found := strings.CutPrefix(line, "Hash: "); found {
			infohash = hash
		}
		if hash, found := strings.CutPrefix(line, "Hash v1: "); found {
			infohash = hash
		}
		if inFiles && line != "" && !strings.Contains(line, ".pad/") {
			files++
		}
		inFiles = inFiles || line == "FILES"
	}
	return infohash, files, true
}

// content is a file or a folder of files on disk.
type content struct {
	name        string
	pieceLength int64
	parent      string            // folder in which it lies
	files       map[string][]byte // by path below name; of a single file: under ""
}

// interopContents writes everything that torrents are made of here.
func interopContents(t *testing.T) []content {
	many, files := map[string]int{}, 10_000
	if testing.Short() {
		files = 500
	}
	for n := range files {
		many[fmt.Sprintf("%02d/%d.txt", n%50, n)] = 1 + n%7
	}
	all := []content{
		newContent("one piece.bin", 16<<10, map[string]int{"": 100}),
		newContent("whole pieces.bin", 16<<10, map[string]int{"": 64 << 10}),
		newContent("song.flac", 64<<10, map[string]int{"": 5*(64<<10) + 16<<10 + 1}),
		newContent("Älbum – 東京 🎧", 32<<10, map[string]int{"Übung.flac": 100_000, "東京/a": 32 << 10, "a!": 5, "a/b/c/d": 70_000, "CON": 1, "z": 16<<10 + 1}),
		newContent("empty files", 16<<10, map[string]int{"0": 0, "a": 20_000, "a0": 0, "a1": 0, "b": 16 << 10, "d/e": 0, "y": 3, "z": 0, "z1": 0}),
		newContent("one in a folder", 16<<10, map[string]int{"deep/er/file": 50_000}),
		newContent("many", 16<<10, many),
	}
	for n := range all {
		all[n].write(t)
	}
	return all
}

func newContent(name string, pieceLength int64, sizes map[string]int) content {
	c := content{name: name, pieceLength: pieceLength, files: map[string][]byte{}}
	for path, size := range sizes {
		seed := [32]byte{}
		copy(seed[:], name+path)
		b := make([]byte, size)
		_, _ = rand.NewChaCha8(seed).Read(b)
		c.files[path] = b
	}
	return c
}

func (c *content) write(t *testing.T) {
	t.Helper()
	c.parent = t.TempDir()
	for path, b := range c.files {
		file := filepath.Join(c.parent, c.name, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// bytes returns a torrent's bytes, padding included.
func (c content) bytes(info *metainfo.Info) []byte {
	all := make([]byte, info.Length)
	for _, f := range info.Content() {
		path := strings.Join(f.Path, "/")
		if info.Single {
			path = ""
		}
		copy(all[f.Offset:f.Offset+f.Length], c.files[path])
	}
	return all
}

// publish makes the .torrent as the page does.
func (c content) publish(format string) *metainfo.Torrent {
	info := &metainfo.Info{Name: c.name, PieceLength: c.pieceLength}
	for path, b := range c.files {
		info.Single = path == ""
		info.Files = append(info.Files, metainfo.File{Path: strings.Split(path, "/"), Length: int64(len(b))})
	}
	if info.Single {
		info.Files[0].Path = []string{c.name}
	}
	slices.SortFunc(info.Files, func(a, b metainfo.File) int { return slices.Compare(a.Path, b.Path) })
	if format != "v1" {
		info.Files, _ = metainfo.Arrange(info.Files, info.PieceLength)
	}
	info.Length = metainfo.Lay(info.Files)
	all := c.bytes(info)
	if format != "v2" {
		info.Pieces = piecesOf(all, info.PieceLength)
	}
	var layers metainfo.Layers
	if format != "v1" {
		layers = info.SetRoots(rootsOf(info, all))
	}
	t := metainfo.New(info)
	t.Layers = layers
	return t
}

func piecesOf(all []byte, pieceLength int64) (pieces []byte) {
	for piece := range slices.Chunk(all, int(pieceLength)) {
		sum := sha1.Sum(piece)
		pieces = append(pieces, sum[:]...)
	}
	return pieces
}

func rootsOf(info *metainfo.Info, all []byte) (roots []byte) {
	for index := range (info.Length-1)/info.PieceLength + 1 {
		begin := index * info.PieceLength
		root := info.PieceRoot(int(index), merkle.AppendLeaves(nil, all[begin:begin+info.Place(int(index)).Length]))
		roots = append(roots, root[:]...)
	}
	return roots
}

// verify holds a torrent that somebody else made against the content.
func (c content) verify(torrent *metainfo.Torrent) error {
	info := torrent.Info
	all := c.bytes(info)
	for n := range info.NumPieces() {
		begin := int64(n) * info.PieceLength
		if piece := all[begin : begin+info.PieceSize(n)]; info.HasV1() && sha1.Sum(piece) != info.Hash(n) {
			return fmt.Errorf("piece %d has another SHA-1", n)
		}
		if !info.HasV2() {
			continue
		}
		place := info.Place(n)
		want, ok := torrent.Layers.Hash(place)
		if got := info.PieceRoot(n, merkle.AppendLeaves(nil, all[begin:begin+place.Length])); !ok || got != want {
			return fmt.Errorf("piece %d has the root %x, not %x", n, got, want)
		}
	}
	return nil
}

// hashes returns the infohashes as libtorrent prints them.
func hashes(t *metainfo.Torrent) (v1, v2 string) {
	if t.Info.HasV1() {
		v1 = hex.EncodeToString(t.Infohash[:])
	}
	if t.Info.HasV2() {
		v2 = hex.EncodeToString(t.InfohashV2[:])
	}
	return v1, v2
}

// same tells whether libtorrent reads what we do.
func (r reading) same(t *metainfo.Torrent) error {
	if v1, v2 := hashes(t); r.Error != "" || r.V1 != v1 || r.V2 != v2 || r.Name != t.Info.Name {
		return fmt.Errorf("libtorrent reads %q with %s and %s, and says %q; want %q with %s and %s", r.Name, r.V1, r.V2, r.Error, t.Info.Name, v1, v2)
	}
	n := 0
	for _, f := range t.Info.Content() {
		path := strings.Join(f.Path, "/")
		if !t.Info.Single {
			path = t.Info.Name + "/" + path
		}
		if n == len(r.Files) || r.Files[n].Path != path || r.Files[n].Length != f.Length {
			return fmt.Errorf("libtorrent reads %d files, and number %d is not %q", len(r.Files), n, path)
		}
		n++
	}
	if n != len(r.Files) {
		return fmt.Errorf("libtorrent reads %d files, want %d", len(r.Files), n)
	}
	return nil
}

var formats = []string{"v1", "hybrid", "v2"}

// published holds what we publish against what libtorrent and Transmission read, and has libtorrent check the data.
func (i interop) published(t *testing.T) {
	var questions [][]any
	var all []*metainfo.Torrent
	for n, c := range i.contents {
		for _, format := range formats {
			torrent, file := c.publish(format), i.file(n, format+" published")
			keep(t, file, torrent)
			if again, err := metainfo.Parse(torrent.Bytes()); err != nil || again.Infohash != torrent.Infohash {
				t.Errorf("%s as %s: we read %v ourselves", c.name, format, err)
			}
			questions = append(questions, []any{file, c.parent})
			all = append(all, torrent)
		}
	}
	questions = append(questions, []any{questions[0][0], t.TempDir()})
	answers := i.libtorrent(t, "check", questions)
	if got := answers[len(all)].Progress; got != 0 {
		t.Errorf("libtorrent finds %v of the data in an empty folder", got)
	}
	for n, r := range answers[:len(all)] {
		if err := r.same(all[n]); err != nil {
			t.Errorf("%s: %v", r.Torrent, err)
		} else if r.Progress != 1 {
			t.Errorf("%s: libtorrent finds %v of the data right", r.Torrent, r.Progress)
		}
		if all[n].Info.HasV2() {
			continue // see hybrids
		}
		infohash, files, ok := transmission(t, r.Torrent)
		if want, _ := hashes(all[n]); !ok || infohash != want || files != len(r.Files) {
			t.Errorf("%s: Transmission reads %q with %d files, want %s with %d", r.Torrent, infohash, files, want, len(r.Files))
		}
	}
}

// madeByLibtorrent has libtorrent make torrents: we read the same infohashes and files, and find the data right.
func (i interop) madeByLibtorrent(t *testing.T) {
	var jobs [][]any
	for n, c := range i.contents {
		for _, format := range formats {
			jobs = append(jobs, []any{c.parent, c.name, format, c.pieceLength, i.file(n, format+" by libtorrent")})
		}
	}
	for n, r := range i.libtorrent(t, "create", jobs) {
		torrent := parseFile(t, r.Torrent)
		if err := r.same(torrent); err != nil {
			t.Errorf("%s: %v", r.Torrent, err)
		}
		if err := i.contents[n/len(formats)].verify(torrent); err != nil {
			t.Errorf("%s: %v", r.Torrent, err)
		}
		if format := formats[n%len(formats)]; torrent.Info.HasV1() != (format != "v2") || torrent.Info.HasV2() != (format != "v1") {
			t.Errorf("%s: it has version 1: %v, version 2: %v", r.Torrent, torrent.Info.HasV1(), torrent.Info.HasV2())
		}
	}
}

// madeByTransmission has Transmission make torrents of the version that it knows: we read the same infohash, and find the data right.
func (i interop) madeByTransmission(t *testing.T) {
	for n, c := range i.contents {
		file := i.file(n, "by Transmission")
		if out, err := exec.CommandContext(t.Context(), "transmission-create", "-o", file, filepath.Join(c.parent, c.name)).CombinedOutput(); err != nil {
			t.Fatalf("transmission-create: %v\n%s", err, out)
		}
		torrent := parseFile(t, file)
		if err := c.verify(torrent); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if infohash, _, _ := transmission(t, file); infohash != hex.EncodeToString(torrent.Infohash[:]) {
			t.Errorf("%s: infohash %x, Transmission says %s", c.name, torrent.Infohash, infohash)
		}
	}
}

// hybrids holds how Transmission takes our hybrids against how it takes those of libtorrent: Transmission 3 refuses any.
func (i interop) hybrids(t *testing.T) {
	var jobs [][]any
	for n, c := range i.contents {
		jobs = append(jobs, []any{c.parent, c.name, "hybrid", c.pieceLength, i.file(n, "theirs")})
	}
	i.libtorrent(t, "create", jobs)
	for n, c := range i.contents {
		torrent := c.publish("hybrid")
		keep(t, i.file(n, "ours"), torrent)
		_, wantFiles, want := transmission(t, i.file(n, "theirs"))
		infohash, files, got := transmission(t, i.file(n, "ours"))
		if got != want || files != wantFiles {
			t.Errorf("%s: Transmission reads our hybrid: %v, with %d files; that of libtorrent: %v, with %d", c.name, got, files, want, wantFiles)
		}
		if v1, _ := hashes(torrent); got && infohash != v1 {
			t.Errorf("%s: Transmission reads the infohash %s, want %s", c.name, infohash, v1)
		}
	}
}

func keep(t *testing.T, file string, torrent *metainfo.Torrent) {
	t.Helper()
	if err := os.WriteFile(file, torrent.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func parseFile(t *testing.T, file string) *metainfo.Torrent {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	torrent, err := metainfo.Parse(b)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return torrent
}
