package api_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"fanseed/signal/api"
)

func dist(c *api.Config) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	c.Dist = fstest.MapFS{
		".gitkeep":   file("x"),
		"index.html": file("<page>"), "index.html.br": file("br page"),
		"engine.js": file("engine"), "engine.js.br": file("br engine"), "engine.js.gz": file("gz engine"),
		"engine-1A2b3c4D.wasm": file("\x00asm"), "engine-1A2b3c4D.wasm.gz": file("gz asm"),
		"page-nothexyz.css": file("css"), "sub/chunk.js": file("chunk"),
	}
}

func TestPages(t *testing.T) {
	s := newSite(t, dist)
	hash := strings.Repeat("aB", 20)
	for _, c := range []struct {
		path, accept string
		status       int
		body, kind   string
		coding       string
		immutable    bool
	}{
		{"/", "", 200, "<page>", "text/html; charset=utf-8", "", false},
		{"/", "gzip, deflate, br", 200, "br page", "text/html; charset=utf-8", "br", false},
		{"/w/" + hash, "br", 200, "br page", "text/html; charset=utf-8", "br", false},
		{"/earnings", "", 200, "<page>", "text/html; charset=utf-8", "", false},
		{"/publish/", "", 200, "<page>", "text/html; charset=utf-8", "", false},
		{"/w/" + hash[2:], "", 404, "<page>", "text/html; charset=utf-8", "", false},
		{"/nothing", "", 404, "<page>", "text/html; charset=utf-8", "", false},
		{"/nothing.js", "", 404, "there is nothing under this address", "text/plain; charset=utf-8", "", false},
		{"/index.html.br", "", 404, "there is nothing under this address", "text/plain; charset=utf-8", "", false},
		{"/.gitkeep", "", 404, "there is nothing under this address", "text/plain; charset=utf-8", "", false},
		{"/engine.js", "gzip", 200, "gz engine", "text/javascript; charset=utf-8", "gzip", false},
		{"/engine.js", "gzip;q=1, br;q=0", 200, "gz engine", "text/javascript; charset=utf-8", "gzip", false},
		{"/engine.js", "BR; q=0.5", 200, "br engine", "text/javascript; charset=utf-8", "br", false},
		{"/engine.js", "brotli, *", 200, "engine", "text/javascript; charset=utf-8", "", false},
		{"/engine-1A2b3c4D.wasm", "br, gzip", 200, "gz asm", "application/wasm", "gzip", true},
		{"/page-nothexyz.css", "", 200, "css", "text/css; charset=utf-8", "", false},
		{"/sub/chunk.js", "", 200, "chunk", "text/javascript; charset=utf-8", "", false},
	} {
		r := httptest.NewRequest("GET", c.path, nil)
		r.Header.Set("Accept-Encoding", c.accept)
		w := s.ask(r)
		h := w.Header()
		if got := strings.TrimSpace(w.Body.String()); w.Code != c.status || got != c.body || h.Get("Content-Type") != c.kind || h.Get("Content-Encoding") != c.coding {
			t.Errorf("%s for %q: got %d %q %v", c.path, c.accept, w.Code, got, h)
		}
		if strings.Contains(h.Get("Cache-Control"), "immutable") != c.immutable {
			t.Errorf("%s: Cache-Control is %q", c.path, h.Get("Cache-Control"))
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self' 'wasm-unsafe-eval';") {
			t.Errorf("%s is not guarded: %v", c.path, h)
		}
	}
}

func TestNothingIsSentTwice(t *testing.T) {
	s := newSite(t, dist)
	ask := func(accept, known string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/engine.js", nil)
		r.Header.Set("Accept-Encoding", accept)
		r.Header.Set("If-None-Match", known)
		return s.ask(r)
	}
	br, plain := ask("br", "").Header().Get("ETag"), ask("", "").Header().Get("ETag")
	if br == plain || br == "" {
		t.Errorf("tags are %s and %s", br, plain)
	}
	for _, known := range []string{br, "W/" + br, `"x", ` + br, "*"} {
		if w := ask("br", known); w.Code != 304 || w.Body.Len() != 0 || w.Header().Get("ETag") != br {
			t.Errorf("for %s: got %d %q", known, w.Code, w.Body)
		}
	}
	s.expect(ask("br", plain), 200, "br engine")
	s.expect(ask("", br), 200, "engine")
}

func TestPagesAreOnlyRead(t *testing.T) {
	s := newSite(t, dist)
	w := s.ask(httptest.NewRequest("HEAD", "/engine.js", nil))
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") != "6" {
		t.Errorf("HEAD: got %d %q %v", w.Code, w.Body, w.Header())
	}
	s.expect(s.ask(httptest.NewRequest("POST", "/", nil)), 405, "")
}

func TestPagesThatAreNotBuilt(t *testing.T) {
	s := newSite(t, func(c *api.Config) { c.Dist = fstest.MapFS{} })
	s.expect(s.get("/"), 503, "the pages are not built: go run ./build run")
}

func TestPolicyOfASecureServer(t *testing.T) {
	for origin, insecure := range map[string]bool{"https://fanseed.test": false, "http://127.0.0.1:8080": true} {
		s := newSite(t, func(c *api.Config) { c.Origins = []string{origin} })
		h := s.get("/").Header()
		if strings.Contains(h.Get("Content-Security-Policy"), "http:") != insecure || (h.Get("Strict-Transport-Security") == "") != insecure {
			t.Errorf("%s: got %v", origin, h)
		}
	}
}
