package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const downloadSize = 256 << 20

// downloaded is what one turn gave: seconds, and CPU milliseconds of the seeder per gigabyte.
type downloaded struct{ took, cpu float64 }

// download measures how fast aria2 has a work from the server's copy over TCP, beside another aria2 that seeds it.
func (n native) download(ctx context.Context) ([]*measurement, error) {
	note := fmt.Sprintf("%d MiB, version 1, by aria2, from its start to its end; a tracker on the same machine", downloadSize>>20)
	took := &measurement{Name: "TCP, a download from the server's copy", Unit: "s", Beside: "aria2 as the seeder", Note: note}
	cpu := &measurement{Name: "TCP, CPU of the seeder", Unit: "ms/GB", Beside: "aria2 as the seeder", Note: note + "; ours hashes every piece once before it sends of it"}
	lines := []*measurement{took, cpu}
	if !n.wants(lines) {
		return nil, nil
	}
	if err := n.need(ctx, onPath("aria2c"), "aria2"); err != nil {
		return nil, err
	}
	data, err := n.filled(ctx, 1, downloadSize)
	defer os.RemoveAll(data)
	if err != nil {
		return nil, err
	}
	for round := range n.rounds {
		our, their, err := inTurn(round,
			func() (downloaded, error) { return n.downloadTurn(ctx, data, n.seedOurs) },
			func() (downloaded, error) { return n.downloadTurn(ctx, data, n.seedAria2) })
		if err != nil {
			return nil, err
		}
		took.add(our.took, their.took)
		cpu.add(our.cpu, their.cpu)
		fmt.Fprintf(os.Stderr, "  TCP, %d of %d: %.1f, aria2 %.1f\n", round+1, n.rounds, our, their)
	}
	return lines, nil
}

func (n native) seedOurs(ctx context.Context, data, tracker string) (*process, error) {
	p, _, err := n.serve(ctx, data, "-seedbox", "full", "-seedbox-listen", "127.0.0.1:0", "-seedbox-dht=false", "-trackers", tracker)
	return p, err
}

func (n native) seedAria2(ctx context.Context, data, tracker string) (*process, error) {
	return startProcess(data, "aria2c", aria2(data, tracker, filepath.Join(data, "files"), "--seed-ratio=0", "--check-integrity=true")...)
}

// aria2 are the words with which aria2 has a work in a folder.
func aria2(data, tracker, folder string, words ...string) []string {
	return append(words, "--no-conf", "--dir="+folder, "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--disable-ipv6=true",
		"--interface=127.0.0.1", "--bt-tracker="+tracker, "--follow-torrent=mem", "--summary-interval=0", "--file-allocation=none",
		filepath.Join(data, "torrents", "work-0.torrent"))
}

func (n native) downloadTurn(ctx context.Context, data string, seed func(ctx context.Context, data, tracker string) (*process, error)) (d downloaded, err error) {
	tracker := newStockTracker()
	defer tracker.close()
	seeder, err := seed(ctx, data, tracker.url)
	if seeder != nil {
		defer seeder.end()
	}
	if err == nil {
		err = seeder.until(ctx, "an announce", func() bool { return tracker.peers() == 1 })
	}
	if err != nil {
		return d, err
	}
	folder, err := os.MkdirTemp("", "fanseed-bench-")
	if err != nil {
		return d, err
	}
	defer os.RemoveAll(folder)
	before, begin := seeder.used(), time.Now()
	if err := execute(ctx, folder, nil, "aria2c", aria2(data, tracker.url, folder, "--seed-time=0")...); err != nil {
		return d, err
	}
	d = downloaded{time.Since(begin).Seconds(), 1e3 * (seeder.used() - before) / (downloadSize / 1e9)}
	return d, sameFiles(filepath.Join(folder, "work-0"), filepath.Join(data, "files", "work-0"))
}

func sameFiles(got, want string) error {
	var sums [2][32]byte
	for i, name := range []string{got, want} {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		sums[i], err = sum(f)
		if err := f.Close(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
	}
	if sums[0] != sums[1] {
		return fmt.Errorf("%s is another file", got)
	}
	return nil
}
