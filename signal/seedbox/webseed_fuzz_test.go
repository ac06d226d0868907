package seedbox_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"fanseed/signal/seedbox"
	"fanseed/wasm/metainfo"
)

// FuzzWebseed sends any path and headers. Whatever the answer is, its bytes are those that it says, and none of a piece that is missing.
func FuzzWebseed(f *testing.F) {
	a := newAlbum(f, hybrid, "x", 16<<10, metainfo.File{Path: []string{"a"}, Length: 100_000}, metainfo.File{Path: []string{"b", "c"}, Length: 50_000})
	shelf, err := seedbox.OpenShelf(f.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { shelf.Close() })
	p := view(f, openCopy(f, shelf, a), "test")
	const missing = 3
	for i := range a.Info.NumPieces() {
		if i != missing {
			p.put(a, i)
		}
	}
	from := 0 // another address each time, so that none asks too often
	seed := seedbox.NewWebseed(shelf, seedbox.WebseedConfig{Client: func(*http.Request) netip.Addr {
		from++
		return netip.AddrFrom4([4]byte{10, byte(from >> 16), byte(from >> 8), byte(from)})
	}})
	base := fmt.Sprintf("%s%x/", seedbox.WebseedPath, a.Infohash)
	for _, path := range []string{"x/a", "x/b/c", "%78/a", "x", "x/", "x/../x/a", "x//a", "x/b%2fc", "x /a. ", "\x00", "%"} {
		for _, ranges := range []string{"", "bytes=0-0", "bytes=5-49151", "bytes=-70000", "bytes=49152-", "bytes=1-2,3-4", "bytes=0-0,0-0,99999-", "bytes=x", "bytes=9223372036854775807-"} {
			f.Add(path, ranges, "")
		}
	}
	f.Add("x/a", "bytes=5-9", `"other"`)
	f.Fuzz(func(t *testing.T, path, ranges, ifRange string) {
		target, err := url.Parse(base + path)
		if err != nil || strings.ContainsAny(path, "?#") {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = target
		r.Header.Set("Range", ranges)
		r.Header.Set("If-Range", ifRange)
		w := httptest.NewRecorder()
		seed.ServeHTTP(w, r)
		response := w.Result()
		response.Request = r
		checkAnswer(t, a, target.Path[min(len(base), len(target.Path)):], response, missing)
	})
}

// checkAnswer holds an answer against the work's own bytes.
func checkAnswer(t *testing.T, a album, path string, response *http.Response, missing int) {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	elements := strings.Split(path, "/")
	for n, element := range elements {
		elements[n] = strings.TrimRight(element, " .") // as Transmission does
	}
	path = strings.Join(elements, "/")
	file := -1
	for i, f := range a.Info.Files {
		if "x/"+strings.Join(f.Path, "/") == path && !f.Padding {
			file = i
		}
	}
	switch response.StatusCode {
	case http.StatusOK:
		if file < 0 || !bytes.Equal(body, a.file(file)) || file == 0 {
			t.Errorf("%q: %d bytes of file %d", path, len(body), file)
		}
	case http.StatusPartialContent:
		checkParts(t, a.file(file), response.Header, body, file == 0, int64(missing)*a.Info.PieceLength, a.Info.PieceLength)
	case http.StatusServiceUnavailable:
		if file != 0 {
			t.Errorf("%q: it is all here", path)
		}
	case http.StatusNotFound:
		if file >= 0 && !strings.Contains(response.Request.URL.EscapedPath(), "%") { // %2F is no slash
			t.Errorf("%q is not found", path)
		}
	case http.StatusRequestedRangeNotSatisfiable:
	default:
		t.Errorf("%q: status %d", path, response.StatusCode)
	}
}

// checkParts checks one range or several.
func checkParts(t *testing.T, content []byte, h http.Header, body []byte, gap bool, missing, length int64) {
	t.Helper()
	check := func(h interface{ Get(string) string }, got []byte) {
		var begin, last, size int64
		if _, err := fmt.Sscanf(h.Get("Content-Range"), "bytes %d-%d/%d", &begin, &last, &size); err != nil {
			t.Fatal(err)
		}
		if size != int64(len(content)) || !bytes.Equal(got, content[begin:last+1]) {
			t.Errorf("%s: %d bytes that are wrong", h.Get("Content-Range"), len(got))
		}
		if gap && begin < missing+length && last >= missing {
			t.Errorf("%s: bytes of a piece that is not there", h.Get("Content-Range"))
		}
	}
	kind, parameters, _ := mime.ParseMediaType(h.Get("Content-Type"))
	if kind != "multipart/byteranges" {
		check(h, body)
		return
	}
	parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		check(part.Header, got)
	}
}

// BenchmarkWebseed serves 256 MiB at a time over loopback, beside the same file from http.ServeContent alone.
func BenchmarkWebseed(b *testing.B) {
	a := newAlbum(b, hybrid, "large.bin", 1<<20, metainfo.File{Path: []string{"large.bin"}, Length: 256 << 20})
	s, p := newSite(b, a, seedbox.WebseedConfig{})
	p.fill(a)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, dataFile(s.folder, a, "0"))
	}))
	defer plain.Close()
	for name, address := range map[string]string{"webseed": s.server.URL + s.path() + "large.bin", "file": plain.URL} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(a.Info.Length)
			for b.Loop() {
				fetch(b, address, a.Info.Length)
			}
		})
	}
}

func fetch(b *testing.B, address string, want int64) {
	response, err := http.Get(address)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); err != nil || n != want {
		b.Fatalf("%d bytes, %v", n, err)
	}
}
