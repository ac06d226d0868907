package main_test

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
)

// treasury is more than can be earned, at one µ-credit per byte.
const treasury = 1 << 50

var (
	seeders  = []string{"anna", "bert", "carl"}
	leechers = []string{"dora", "emil", "fritz", "gerd"}
)

// rig is a data folder, the server that runs on it, and what its clients know.
type rig struct {
	testing.TB
	binary, data string
	books        ledgerPlace
	torrent      *metainfo.Torrent
	claims       claims
	treasury     int64 // asked for by the flag
	deposited    int64 // found in the books
	served       bool  // the last server came to its listeners
	paid, epochs int64
}

func newRig(t *testing.T, books ledgerPlace) *rig {
	binary := filepath.Join(t.TempDir(), "fanseed")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	const length, piece = 1 << 37, 16 << 20 // so long that no copy is ever paid for in full
	torrent := metainfo.New(&metainfo.Info{
		Name: "long", Length: length, PieceLength: piece, Pieces: make([]byte, length/piece*metainfo.HashSize), Single: true,
		Files: []metainfo.File{{Path: []string{"long"}, Length: length}},
	})
	return &rig{TB: t, binary: binary, data: filepath.Join(t.TempDir(), "data"), books: books, torrent: torrent, claims: claims{of: map[[16]byte]*claim{}}}
}

func (r *rig) must(what string, err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("%s: %v", what, err)
	}
}

// process is one run of the server.
type process struct {
	*rig
	cmd *exec.Cmd
	out io.Reader
	log bytes.Buffer
	url string
}

func (r *rig) start() *process {
	args := append([]string{"serve", "-addr", "127.0.0.1:0", "-admin", "off", "-data", r.data, "-epoch", "1s", "-emission", strconv.Itoa(1 << 50),
		"-treasury", strconv.FormatInt(r.treasury, 10), "-drain", "10ms"}, r.books.flags()...)
	p := &process{rig: r, cmd: exec.Command(r.binary, args...)}
	p.cmd.Stderr = &p.log
	out, err := p.cmd.StdoutPipe()
	r.must("pipe", err)
	p.out, r.served = out, false
	r.must("start", p.cmd.Start())
	r.Cleanup(func() { p.cmd.Process.Kill() })
	return p
}

// await waits for the server's line with its address.
func (p *process) await() {
	p.Helper()
	line, err := bufio.NewReader(p.out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "fanseed: ")
	if err != nil || !ok {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.Fatalf("the server said %q, %v\n%s", line, err, p.log.String())
	}
	p.url, p.served = url, true
}

func (p *process) kill() {
	p.must("kill", p.cmd.Process.Signal(syscall.SIGKILL))
	p.cmd.Wait()
}

func (p *process) interrupt() {
	p.Helper()
	p.must("interrupt", p.cmd.Process.Signal(os.Interrupt))
	if err := p.cmd.Wait(); err != nil {
		p.Errorf("the server did not end in order: %v\n%s", err, p.log.String())
	}
}

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(name string) [32]byte { return [32]byte(key(name).Public().(ed25519.PublicKey)) }

func accountID(name string) string {
	id := ticket.Account(public(name))
	return hex.EncodeToString(id[:])
}

// signed sends a request in somebody's name and returns the answer's body.
func (r *rig) signed(name, method, origin, path string, body []byte) []byte {
	r.Helper()
	now, pk := uint64(time.Now().UnixMilli()), public(name)
	signature := ed25519.Sign(key(name), ticket.RequestMessage(origin, method, path, now, sha256.Sum256(body)))
	request, err := http.NewRequest(method, origin+path, bytes.NewReader(body))
	r.must("request", err)
	request.Header.Set("Authorization", fmt.Sprintf("Fanseed key=%x,time=%d,signature=%x", pk[:], now, signature))
	status, answer, err := send(request)
	if err != nil || status >= 300 {
		r.Fatalf("%s %s: %d %s %v", method, path, status, answer, err)
	}
	return answer
}

func send(request *http.Request) (status int, answer []byte, err error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

func (r *rig) publish(url string) {
	r.Helper()
	r.signed("anna", "POST", url, "/v1/works", r.torrent.Bytes())
}

// expectStatement compares what a seeder is shown with what it knows.
func (r *rig) expectStatement(url string) {
	r.Helper()
	name := seeders[rand.IntN(len(seeders))]
	var got struct {
		Bytes     uint64 `json:"bytes_confirmed"`
		Pending   uint64 `json:"credits_pending"`
		Confirmed uint64 `json:"credits_confirmed"`
	}
	r.must("read statement", json.Unmarshal(r.signed(name, "GET", url, "/v1/accounts/"+accountID(name), nil), &got))
	acknowledged, sent := r.claims.ofSeeder(name)
	if got.Bytes < acknowledged || got.Bytes > sent || (got.Pending+got.Confirmed > 0) != (got.Bytes > 0) {
		r.Errorf("%s is shown %+v; %d bytes were acknowledged and %d sent", name, got, acknowledged, sent)
	}
}

// claims is what the seeders know of their tickets.
type claims struct {
	mu    sync.Mutex
	of    map[[16]byte]*claim
	count int // acknowledged receipts
}

type claim struct {
	ticket             ticket.Ticket
	sent, acknowledged uint64 // the highest amounts
}

func (c *claims) add(t ticket.Ticket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[t.Serial] = &claim{ticket: t}
}

// next signs receipts for some of a seeder's tickets: most say more than the last,
// and some are old.
func (c *claims) next(seeder string, most int) (receipts []receipt.Receipt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	serials := slices.Collect(maps.Keys(c.of))
	rand.Shuffle(len(serials), func(i, j int) { serials[i], serials[j] = serials[j], serials[i] })
	for _, serial := range serials {
		known := c.of[serial]
		if known.ticket.Seeder != public(seeder) || len(receipts) == most {
			continue
		}
		amount := known.sent + 1 + rand.Uint64N(50_000)
		if rand.IntN(4) == 0 {
			amount = known.acknowledged
		}
		known.sent = max(known.sent, amount)
		receipts = append(receipts, sign(known.ticket, amount))
	}
	return receipts
}

func sign(t ticket.Ticket, amount uint64) receipt.Receipt {
	r := receipt.Receipt{Serial: t.Serial, Amount: amount}
	for _, name := range leechers {
		if public(name) == t.Leecher {
			copy(r.Signature[:], ed25519.Sign(key(name), receipt.Message(r.Serial, amount)))
		}
	}
	return r
}

// acknowledge notes the server's answer to one receipt.
func (c *claims) acknowledge(sent receipt.Receipt, got receipt.Result) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.of[got.Serial]
	if known == nil || got.Serial != sent.Serial {
		return fmt.Errorf("an answer for ticket %x", got.Serial)
	}
	accepted := got.Reason == receipt.Confirmed && got.Amount == sent.Amount
	passed := got.Reason == receipt.Lower && got.Amount > sent.Amount // by a receipt on another way
	if !accepted && !passed || got.Amount > known.sent {
		return fmt.Errorf("a receipt of %d, after %d were sent, is answered with %d %s", sent.Amount, known.sent, got.Amount, got.Reason)
	}
	known.acknowledged = max(known.acknowledged, got.Amount)
	c.count++
	return nil
}

func (c *claims) all() (list []claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, known := range c.of {
		list = append(list, *known)
	}
	return list
}

func (c *claims) tickets() int { return len(c.all()) }

func (c *claims) total() (receipts int, bytes uint64) {
	for _, known := range c.all() {
		bytes += known.acknowledged
	}
	return c.count, bytes
}

// ofSeeder returns the sums of one seeder.
func (c *claims) ofSeeder(name string) (acknowledged, sent uint64) {
	for _, known := range c.all() {
		if known.ticket.Seeder == public(name) {
			acknowledged, sent = acknowledged+known.acknowledged, sent+known.sent
		}
	}
	return acknowledged, sent
}
