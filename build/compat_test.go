package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"fanseed/wasm/metainfo"
)

// compatPatience is how long a client may take to find its peer and fetch a work of a few megabytes.
const compatPatience = 3 * time.Minute

// TestCompatibility shows that what a browser tab publishes reaches every client through the server's copy, and what a client seeds reaches
// a tab through `fanseed seed`; it writes docs/compatibility.md.
func TestCompatibility(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	i := newCompat(t)
	tab := openTab(t, "-seedbox", "full", "-seedbox-listen", "127.0.0.1:0", "-seedbox-dht=false", "-trackers", newCompatTracker(t).url)
	var rows []compatRow
	asked, ran := 0, 0
	for _, client := range i.stockClients() {
		row := compatRow{client: client, version: client.version(t), worked: map[string]bool{}}
		for _, format := range formats {
			if client.formats[format] != "" {
				continue
			}
			asked += 2
			row.worked[format+" from browser"] = t.Run(client.name+" fetches "+format+" from a tab", func(t *testing.T) { ran++; i.fromTab(t, tab, client, format) })
			row.worked[format+" to browser"] = t.Run(client.name+" gives "+format+" to a tab", func(t *testing.T) { ran++; i.toTab(t, tab, client, format) })
		}
		rows = append(rows, row)
	}
	if !t.Failed() && ran == asked {
		writeCompat(t, rows)
	}
}

// seed runs `fanseed seed` on a torrent until the test ends.
func (c *compatTab) seed(t *testing.T, torrent string, flags ...string) {
	t.Helper()
	home := t.TempDir()
	daemon(t, home, c.binary, append(append([]string{"seed", "-server", c.server, "-no-dht", "-data", home}, flags...), torrent)...)
}

// fromTab has a tab publish a work, the server take a copy of it, and a client fetch that, by the .torrent as the server gives it but for
// its webseed.
func (i interop) fromTab(t *testing.T, tab *compatTab, client stockClient, format string) {
	c := album(t, client.name+" "+format+" from a tab", "")
	torrent := tab.publish(t, filepath.Join(c.parent, c.name), c.name, format)
	torrent.Webseeds = nil
	file, folder := filepath.Join(t.TempDir(), "work.torrent"), t.TempDir()
	keep(t, file, torrent)
	client.run(t, job{file, folder, freePort(t)})
	waitFor(t, "the files", func() error { return c.compare(folder) })
}

// toTab has a client seed its own torrent, `fanseed seed` fetch it from there, and a tab from that.
func (i interop) toTab(t *testing.T, tab *compatTab, client stockClient, format string) {
	c, tracker := album(t, client.name+" "+format+" to a tab", "art/"), newCompatTracker(t)
	torrent := i.ownTorrent(t, client, c, format)
	torrent.Announce = [][]string{{tracker.url}}
	file := filepath.Join(t.TempDir(), "work.torrent")
	keep(t, file, torrent)
	if client.formats["v2"] != "" {
		c.pad(t, torrent.Info)
	}
	client.run(t, job{file, c.parent, freePort(t)})
	tab.seed(t, file, "-no-copy")
	infohash := hex.EncodeToString(torrent.Infohash[:])
	waitFor(t, "the work", func() error { return tab.knows(infohash) })
	got := tab.fetch(t, infohash)
	for path, content := range c.files {
		if sum := sha256.Sum256(content); got[path] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s is another: SHA-256 %s, want %x", path, got[path], sum)
		}
	}
}

// knows tells whether a work is published on the tab's server.
func (c *compatTab) knows(infohash string) error {
	answer, err := http.Get(c.server + "/v1/works/" + infohash)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}

// ownTorrent makes a torrent with the client's own tool: transmission-create, or libtorrent, also for clients that have none.
func (i interop) ownTorrent(t *testing.T, client stockClient, c content, format string) *metainfo.Torrent {
	t.Helper()
	file := filepath.Join(t.TempDir(), "own.torrent")
	if client.name != "Transmission" {
		i.libtorrent(t, "create", [][]any{{c.parent, c.name, format, c.pieceLength, file}})
	} else if out, err := exec.CommandContext(t.Context(), "transmission-create", "-o", file, filepath.Join(c.parent, c.name)).CombinedOutput(); err != nil {
		t.Fatalf("transmission-create: %v\n%s", err, out)
	}
	return parseFile(t, file)
}

// newCompat finds the clients, and installs them as root where there is apt-get.
func newCompat(t *testing.T) interop {
	t.Helper()
	var i interop
	installFor(t, func() bool { return i.find() && haveCompat() }, compatPackages...)
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
func album(t *testing.T, name, art string) content {
	c := newContent(name, 64<<10, map[string]int{"1.flac": 1_200_000, "2.flac": 700_001, art + "cover.png": 5, art + "back.png": 300_000})
	c.write(t)
	return c
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

func newCompatTracker(t *testing.T) *stockTracker {
	t.Helper()
	tracker := newStockTracker()
	t.Cleanup(tracker.close)
	return tracker
}
