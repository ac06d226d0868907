package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	idleWorks = 1000
	idleSize  = 100 << 20
	idleRest  = 5 * time.Second // from ready until the memory is looked at
)

// rested is what one turn gave: bytes in memory, seconds until ready, and bytes that were read.
type rested struct{ resident, ready, read float64 }

// idle measures what works take that nobody fetches, beside libtorrent, on which qBittorrent is built.
func (n native) idle(ctx context.Context) ([]*measurement, error) {
	var all []*measurement
	python := ""
	for _, mode := range []string{"web", "full"} {
		name := fmt.Sprintf("%d idle works of %d MiB, -seedbox %s", idleWorks, idleSize>>20, mode)
		memory := &measurement{Name: name + ", memory", Unit: "MiB", Beside: "libtorrent"}
		ready := &measurement{Name: name + ", from start until all can be met", Unit: "s", Beside: "libtorrent"}
		lines := []*measurement{memory, ready}
		if !n.wants(lines) {
			continue
		}
		if err := n.need(ctx, func() bool { python = libtorrentPython(); return python != "" }, "python3-libtorrent"); err != nil {
			return nil, err
		}
		if err := n.idleMode(ctx, mode, python, memory, ready); err != nil {
			return nil, err
		}
		all = append(all, lines...)
	}
	return all, nil
}

func libtorrentPython() string {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import libtorrent").Run() == nil {
			return python
		}
	}
	return ""
}

func (n native) idleMode(ctx context.Context, mode, python string, memory, ready *measurement) error {
	empty, err := n.filled(ctx, 0, 0)
	defer os.RemoveAll(empty)
	if err != nil {
		return err
	}
	full, err := n.filled(ctx, idleWorks, idleSize, "-zeros")
	defer os.RemoveAll(full)
	if err != nil {
		return err
	}
	var read float64
	rounds := min(n.rounds, 3) // they hardly differ
	for round := range rounds {
		our, their, err := inTurn(round,
			func() (rested, error) {
				return difference(empty, full, func(data string) (rested, error) { return n.idleServer(ctx, data, mode) })
			},
			func() (rested, error) {
				return difference(empty, full, func(data string) (rested, error) { return n.idleLibtorrent(ctx, data, python) })
			})
		if err != nil {
			return err
		}
		memory.add(our.resident/(1<<20), their.resident/(1<<20))
		ready.add(our.ready, their.ready)
		read = our.read
		fmt.Fprintf(os.Stderr, "  idle, %s, %d of %d: %.0f MiB and %.1f s, libtorrent %.0f MiB and %.1f s\n", mode, round+1, rounds,
			memory.Ours[round], our.ready, memory.Theirs[round], their.ready)
	}
	memory.Note = fmt.Sprintf("resident, after %v, less what is without works; 800 pieces each, version 1", idleRest)
	ready.Note = fmt.Sprintf("ours: until the tracker has announced them to browsers; %.0f MB were read, nothing was hashed; theirs: until they seed, told not to look at the files", read/1e6)
	return nil
}

// difference measures with works and without.
func difference(empty, full string, measure func(data string) (rested, error)) (rested, error) {
	without, err := measure(empty)
	if err != nil {
		return rested{}, err
	}
	with, err := measure(full)
	with.resident -= without.resident
	return with, err
}

// idleServer starts the server and waits until all of its works are announced.
func (n native) idleServer(ctx context.Context, data, mode string) (rested, error) {
	begin := time.Now()
	p, url, err := n.serve(ctx, data, "-seedbox", mode, "-seedbox-listen", "127.0.0.1:0", "-seedbox-dht=false")
	if err != nil {
		return rested{}, err
	}
	return rest(ctx, p, begin, func() bool { return allSeeded(url) })
}

func (n native) idleLibtorrent(ctx context.Context, data, python string) (rested, error) {
	begin := time.Now()
	p, err := startProcess(data, python, n.path("build/testdata/idle.py"), filepath.Join(data, "files"), filepath.Join(data, "torrents"))
	if err != nil {
		return rested{}, err
	}
	return rest(ctx, p, begin, func() bool { return p.said() == "ready\n" })
}

// rest looks at a process some time after it is ready, and ends it.
func rest(ctx context.Context, p *process, begin time.Time, ready func() bool) (r rested, err error) {
	defer p.end()
	if err := p.until(ctx, "it was ready", ready); err != nil {
		return r, err
	}
	r.ready = time.Since(begin).Seconds()
	select {
	case <-ctx.Done():
		return r, ctx.Err()
	case <-time.After(idleRest):
	}
	r.resident, r.read = p.resident(), p.read()
	return r, nil
}

// allSeeded tells whether a server's tracker knows a seeder of every work.
func allSeeded(url string) bool {
	after := ""
	for {
		var page struct {
			Works []struct {
				Infohash string `json:"infohash"`
				Seeders  int    `json:"seeders"`
			} `json:"works"`
		}
		answer, err := http.Get(url + "/v1/works?limit=100" + after)
		if err != nil {
			return false
		}
		err = json.NewDecoder(answer.Body).Decode(&page)
		_ = answer.Body.Close()
		if err != nil {
			return false
		}
		for _, work := range page.Works {
			if work.Seeders == 0 {
				return false
			}
			after = "&after=" + work.Infohash
		}
		if len(page.Works) == 0 {
			return true
		}
	}
}
