package hub

import (
	"bufio"
	"context"
	"errors"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/socket"
)

const stockDir = "testdata/stock"

// installStock runs npm ci, unless node_modules is newer than the lockfile.
func installStock(t *testing.T) {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is not installed, and the stock client needs it", tool)
		}
	}
	lock, err := os.Stat(filepath.Join(stockDir, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	if installed, err := os.Stat(filepath.Join(stockDir, "node_modules/.package-lock.json")); err == nil && !installed.ModTime().Before(lock.ModTime()) {
		return
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund")
	npm.Dir = stockDir
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
}

// TestStockClient has two clients of the npm package bittorrent-tracker meet. Their WebRTC is a fake that exchanges descriptions and
// never connects; all of the tracker client is real, and so are the sockets.
func TestStockClient(t *testing.T) {
	installStock(t)
	infohash := [20]byte{0xd2, 0x47, 0x4e, 0x86, 0xc9, 0x5b, 0x19, 0xb8, 0xbc, 0xfd, 0xb9, 0x2b, 0xc1, 0x2c, 0x9d, 0x44, 0x66, 0x7c, 0xfa, 0x36}
	h := New(Config{
		Key: serverKey, Ledger: &books{amounts: map[[16]byte]uint64{}}, Works: &works{lengths: map[[20]byte]int64{infohash: 1 << 20}},
		Rand: rand.New(rand.NewPCG(1, 1)),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		h.Run(ctx)
		close(ended)
	}()
	sockets := socket.NewServer(socket.Config{Subprotocol: announce.Subprotocol}, h)
	server := httptest.NewServer(sockets)
	defer func() {
		server.Close()
		sockets.Shutdown(ctx, 0)
		cancel()
		<-ended
	}()

	limit, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	node := exec.CommandContext(limit, "node", "client.mjs", strings.Replace(server.URL, "http", "ws", 1)+"/announce")
	node.Dir = stockDir
	node.Stderr = os.Stderr
	out, err := node.Output()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		t.Errorf("node: %v", err)
	}
	checkStock(t, string(out))
}

// checkStock compares what each client was told, in its own order.
func checkStock(t *testing.T, out string) {
	const seeder, leecher = "2d5757303031322d00097f80ff22255c0a4142ff", "2d5757303031322dfffe0001020304051f80a0c3"
	want := map[string][]string{
		"seeder": {
			"update complete=1 incomplete=0",
			"met " + leecher + " by offer of SDP",
			"update complete=1 incomplete=0",
			"update complete=0 incomplete=0",
		},
		"leecher": {
			"update complete=1 incomplete=1",
			"met " + seeder + " by answer of SDP",
			"update complete=2 incomplete=0",
			"scrape d2474e86c95b19b8bcfdb92bc12c9d44667cfa36 complete=2 incomplete=0 downloaded=1",
			"update complete=1 incomplete=0",
		},
		"done": {""},
	}
	got := map[string][]string{}
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); {
		who, what, _ := strings.Cut(lines.Text(), " ")
		what, _, _ = strings.Cut(what, " interval=")
		got[who] = append(got[who], what)
	}
	for who := range want {
		if !slices.Equal(got[who], want[who]) {
			t.Errorf("%s was told:\n\t%s\nwant:\n\t%s", who, strings.Join(got[who], "\n\t"), strings.Join(want[who], "\n\t"))
		}
	}
	if strings.Contains(out, "warning") || strings.Contains(out, "error") {
		t.Errorf("the clients were not content:\n%s", out)
	}
}
