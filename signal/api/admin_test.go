package api_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"fanseed/signal/api"
)

func TestAdmin(t *testing.T) {
	var ready error
	var removed [][20]byte
	handler := api.Admin{
		Ready:   func(context.Context) error { return ready },
		Metrics: []api.Metric{{Name: "fanseed_x", Help: "Some.", Type: "gauge", Value: func() int64 { return 7 }}},
		Remove: func(_ context.Context, infohash [20]byte) error {
			removed = append(removed, infohash)
			return nil
		},
	}.Handler()
	ask := func(method, host, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	expect := func(w *httptest.ResponseRecorder, status int, body string) {
		t.Helper()
		if w.Code != status || !strings.Contains(w.Body.String(), body) {
			t.Errorf("got %d %s, want %d %s", w.Code, w.Body, status, body)
		}
	}
	expect(ask("GET", "127.0.0.1:9", "/healthz"), 200, "ok")
	expect(ask("GET", "localhost", "/readyz"), 200, "ok")
	ready = errors.New("stopping")
	expect(ask("GET", "127.0.0.1:9", "/readyz"), 503, "stopping")
	expect(ask("GET", "[::1]:9", "/healthz"), 200, "ok")
	expect(ask("GET", "127.0.0.1:9", "/metrics"), 200, "# HELP fanseed_x Some.\n# TYPE fanseed_x gauge\nfanseed_x 7\n")
	expect(ask("DELETE", "127.0.0.1:9", "/works/"+strings.Repeat("01", 20)), 204, "")
	expect(ask("DELETE", "127.0.0.1:9", "/works/01"), 400, "malformed")
	expect(ask("DELETE", "evil.test:9", "/works/"+strings.Repeat("01", 20)), 421, "")
	expect(ask("GET", "evil.test", "/metrics"), 421, "")
	if len(removed) != 1 || removed[0][19] != 1 {
		t.Errorf("removed %x", removed)
	}
}
