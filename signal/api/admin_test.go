package api_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"fanseed/signal/api"
	"fanseed/signal/ledger"
)

func TestAdmin(t *testing.T) {
	var ready error
	var removed [][20]byte
	var credited [][3]uint64 // last byte of the id, last byte of the account, amount
	handler := api.Admin{
		Ready:   func(context.Context) error { return ready },
		Metrics: []api.Metric{{Name: "fanseed_x", Help: "Some.", Type: "gauge", Value: func() int64 { return 7 }}},
		Remove: func(_ context.Context, infohash [20]byte) error {
			removed = append(removed, infohash)
			return nil
		},
		Credit: func(_ context.Context, id, account [16]byte, amount uint64) error {
			if amount > 100 {
				return ledger.ErrFunds
			}
			credited = append(credited, [3]uint64{uint64(id[15]), uint64(account[15]), amount})
			return nil
		},
	}.Handler()
	ask := func(method, host, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		asDescribed(t, r, nil, w)
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
	one, two := strings.Repeat("01", 16), strings.Repeat("02", 16)
	expect(ask("PUT", "127.0.0.1:9", "/credits/"+one+"?account="+two+"&amount=77"), 204, "")
	expect(ask("PUT", "127.0.0.1:9", "/credits/"+one+"?account="+two+"&amount=101"), 402, "funds")
	for _, wrong := range []string{"/credits/01?account=" + two + "&amount=7", "/credits/" + one + "?amount=7", "/credits/" + one + "?account=" + two + "&amount=-7"} {
		expect(ask("PUT", "127.0.0.1:9", wrong), 400, "malformed")
	}
	expect(ask("PUT", "evil.test:9", "/credits/"+one+"?account="+two+"&amount=77"), 421, "")
	if len(credited) != 1 || credited[0] != [3]uint64{1, 2, 77} {
		t.Errorf("credited %v", credited)
	}
	if len(removed) != 1 || removed[0][19] != 1 {
		t.Errorf("removed %x", removed)
	}
}
