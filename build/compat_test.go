package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"fanseed/signal/seedbox"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// compatPatience is how long a client may take to find its peer and fetch a work of a few megabytes.
const compatPatience = 60 * time.Second

// TestStockClients shows that works go to real clients over TCP and uTP, and come from them, in every format that they know.
func TestStockClients(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	i := newCompat(t)
	for _, client := range i.stockClients() {
		for _, format := range formats {
			if why := client.formats[format]; why != "" {
				continue
			}
			t.Run(client.name+" "+format+" fetches", func(t *testing.T) { i.gives(t, client, format) })
			t.Run(client.name+" "+format+" seeds", func(t *testing.T) { i.takes(t, client, format) })
		}
	}
}

// newCompat finds the clients, and installs them as root where there is apt-get.
func newCompat(t *testing.T) interop {
	t.Helper()
	var i interop
	if !i.find() || !haveCompat() {
		i.installAll(t, compatPackages)
	}
	i.folder = t.TempDir()
	return i
}

func haveCompat() bool {
	for _, name := range []string{"transmission-daemon", "aria2c", "qbittorrent-nox", "rtorrent"} {
		if _, err := exec.LookPath(name); err != nil {
			return false
		}
	}
	return true
}

// album is a work with files that end within pieces: hybrids of it have padding.
func album(t *testing.T) content {
	c := newContent("album", 64<<10, map[string]int{"1.flac": 1_200_000, "2.flac": 700_001, "art/cover.png": 5, "art/back.png": 300_000})
	c.write(t)
	return c
}

// stockBox is a stock client of ours on the loopback interface, which knows private addresses.
func stockBox(t *testing.T) *seedbox.Stock {
	t.Helper()
	s, err := seedbox.NewStock(seedbox.StockConfig{Listen: "127.0.0.1:0", PrivateNets: true, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// gives has a client fetch a work from us.
func (i interop) gives(t *testing.T, client stockClient, format string) {
	c, tracker, box := album(t), newCompatTracker(t), stockBox(t)
	torrent := c.publish(format)
	torrent.Announce = [][]string{{tracker.url}}
	if err := box.Add(torrent, memoryOf(t, torrent, c.bytes(torrent.Info))); err != nil {
		t.Fatal(err)
	}
	file, folder := filepath.Join(t.TempDir(), "work.torrent"), t.TempDir()
	keep(t, file, torrent)
	client.run(t, job{file, folder, freePort(t)})
	waitFor(t, "the files", func() error { return c.compare(folder) })
}

// takes fetches a work from a client.
func (i interop) takes(t *testing.T, client stockClient, format string) {
	c, tracker, box := album(t), newCompatTracker(t), stockBox(t)
	torrent := c.publish(format)
	torrent.Announce = [][]string{{tracker.url}}
	file := filepath.Join(t.TempDir(), "work.torrent")
	keep(t, file, torrent)
	c.pad(t, torrent.Info)
	client.run(t, job{file, c.parent, freePort(t)})
	into := store.NewMemory(torrent.Info, store.NewBudget(1<<30))
	if err := box.Add(torrent, into); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the pieces", func() error {
		if have, want := into.Have().Count(), torrent.Info.NumPieces(); have < want {
			return fmt.Errorf("%d of %d pieces", have, want)
		}
		return nil
	})
	all := c.bytes(torrent.Info)
	for n := range torrent.Info.NumPieces() {
		piece, begin := make([]byte, torrent.Info.PieceSize(n)), int64(n)*torrent.Info.PieceLength
		if err := into.ReadAt(t.Context(), n, 0, piece); err != nil || string(piece) != string(all[begin:begin+int64(len(piece))]) {
			t.Fatalf("piece %d is another: %v", n, err)
		}
	}
}

// pad writes the files of padding, as clients have them that know nothing of padding.
func (c content) pad(t *testing.T, info *metainfo.Info) {
	t.Helper()
	for _, f := range info.Files {
		if f.Padding && info.HasV1() {
			setUp(t, filepath.Join(append([]string{c.parent, c.name}, f.Path...)...), string(make([]byte, f.Length)))
		}
	}
}

// memoryOf is a store that has everything.
func memoryOf(t *testing.T, torrent *metainfo.Torrent, all []byte) store.Store {
	t.Helper()
	s := store.NewMemory(torrent.Info, store.NewBudget(1<<30))
	for n := range torrent.Info.NumPieces() {
		begin := int64(n) * torrent.Info.PieceLength
		if err := s.Put(context.Background(), n, all[begin:begin+torrent.Info.PieceSize(n)]); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// compare tells what differs between the content and a folder, by SHA-256.
func (c content) compare(folder string) error {
	for path, want := range c.files {
		got, err := os.ReadFile(filepath.Join(folder, c.name, path))
		if err != nil {
			return err
		}
		if sha256.Sum256(got) != sha256.Sum256(want) {
			return fmt.Errorf("%s is another", path)
		}
	}
	return nil
}

// waitFor waits for what a client brings about.
func waitFor(t *testing.T, what string, check func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(compatPatience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatalf("%s never came: %v", what, err)
}
