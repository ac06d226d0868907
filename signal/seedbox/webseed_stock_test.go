package seedbox_test

import (
	"bytes"
	"context"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fanseed/signal/seedbox"
	"fanseed/wasm/metainfo"
)

//go:embed testdata/webseed.py
var libtorrent string

// stockClients fetch a .torrent into a folder and end, or are killed once all is there.
var stockClients = []struct {
	program  string
	args     func(torrent, folder string) []string
	versions []version
}{
	{"aria2c", func(torrent, folder string) []string {
		return []string{"--no-conf", "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--enable-peer-exchange=false",
			"--listen-port=6881-6999", "--seed-time=0", "--allow-overwrite=true", "--dir=" + folder, "--torrent-file=" + torrent}
	}, []version{v1}},
	{"transmission-cli", func(torrent, folder string) []string {
		return []string{"--config-dir", filepath.Dir(torrent), "--no-portmap", "--download-dir", folder, torrent}
	}, []version{v1}},
	{"/usr/bin/python3", func(torrent, folder string) []string { return []string{"-c", libtorrent, torrent, folder} }, versions},
}

// transmission is the configuration of a client that stays on the loopback interface.
const transmission = `{"bind-address-ipv4": "127.0.0.1", "bind-address-ipv6": "::1", "dht-enabled": false, "lpd-enabled": false,
	"pex-enabled": false, "utp-enabled": false, "port-forwarding-enabled": false, "rpc-enabled": false}`

// Stock clients fetch works of one file and of many from a webseed alone, without any tracker or peer.
func TestStockClientsFetchFromAWebseed(t *testing.T) {
	many := []metainfo.File{
		{Path: []string{"CD 1", "01 début & more.flac"}, Length: 1_200_001},
		{Path: []string{"CD 1", "02 50% [#1]+1;=.flac"}, Length: 900_000},
		{Path: []string{"cover.jpg"}, Length: 70_000},
	}
	one := []metainfo.File{{Path: []string{"a song? (live).flac"}, Length: 2_000_000}}
	for _, client := range stockClients {
		t.Run(filepath.Base(client.program), func(t *testing.T) {
			if !installed(client.program) {
				t.Skip("is not installed")
			}
			for _, v := range client.versions {
				t.Run(string(v)+" of many files", func(t *testing.T) {
					fetchWith(t, client.program, client.args, newAlbum(t, v, "an album? 50% (ö)", 64<<10, many...))
				})
				t.Run(string(v)+" of one file", func(t *testing.T) {
					fetchWith(t, client.program, client.args, newAlbum(t, v, one[0].Path[0], 64<<10, one...))
				})
			}
		})
	}
}

func installed(program string) bool {
	if filepath.Base(program) == "python3" {
		return exec.Command(program, "-c", "import libtorrent").Run() == nil
	}
	_, err := exec.LookPath(program)
	return err == nil
}

func fetchWith(t *testing.T, program string, args func(torrent, folder string) []string, a album) {
	s, p := newSite(t, a, seedbox.WebseedConfig{})
	p.fill(a)
	a.Webseeds = []string{s.server.URL + s.path()}
	folder := filepath.Join(t.TempDir(), "fetched")
	torrent := filepath.Join(t.TempDir(), "a.torrent")
	must(t, os.Mkdir(folder, 0o700), os.WriteFile(torrent, a.Torrent.Bytes(), 0o600),
		os.WriteFile(filepath.Join(filepath.Dir(torrent), "settings.json"), []byte(transmission), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args(torrent, folder)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	must(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for over := false; !over; {
		select {
		case <-ended:
			over = true
		case <-time.After(100 * time.Millisecond):
			if a.lies(folder) {
				cancel()
				<-ended
				over = true
			}
		}
	}
	if !a.lies(folder) {
		t.Errorf("not everything was fetched, and %d bytes sent\n%s", s.seed.Sent(a.Infohash), out.String())
	}
}

// lies tells whether the files of a work are in a folder, byte for byte. Some clients replace a question mark in names.
func (a album) lies(folder string) bool {
	for i, f := range a.Info.Files {
		if f.Padding {
			continue
		}
		path := strings.Join(f.Path, "/")
		if !a.Info.Single {
			path = a.Info.Name + "/" + path
		}
		got, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			got, err = os.ReadFile(filepath.Join(folder, strings.ReplaceAll(path, "?", "_")))
		}
		if err != nil || !bytes.Equal(got, a.file(i)) {
			return false
		}
	}
	return true
}
