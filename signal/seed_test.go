package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"fanseed/signal/seed"
	"fanseed/wasm/metainfo"
)

// printed is what a command prints, as it comes.
type printed struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.String()
}

// find waits for a line.
func (p *printed) find(t *testing.T, pattern string) []string {
	t.Helper()
	line := regexp.MustCompile(pattern)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if found := line.FindStringSubmatch(p.String()); found != nil {
			return found
		}
	}
	t.Fatalf("%q is never printed, but:\n%s", pattern, p)
	return nil
}

// seeds runs `fanseed seed` until stop.
func seeds(t *testing.T, server string, args ...string) (out *printed, stop func()) {
	t.Helper()
	o, err := parseSeedFlags(append([]string{"-server", server, "-no-dht"}, args...))
	if err != nil {
		t.Fatal(err)
	}
	out = &printed{}
	o.Out, o.Listen = out, "127.0.0.1:0"
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- seed.Run(ctx, o) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("seeding ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return out, stop
}

// songs writes a folder with files that need padding in a hybrid.
func songs(t *testing.T) (folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "Älbum")
	dice := rand.NewChaCha8([32]byte{7})
	for name, length := range map[string]int{"1 one.flac": 1_500_001, "2 two.flac": 700_000, "art/cover.png": 5, "empty": 0} {
		content := make([]byte, length)
		_, _ = dice.Read(content)
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// A folder goes from one terminal to another by its link, stays there, and is given on by it.
func TestSeed(t *testing.T) {
	for _, format := range []string{"hybrid", "v1", "v2"} {
		t.Run(format, func(t *testing.T) {
			s, stop := run(t, flags(t))
			defer func() { _ = stop() }()
			server, folder, second := s.origins[0], songs(t), t.TempDir()
			out, stopFirst := seeds(t, server, "-data", t.TempDir(), "-format", format, "-tracker", "http://127.0.0.1:9/announce", folder)
			magnet := out.find(t, `magnet +(\S+)`)[1]
			infohash := out.find(t, `link +\S+/w/([0-9a-f]{40})`)[1]
			checkTorrent(t, server, infohash, format)

			out, stopSecond := seeds(t, server, "-data", second, magnet)
			out.find(t, `seeding .* down 2\.[2-9] MB`)
			stopFirst()
			stopSecond()

			out, _ = seeds(t, server, "-data", second, magnet)
			out.find(t, `seeding .* down 0 B`)
			third, _ := seeds(t, server, "-data", t.TempDir(), magnet)
			third.find(t, `seeding .* down 2\.[2-9] MB`)
		})
	}
}

// checkTorrent holds what was published against what was said.
func checkTorrent(t *testing.T, server, infohash, format string) {
	t.Helper()
	status, body := request(t, "GET", server+"/v1/works/"+infohash+".torrent")
	torrent, err := metainfo.Parse([]byte(body))
	if status != 200 || err != nil {
		t.Fatalf("%d %v", status, err)
	}
	if got := hex.EncodeToString(torrent.Infohash[:]); got != infohash || torrent.Info.HasV1() != (format != "v2") || torrent.Info.HasV2() != (format != "v1") {
		t.Errorf("%s of version 1: %v, 2: %v", got, torrent.Info.HasV1(), torrent.Info.HasV2())
	}
	want := [][]string{{"ws" + strings.TrimPrefix(server, "http") + "/announce"}, {"http://127.0.0.1:9/announce"}}
	if len(torrent.Announce) != 2 || torrent.Announce[0][0] != want[0][0] || torrent.Announce[1][0] != want[1][0] {
		t.Errorf("trackers %v, want %v", torrent.Announce, want)
	}
	if len(torrent.Webseeds) == 0 || torrent.Webseeds[0] != server+"/webseed/"+infohash+"/" {
		t.Errorf("webseeds %v", torrent.Webseeds)
	}
}

// The server is told nothing of a private torrent of which it is no tracker.
func TestSeedKeepsPrivateTorrents(t *testing.T) {
	torrent := metainfo.New(&metainfo.Info{
		Name: "song", PieceLength: 16 << 10, Length: 5, Pieces: make([]byte, 20), Single: true, Private: true,
		Files: []metainfo.File{{Path: []string{"song"}, Length: 5}},
	})
	torrent.Announce = [][]string{{"http://tracker.test/announce"}}
	file := filepath.Join(t.TempDir(), "song.torrent")
	if err := os.WriteFile(file, torrent.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := parseSeedFlags([]string{"-server", "http://127.0.0.1:9", "-data", t.TempDir(), file})
	if err != nil {
		t.Fatal(err)
	}
	o.Out = &printed{}
	if err := seed.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "private") {
		t.Errorf("got %v", err)
	}
}

func TestSeedFlags(t *testing.T) {
	for _, args := range [][]string{
		{}, {"-format", "v3", "x"}, {"-server", "fanseed.example", "x"}, {"-server", "https://a.test/path", "x"}, {"-webseed", "ftp://a.test/", "x"}, {"-no-such-flag"},
	} {
		if _, err := parseSeedFlags(append([]string{"-data", t.TempDir()}, args...)); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
