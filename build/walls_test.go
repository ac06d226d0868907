package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A wall keeps packages of ours free of imports.
type wall struct {
	packages []string // patterns, see match
	never    []string // patterns
	except   []string // patterns that never does not mean
	reach    reach
	reason   string
}

// A reach says how far a wall looks.
type reach int

const (
	direct  reach = iota // the packages' own imports
	ours                 // and those of every package of ours below them
	closure              // everything below them
)

var pure = []string{"wasm/swarm", "signal/tracker", "signal/reward"}

var codecs = []string{"wasm/wire", "wasm/bencode", "wasm/merkle", "wasm/metainfo", "signal/announce", "signal/ticket", "signal/receipt"}

var walls = []wall{
	{pure, []string{"net", "net/...", "os", "os/...", "sync", "sync/...", "context", "syscall/js", "github.com/pion/...", "database/..."}, nil, ours,
		"the cores are driven by hand in tests: same inputs, same effects, natively and in the browser"},
	{codecs, []string{"wasm/...", "signal/..."}, []string{"wasm/bencode", "wasm/merkle"}, ours,
		"both sides speak these formats, so they hang on nothing but each other's encoding"},
	{[]string{"signal/proof"}, []string{"wasm/...", "signal/..."}, []string{"wasm/metainfo", "wasm/bencode", "wasm/merkle"}, ours,
		"both sides agree on what is asked for and what passes, by the torrent alone"},
	{append([]string{"signal/proof"}, codecs...), []string{"net", "net/..."}, nil, closure,
		"the net packages would add 0.8 MB to the page for nothing that a codec does"},
	{[]string{"signal/proof"}, []string{"time", "os", "os/...", "sync", "sync/...", "context", "math/rand/...", "crypto/rand"}, nil, direct,
		"a challenge is judged by what it says: the same answer passes whenever and wherever it is checked"},
	{[]string{"wasm/rtc"}, []string{"wasm/store/...", "wasm/announcer/...", "wasm/swarm"}, nil, ours,
		"technologies never meet: node introduces them"},
	{[]string{"wasm/store/..."}, []string{"wasm/rtc", "wasm/announcer/...", "wasm/swarm"}, nil, ours,
		"technologies never meet: node introduces them"},
	{[]string{"wasm/announcer"}, []string{"wasm/rtc", "wasm/store/...", "wasm/swarm"}, nil, ours,
		"technologies never meet: node introduces them"},
	{[]string{"wasm/node"}, []string{"syscall/js", "github.com/pion/..."}, nil, direct,
		"the one loop runs natively too, in tests and on servers"},
	{[]string{"wasm/...", "signal/..."}, []string{"github.com/pion/webrtc/..."}, nil, direct,
		"pion's types and callbacks stay inside wasm/rtc"},
	{[]string{"wasm/...", "signal/..."}, []string{"github.com/gorilla/..."}, nil, direct,
		"sockets, their pumps and their limits stay inside signal/socket"},
	{[]string{"signal/socket"}, []string{"signal/ledger/..."}, nil, ours,
		"a socket moves messages and knows nothing of money"},
	{[]string{"signal/ledger"}, []string{"database/...", "signal/socket", "signal/ledger/..."}, nil, direct,
		"the rules of the ledger know no database and no transport"},
	{[]string{"signal/ledger/sqlite"}, []string{"signal/ledger/postgres/..."}, nil, ours,
		"a server may use either database; they share the books, which are one body of SQL, and know nothing of each other"},
	{[]string{"signal/ledger/postgres/..."}, []string{"signal/ledger/sqlite"}, nil, ours,
		"a server may use either database; they share the books, which are one body of SQL, and know nothing of each other"},
	{[]string{"signal/ledger/books"}, []string{"modernc.org/...", "github.com/jackc/...", "signal/ledger/sqlite", "signal/ledger/postgres/..."}, nil, ours,
		"one body of SQL serves both databases as long as it can name neither"},
	{[]string{"signal/log/..."}, []string{"database/...", "signal/api/...", "signal/hub", "signal/ledger/...", "signal/socket", "wasm/..."}, nil, ours,
		"the log writes what it is told and is checked without its server: it knows no database, no balance and no peer"},
	{[]string{"signal/verify"}, []string{"database/...", "signal/api/...", "signal/hub", "signal/ledger/...", "signal/socket", "wasm/..."}, nil, ours,
		"who checks the server shares the public formats with it, and nothing else"},
	{[]string{"wasm/..."}, []string{"signal/..."}, []string{"signal/announce", "signal/ticket", "signal/receipt", "signal/proof"}, ours,
		"the page shares the signed and spoken formats with the server, and nothing else"},
	{[]string{"signal/announce", "signal/api/...", "signal/hub", "signal/ledger/...", "signal/proof", "signal/receipt", "signal/reward", "signal/socket", "signal/ticket", "signal/tracker"},
		[]string{"wasm/..."}, []string{"wasm/metainfo", "wasm/bencode", "wasm/merkle"}, ours,
		"who introduces peers is none, and only reads torrents"},
	{[]string{"signal"}, []string{"wasm/..."}, []string{"wasm/metainfo", "wasm/rtc"}, direct,
		"the server's own peer is signal/seedbox, and the terminal's signal/seed"},
	{[]string{"signal/seedbox"}, []string{"signal/api/...", "signal/hub", "signal/ledger/...", "signal/tracker"}, nil, ours,
		"the server's copy is a peer like any other, and meets the server at its socket"},
	{[]string{"signal/audit"}, []string{"signal/api/...", "signal/hub", "signal/ledger/...", "signal/tracker"}, nil, ours,
		"an audit is a download like any other, and meets the server at its socket"},
	{[]string{"wasm/...", "signal/..."}, []string{"github.com/anacrolix/torrent"}, nil, direct,
		"anacrolix's client and its types stay inside signal/seedbox"},
}

// pageWalls hold for the page's closure, compiled for the browser.
var pageWalls = []wall{
	{[]string{"wasm"}, []string{"net/http", "net/http/...", "github.com/gorilla/...", "github.com/coder/...", "expvar", "github.com/anacrolix/..."}, nil, closure,
		"0.8 MB of brotli, and none of it can be used in a browser"},
	{[]string{"wasm"}, []string{"github.com/pion/...", "encoding/json", "crypto/tls", "crypto/x509", "net", "net/url", "regexp", "text/template"}, nil, closure,
		"the engine stays lean: what it needs of this, the browser has itself; pion alone would add 0.3 MB of brotli"},
}

// home says which package alone may import what a wall of direct imports keeps out of all others.
var home = map[string]string{
	"github.com/pion/webrtc/...":   "wasm/rtc",
	"github.com/gorilla/...":       "signal/socket/...",
	"github.com/anacrolix/torrent": "signal/seedbox",
}

// A listed package is what `go list -json` says of one.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Export     string // file of export data, with -export
}

// list lists packages of this repository and all that they import, as compiled with env. Packages that have files for the other target
// only are left out.
func list(t *testing.T, env []string, args ...string) map[string]*listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-deps", "-json=ImportPath,Dir,GoFiles,Imports,Export"}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = "..", append(os.Environ(), env...), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	packages := map[string]*listed{}
	for decoder := json.NewDecoder(out); ; {
		p := &listed{}
		if err := decoder.Decode(p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("go list: %v", err)
	}
	return packages
}

var browserTarget = []string{"GOOS=js", "GOARCH=wasm"}

func TestWalls(t *testing.T) {
	for target, env := range map[string][]string{"native": nil, "browser": browserTarget} {
		packages := list(t, env, "./...")
		if len(packages) < 50 {
			t.Fatalf("%s: go list gives only %d packages", target, len(packages))
		}
		for _, w := range walls {
			for _, found := range w.breaches(packages) {
				t.Errorf("%s: %s\n\twhy not: %s", target, found, w.reason)
			}
		}
	}
	packages := list(t, browserTarget, "./wasm")
	for _, w := range pageWalls {
		for _, found := range w.breaches(packages) {
			t.Errorf("page: %s\n\twhy not: %s", found, w.reason)
		}
	}
}

// breaches lists every forbidden import with the way to it, such as "fanseed/wasm/wire → fanseed/wasm/bencode → net/http".
func (w wall) breaches(packages map[string]*listed) []string {
	var found []string
	for path := range packages {
		if match(path, w.packages) {
			found = append(found, w.below(packages, path, []string{path}, map[string]bool{})...)
		}
	}
	slices.Sort(found)
	return found
}

func (w wall) below(packages map[string]*listed, path string, way []string, seen map[string]bool) []string {
	var found []string
	for _, imported := range packages[path].Imports {
		if seen[imported] {
			continue
		}
		seen[imported] = true
		to := append(slices.Clone(way), imported)
		if w.forbids(way[0], imported) {
			found = append(found, strings.Join(to, " → "))
			continue
		}
		if next := packages[imported]; next != nil && (w.reach == closure || w.reach == ours && isOurs(imported)) {
			found = append(found, w.below(packages, imported, to, seen)...)
		}
	}
	return found
}

// forbids says whether the wall keeps imported out of the package at from.
func (w wall) forbids(from, imported string) bool {
	return slices.ContainsFunc(w.never, func(pattern string) bool {
		return match(imported, []string{pattern}) && !match(imported, w.except) && !match(from, []string{home[pattern]})
	})
}

func isOurs(path string) bool { return path == "fanseed" || strings.HasPrefix(path, "fanseed/") }

// match says whether an import path is one of the patterns. "x/..." also means everything below x. A pattern without a dot in its first
// part may leave out "fanseed/".
func match(path string, patterns []string) bool {
	short := strings.TrimPrefix(path, "fanseed/")
	for _, pattern := range patterns {
		prefix, tree := strings.CutSuffix(pattern, "/...")
		for _, p := range []string{path, short} {
			if p == prefix && pattern != "" || tree && strings.HasPrefix(p, prefix+"/") {
				return true
			}
		}
	}
	return false
}

// A wall that nothing can break is no wall.
func TestBreaches(t *testing.T) {
	packages := map[string]*listed{
		"fanseed/wasm/wire":    {Imports: []string{"fanseed/wasm/bencode", "errors"}},
		"fanseed/wasm/bencode": {Imports: []string{"example.com/missing"}},
		"example.com/missing":  {Imports: []string{"net/http"}},
		"errors":               {},
		"fanseed/wasm/rtc":     {Imports: []string{"github.com/pion/webrtc/v4"}},
		"fanseed/wasm/node":    {Imports: []string{"github.com/pion/webrtc/v4", "fanseed/wasm/rtc"}},
	}
	for _, test := range []struct {
		wall wall
		want []string
	}{
		{wall{[]string{"wasm/wire"}, []string{"net/http"}, nil, closure, ""}, []string{"fanseed/wasm/wire → fanseed/wasm/bencode → example.com/missing → net/http"}},
		{wall{[]string{"wasm/wire"}, []string{"example.com/..."}, nil, ours, ""}, []string{"fanseed/wasm/wire → fanseed/wasm/bencode → example.com/missing"}},
		{wall{[]string{"wasm/wire"}, []string{"net/http"}, nil, ours, ""}, nil},
		{wall{[]string{"wasm/wire"}, []string{"example.com/..."}, nil, direct, ""}, nil},
		{wall{[]string{"wasm/wire"}, []string{"wasm/..."}, nil, direct, ""}, []string{"fanseed/wasm/wire → fanseed/wasm/bencode"}},
		{wall{[]string{"wasm/wire"}, []string{"wasm/..."}, []string{"wasm/bencode"}, direct, ""}, nil},
		{wall{[]string{"wasm/..."}, []string{"github.com/pion/webrtc/..."}, nil, direct, ""}, []string{"fanseed/wasm/node → github.com/pion/webrtc/v4"}},
	} {
		if got := test.wall.breaches(packages); !slices.Equal(got, test.want) {
			t.Errorf("breaches of %v against %v: got %q, want %q", test.wall.packages, test.wall.never, got, test.want)
		}
	}
}
