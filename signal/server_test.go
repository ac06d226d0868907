package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fanseed/signal/ledger"
	"fanseed/signal/ledger/postgres/postgrestest"
	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
)

func flags(t *testing.T, args ...string) options {
	t.Helper()
	o, err := parseFlags(append([]string{"-addr", "127.0.0.1:0", "-drain", "1ms", "-data", filepath.Join(t.TempDir(), "data")}, args...))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// run starts a server and returns what stops it and waits for its end.
func run(t *testing.T, o options) (s *server, stop func() error) {
	t.Helper()
	s, err := start(context.Background(), o, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.wait(ctx) }()
	return s, func() error {
		cancel()
		return <-ended
	}
}

func request(t *testing.T, method, url string, headers ...string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(b)
}

// publish publishes a small work through the listing of a running server.
func publish(t *testing.T, s *server) string {
	t.Helper()
	public := [32]byte{9}
	torrent := metainfo.New(&metainfo.Info{
		Name: "song", PieceLength: 16 << 10, Length: 5, Pieces: make([]byte, 20), Single: true,
		Files: []metainfo.File{{Path: []string{"song"}, Length: 5}},
	})
	if err := s.ledger.Register(context.Background(), public, time.Now()); err != nil {
		t.Fatal(err)
	}
	work := ledger.Work{Infohash: torrent.Infohash, Name: "song", Length: 5, PieceLength: 16 << 10, Files: 1, Publisher: ticket.Account(public)}
	if err := s.listing.Publish(context.Background(), work, torrent.Bytes(), 10); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(torrent.Infohash[:])
}

func TestServerKeepsWhatItHas(t *testing.T) {
	o := flags(t, "-name", "Mine", "-treasury", "1000", "-ice-servers", "stun:a.test, turns:b.test:443")
	s, stop := run(t, o)
	work := publish(t, s)
	_, before := request(t, "GET", s.origins[0]+"/v1/works/"+work)
	status, ice := request(t, "GET", s.origins[0]+"/v1/ice")
	if want := `{"ice_servers":[{"urls":["stun:a.test"]},{"urls":["turns:b.test:443"]}]}`; status != 200 || ice != want {
		t.Errorf("ICE servers: got %d %s", status, ice)
	}
	key := s.key
	if err := stop(); err != nil {
		t.Fatal(err)
	}

	o.treasury = 1500
	s, stop = run(t, o)
	if !s.key.Equal(key) {
		t.Error("it has another key")
	}
	if _, after := request(t, "GET", s.origins[0]+"/v1/works/"+work); name(after) != name(before) || name(after) == "" {
		t.Errorf("the work: got %s, want %s", after, before)
	}
	if amount, err := s.db.Balance(context.Background(), ledger.Treasury); amount != 1500 || err != nil {
		t.Errorf("the treasury holds %d, %v", amount, err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}

	o.epoch = time.Hour
	if _, err := start(context.Background(), o, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "begun with epochs of 86400 s") {
		t.Errorf("with other epochs: got %v", err)
	}
}

// Two servers begin the same empty books at once; what one of them keeps the other has when it starts again.
func TestServersShareALedger(t *testing.T) {
	url := postgrestest.New(t)
	both := []options{flags(t, "-ledger", url, "-treasury", "1000"), flags(t, "-ledger", url, "-treasury", "1000")}
	var starting sync.WaitGroup
	servers, stops := make([]*server, 2), make([]func() error, 2)
	for i, o := range both {
		starting.Go(func() { servers[i], stops[i] = run(t, o) })
	}
	starting.Wait()
	work := publish(t, servers[0])
	for _, stop := range stops {
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := checkBooks(t.Context(), both[0].books, &out); err != nil || !strings.HasPrefix(out.String(), "1 transfers, 2 entries, sum 0") {
		t.Errorf("got %q, %v", out.String(), err)
	}
	s, stop := run(t, both[1])
	defer stop()
	if status, _ := request(t, "GET", s.origins[0]+"/v1/works/"+work); status != 200 {
		t.Errorf("what the other published: %d", status)
	}
}

// name cuts the beginning of a work's answer, up to its magnet with the port.
func name(answer string) string {
	before, _, _ := strings.Cut(answer, `"magnet"`)
	return before
}

func TestTakedown(t *testing.T) {
	s, stop := run(t, flags(t))
	defer stop()
	work := publish(t, s)
	admin := "http://" + s.admin.accept.Addr().String()
	if status, _ := request(t, "GET", s.origins[0]+"/v1/works/"+work); status != 200 {
		t.Errorf("before: %d", status)
	}
	if status, body := request(t, "DELETE", admin+"/works/"+work); status != 204 {
		t.Errorf("takedown: %d %s", status, body)
	}
	if status, _ := request(t, "GET", s.origins[0]+"/v1/works/"+work); status != 410 {
		t.Errorf("after: %d", status)
	}
	_, metrics := request(t, "GET", admin+"/metrics")
	for _, line := range []string{"fanseed_works 0", "fanseed_sockets 0", "fanseed_requests_total 2", "fanseed_treasury_microcredits 1000000000"} {
		if !strings.Contains(metrics, "\n"+line+"\n") {
			t.Errorf("no %q in\n%s", line, metrics)
		}
	}
	if status, body := request(t, "GET", admin+"/readyz"); status != 200 {
		t.Errorf("ready: %d %s", status, body)
	}
	if status, _ := request(t, "DELETE", s.origins[0]+"/works/"+work); status == 204 {
		t.Error("everybody can take works down")
	}
}

// A client that says nothing must not keep the server from ending in order.
func TestStopWithASilentClient(t *testing.T) {
	s, stop := run(t, flags(t))
	silent, err := net.Dial("tcp", s.public.accept.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	request(t, "GET", s.origins[0]+"/v1/server")
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := s.db.Balance(context.Background(), ledger.Treasury); err == nil {
		t.Error("the ledger is still open")
	}
}

// Somebody who holds a port, or a folder that cannot be made, must not leave a
// server that half runs.
func TestStartFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	key := t.TempDir()
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.WriteFile(filepath.Join(key, serverKey), []byte("abc\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"address already in use":  {"-addr", taken.Addr().String()},
		"-admin: listen":          {"-admin", taken.Addr().String()},
		"not a directory":         {"-data", file},
		"is not a key":            {"-data", key},
		"whole number of seconds": {"-epoch", "1500ms"},
		"not a stun or turn URL":  {"-ice-servers", "https://a.test"},
		"needs a TURN server":     {"-audits", "1", "-audit-relay", "-ice-servers", "stun:a.test"},
		"-ice-servers: open":      {"-ice-servers", "@/none"},
		"-proxies":                {"-proxies", "10.0.0.0"},
		"is not an origin":        {"-url", "fanseed.example"},
	} {
		if _, err := start(context.Background(), flags(t, args...), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", args, err, want)
		}
	}
}

func TestFlagsRefused(t *testing.T) {
	for want, args := range map[string][]string{
		"-url must say":        {"-addr", "0.0.0.0:80"},
		"missing port":         {"-addr", "localhost"},
		"is not a flag":        {"extra"},
		"are not negative":     {"-treasury", "-5"},
		"flag provided but":    {"-nothing"},
		"at least one socket":  {"-max-sockets", "0"},
		"-audits is not":       {"-audits", "-1"},
		"mysql is no database": {"-ledger", "mysql://host/name"},
	} {
		if _, err := parseFlags(args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", args, err, want)
		}
	}
}

func TestTrust(t *testing.T) {
	for addr, want := range map[string]bool{"127.0.0.1:0": true, "[::1]:0": true, "localhost:0": true, "0.0.0.0:0": false, ":0": false, "192.168.1.5:0": false} {
		o, err := parseFlags([]string{"-addr", addr, "-url", "https://fanseed.example"})
		if err != nil || o.trust != want {
			t.Errorf("%s: got %v, %v, want %v", addr, o.trust, err, want)
		}
		if limited := o.limits().PerAddress == 50; limited == want {
			t.Errorf("%s: sockets of one address: %d", addr, o.limits().PerAddress)
		}
	}
}

func TestOrigins(t *testing.T) {
	for _, c := range []struct {
		urls string
		addr string
		want []string
	}{
		{"", "127.0.0.1", []string{"http://127.0.0.1:80", "http://localhost:80", "http://[::1]:80"}},
		{"", "127.0.0.2", []string{"http://127.0.0.2:80", "http://127.0.0.1:80", "http://localhost:80", "http://[::1]:80"}},
		{"https://Fanseed.Example/, http://b.test:81", "0.0.0.0", []string{"https://fanseed.example", "http://b.test:81"}},
		{"https://a.test", "::1", []string{"https://a.test", "http://[::1]:80", "http://127.0.0.1:80", "http://localhost:80"}},
	} {
		o := options{urls: c.urls}
		got, err := o.origins(&net.TCPAddr{IP: net.ParseIP(c.addr), Port: 80})
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q on %s: got %v, %v, want %v", c.urls, c.addr, got, err, c.want)
		}
	}
}

func TestICEServersFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ice.json")
	if err := os.WriteFile(path, []byte(`[{"urls":["turn:a.test"],"username":"u","credential":"c"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	o := options{ice: "@" + path}
	got, err := o.iceServers()
	if err != nil || len(got) != 1 || got[0].URLs[0] != "turn:a.test" || got[0].Username != "u" || got[0].Credential != "c" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestServerKey(t *testing.T) {
	dir := t.TempDir()
	keys := make(chan ed25519.PrivateKey)
	const servers = 8
	for range servers { // that start at once
		go func() {
			key, err := loadKey(dir, serverKey)
			if err != nil {
				t.Error(err)
			}
			keys <- key
		}()
	}
	first := <-keys
	for range servers - 1 {
		if key := <-keys; !bytes.Equal(key, first) {
			t.Error("two servers have different keys")
		}
	}
	if len(first) != ed25519.PrivateKeySize || sha256.Sum256(first.Seed()) == sha256.Sum256(make([]byte, 32)) {
		t.Errorf("the key is %x", first)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("the folder has %v, %v", entries, err)
	}
	if info, err := entries[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file is %v, %v", info.Mode(), err)
	}
}

// A panic ends its request, and no line of the log has the client's address.
func TestPanicIsSurvived(t *testing.T) {
	accept, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	l := listen(accept, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("oh")
		}
	}), slog.New(slog.NewTextHandler(&log, nil)))
	loop := begin(l.serve, make(chan error, 1))
	url := "http://" + accept.Addr().String()
	if _, err := http.Get(url + "/panic"); err == nil {
		t.Error("a panic was answered")
	}
	if response, err := http.Get(url + "/"); err != nil || response.StatusCode != 200 {
		t.Errorf("after it: %v", err)
	}
	l.close()
	loop.end()
	if text := log.String(); !strings.Contains(text, "request panicked") || strings.Contains(text, "127.0.0.1") {
		t.Errorf("the log: %s", text)
	}
}
