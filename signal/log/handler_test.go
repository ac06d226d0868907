package log_test

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"fanseed/signal/log"
)

// filled returns a log of n receipts.
func filled(t testing.TB, n int) (*log.Memory, *log.Signer) {
	t.Helper()
	s := signer(t, "fanseed.example", 1)
	m, err := log.NewMemory(s)
	if err != nil {
		t.Fatal(err)
	}
	records := make([]log.Record, n)
	for i := range records {
		records[i] = log.Receipt{Amount: uint64(i)}.Record()
	}
	if _, err := m.Append(t.Context(), records...); err != nil {
		t.Fatal(err)
	}
	return m, s
}

func ask(t testing.TB, h http.Handler, method, path string) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, "http://fanseed.example/"+path, nil))
	return w.Result()
}

func TestWhatIsServed(t *testing.T) {
	m, s := filled(t, 600)
	h := log.Handler(m, s.Key())
	table := m.Keep([]byte("a table"))
	leaf := log.Receipt{Amount: 599}.Record().Leaf()
	size := len(log.Receipt{}.Record().Append(nil)) + 2
	for _, c := range []struct {
		path, kind, cache string
		size              int
	}{
		{"checkpoint", "text/plain; charset=utf-8", "no-cache", len(signed(t, s, log.Tree{N: 600}))},
		{"key", "text/plain; charset=utf-8", "no-cache", len(s.Key().String()) + 1},
		{"tile/0/000", "application/octet-stream", "public, max-age=31536000, immutable", 8192},
		{"tile/0/002.p/88", "application/octet-stream", "public, max-age=3600", 88 * 32},
		{"tile/0/002.p/3", "application/octet-stream", "public, max-age=3600", 3 * 32},
		{"tile/1/000.p/2", "application/octet-stream", "public, max-age=3600", 2 * 32},
		{"tile/entries/001", "application/octet-stream", "public, max-age=31536000, immutable", 256 * size},
		{"tile/entries/002.p/88", "application/octet-stream", "public, max-age=3600", 88 * size},
		{"tile/entries/001.p/7", "application/octet-stream", "public, max-age=3600", 7 * size},
		{"find/" + hex.EncodeToString(leaf[:]), "text/plain; charset=utf-8", "no-cache", len("599\n")},
		{"table/" + hex.EncodeToString(table.Hash[:]), "application/octet-stream", "public, max-age=31536000, immutable", len("a table")},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			got := ask(t, h, method, c.path)
			header := got.Header
			if got.StatusCode != 200 || header.Get("Content-Type") != c.kind || header.Get("Cache-Control") != c.cache ||
				header.Get("Content-Length") != strconv.Itoa(c.size) || header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s %s: got %d, %v; want %d bytes of %s, %s", method, c.path, got.StatusCode, header, c.size, c.kind, c.cache)
			}
		}
	}
}

func TestWhatIsNotServed(t *testing.T) {
	m, s := filled(t, 600)
	h := log.Handler(m, s.Key())
	zeros := strings.Repeat("0", 64)
	for _, path := range []string{
		"", "x", "checkpoint/", "key/x", "tile", "tile/", "tile/0", "tile/0/0", "tile/0/003", "tile/0/002", "tile/0/002.p/89", "tile/0/000.p/0",
		"tile/0/000.p/256", "tile/0/000.p/01", "tile/00/000", "tile/-1/000", "tile/data/000", "tile/8/0/000", "tile/64/000", "tile/63/000", "tile/1/000",
		"tile/entries/003", "tile/entries/002", "tile/entries/002.p/89", "tile/0/x000/000", "tile/0/" + strings.Repeat("x999/", 20) + "999",
		"find", "find/", "find/" + zeros[1:], "find/" + strings.Repeat("A", 64), "table/" + zeros, "table/" + zeros + "/",
	} {
		got := ask(t, h, "GET", path)
		if got.StatusCode != 404 || got.Header.Get("Content-Type") != "application/json" || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d, %v", path, got.StatusCode, got.Header)
		}
	}
	if got := ask(t, h, "GET", "find/"+zeros); got.StatusCode != 204 || got.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("a record that is not there: got %d, %v", got.StatusCode, got.Header)
	}
	if got := ask(t, h, "POST", "checkpoint"); got.StatusCode != 405 || got.Header.Get("Allow") == "" {
		t.Errorf("POST: got %d", got.StatusCode)
	}
	if got := ask(t, h, "OPTIONS", "checkpoint"); got.StatusCode != 204 || got.Header.Get("Access-Control-Allow-Methods") != "GET" {
		t.Errorf("OPTIONS: got %d", got.StatusCode)
	}
	if got := ask(t, log.Handler(broken{m}, s.Key()), "GET", "tile/0/000"); got.StatusCode != 503 {
		t.Errorf("a store that fails: got %d", got.StatusCode)
	}
}

// broken fails at reading tiles.
type broken struct{ *log.Memory }

func (broken) ReadTile(context.Context, int, int64) ([]byte, error) { return nil, errors.New("disk") }

func TestPathsAreThoseOfTheSpecification(t *testing.T) {
	for _, c := range []struct {
		level int
		n     int64
		width int
		want  string
	}{
		{0, 0, 256, "tile/0/000"},
		{0, 1234067, 256, "tile/0/x001/x234/067"},
		{2, 17, 1, "tile/2/017.p/1"},
		{log.Entries, 999_999, 255, "tile/entries/x999/999.p/255"},
		{7, 1<<63 - 1, 256, "tile/7/x009/x223/x372/x036/x854/x775/807"},
	} {
		if got := log.Path(c.level, c.n, c.width); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
		if level, n, width, err := log.ParsePath(c.want); err != nil || level != c.level || n != c.n || width != c.width {
			t.Errorf("%s: got %d, %d, %d, %v", c.want, level, n, width, err)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, path := range []string{"tile/0/000", "tile/entries/x001/234.p/255", "tile/63/x999/x999/x999/x999/x999/x999/999", "tile/data/000", "tile/8/1/000"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		level, n, width, err := log.ParsePath(path)
		if err != nil {
			return
		}
		if level < log.Entries || level > 63 || n < 0 || width < 1 || width > log.Width || log.Path(level, n, width) != path {
			t.Errorf("%q was read as %d, %d, %d", path, level, n, width)
		}
	})
}
