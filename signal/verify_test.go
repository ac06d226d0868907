package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fanseed/signal/log"
)

func TestVerifyExitsWithWhatItFound(t *testing.T) {
	s, err := log.NewSigner("fanseed.example", ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	m, err := log.NewMemory(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Append(t.Context(), log.Takedown{}.Record()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/v1/log", log.Handler(m, s.Key())))
	defer server.Close()
	state := filepath.Join(t.TempDir(), "state")
	leaf := log.Takedown{}.Record().Leaf()
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"-state", state, "-key", s.Key().String(), server.URL}, 0},
		{[]string{"-state", state, "-record", hex.EncodeToString(leaf[:]), server.URL}, 0},
		{[]string{"-state", state, "-record", strings.Repeat("0", 64), server.URL}, 1},
		{[]string{"-state", state, "-record", "0", server.URL}, 2},
		{[]string{"-state", state}, 2},
		{[]string{"-help"}, 0},
	} {
		if got := verifyLog(c.args); got != c.want {
			t.Errorf("%q: exit code %d, want %d", c.args, got, c.want)
		}
	}
	if kept, err := os.ReadFile(state); err != nil || !strings.Contains(string(kept), s.Key().String()) {
		t.Errorf("kept %q, %v", kept, err)
	}
}

func TestEachServerHasItsState(t *testing.T) {
	for server, want := range map[string]string{
		"https://Fanseed.example": "fanseed.example.txt", "http://localhost:8080": "localhost_8080.txt", "http://[::1]:8080": "___1__8080.txt",
	} {
		if got := filepath.Base(stateFile(server)); got != want {
			t.Errorf("%s: got %s, want %s", server, got, want)
		}
	}
}
