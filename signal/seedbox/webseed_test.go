package seedbox_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"fanseed/signal/seedbox"
	"fanseed/wasm/metainfo"
)

// site is a webseed that is served, with one work.
type site struct {
	t      testing.TB
	server *httptest.Server
	seed   *seedbox.Webseed
	folder string
	shelf  *seedbox.Shelf
	album
}

func local(*http.Request) netip.Addr { return netip.MustParseAddr("192.0.2.1") }

// newSite serves a work, of which a view puts what it likes.
func newSite(t testing.TB, a album, c seedbox.WebseedConfig) (*site, *party) {
	if c.Client == nil {
		c.Client = local
	}
	folder := t.TempDir()
	shelf := openShelf(t, folder)
	s := &site{t: t, seed: seedbox.NewWebseed(shelf, c), folder: folder, shelf: shelf, album: a}
	mux := http.NewServeMux()
	mux.Handle(seedbox.WebseedPath, s.seed)
	s.server = httptest.NewServer(mux)
	t.Cleanup(s.server.Close)
	return s, view(t, openCopy(t, shelf, a), "test")
}

// path is where the files of the work are, with a slash at its end.
func (s *site) path() string { return seedbox.WebseedPath + hex.EncodeToString(s.Infohash[:]) + "/" }

// ask sends a request for a path below that. Headers come in pairs.
func (s *site) ask(method, path string, headers ...string) (*http.Response, []byte, error) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+s.path()+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.server.Client().Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, body, err
}

// want demands an answer.
func (s *site) want(status int, body []byte, path string, headers ...string) *http.Response {
	s.t.Helper()
	response, got, err := s.ask(http.MethodGet, path, headers...)
	switch {
	case err != nil:
		s.t.Fatalf("%s %q: %v", path, headers, err)
	case response.StatusCode != status:
		s.t.Errorf("%s %q: status %d, want %d", path, headers, response.StatusCode, status)
	case body != nil && !bytes.Equal(got, body):
		s.t.Errorf("%s %q: %d bytes that are wrong, want %d", path, headers, len(got), len(body))
	}
	return response
}

// Every file is found under its name, however clients write that in a URL, and nothing else is.
func TestWebseedPaths(t *testing.T) {
	for _, v := range versions {
		a := newAlbum(t, v, "an album? 50% #1", 64<<10,
			metainfo.File{Path: []string{"CD 1", "début & more.flac"}, Length: 200_001},
			metainfo.File{Path: []string{"CD 1", "empty.txt"}},
			metainfo.File{Path: []string{"cover [front]+back.jpg"}, Length: 70_000},
			metainfo.File{Path: []string{"tiny.txt"}, Length: 3},
		)
		s, p := newSite(t, a, seedbox.WebseedConfig{})
		p.fill(a)
		for i, f := range a.Info.Files {
			if f.Padding {
				continue
			}
			strict := string(metainfo.AppendEscaped(nil, a.Info.Name))
			for _, element := range f.Path {
				strict = string(metainfo.AppendEscaped([]byte(strict+"/"), element))
			}
			loose := (&url.URL{Path: a.Info.Name + "/" + strings.Join(f.Path, "/")}).EscapedPath() // with & and + as they are
			for _, path := range []string{strict, loose, strings.ToLower(strict[:20]) + strict[20:]} {
				s.want(http.StatusOK, a.file(i), path)
			}
		}
		for _, path := range []string{
			"", "an%20album%3F%2050%25%20%231", "an%20album%3F%2050%25%20%231/", "an%20album%3F%2050%25%20%231/CD%201", "tiny.txt",
			"an%20album%3F%2050%25%20%231/tiny.txt/", "an%20album%3F%2050%25%20%231/tiny.txt/tiny.txt", "an%20album%3F%2050%25%20%231/.pad/1",
			"an%20album%3F%2050%25%20%231/%2e%2e/%2e%2e/journal", "an%20album%3F%2050%25%20%231%2Ftiny.txt", "journal", "torrent", "0",
			"%2e%2e/lock", "an%20album%3F%2050%25%20%231/tiny.txt%00",
		} {
			s.want(http.StatusNotFound, nil, path)
		}
	}
}

// Transmission asks by the names that it has on its disk. Where two files would have the same one there, neither is meant.
func TestWebseedPathsOfTransmission(t *testing.T) {
	a := newAlbum(t, v1, "what? ...", 64<<10,
		metainfo.File{Path: []string{"a: b*c.txt"}, Length: 10},
		metainfo.File{Path: []string{"d?.txt"}, Length: 10},
		metainfo.File{Path: []string{"d*.txt"}, Length: 10},
		metainfo.File{Path: []string{"e_.txt"}, Length: 10},
		metainfo.File{Path: []string{"e?.txt"}, Length: 10},
	)
	s, p := newSite(t, a, seedbox.WebseedConfig{})
	p.fill(a)
	s.want(http.StatusOK, a.file(0), "what_/a_%20b_c.txt")
	s.want(http.StatusNotFound, nil, "what_/d_.txt")
	s.want(http.StatusOK, a.file(1), "what%3F%20.../d%3F.txt")
	s.want(http.StatusOK, a.file(3), "what%3F%20.../e_.txt")
}

func TestWebseedOfOneFile(t *testing.T) {
	a := song(t, hybrid, 300_000)
	s, p := newSite(t, a, seedbox.WebseedConfig{})
	p.fill(a)
	s.want(http.StatusOK, a.content, "a%20song.flac")
	s.want(http.StatusNotFound, nil, "a%20song.flac/a%20song.flac")
	s.want(http.StatusNotFound, nil, "")
	for _, elsewhere := range []string{"/webseed/", "/webseed/zz/a", "/webseed/" + strings.Repeat("0", 40) + "/a%20song.flac", "/webseed/" + strings.Repeat("0", 64) + "/a"} {
		response, err := s.server.Client().Get(s.server.URL + elsewhere)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", elsewhere, response.StatusCode)
		}
	}
	if got, want := s.seed.Sent(a.Infohash), int64(len(a.content)); got != want {
		t.Errorf("%d bytes were sent, want %d", got, want)
	}
}

func TestWebseedAnswers(t *testing.T) {
	a := song(t, v1, 300_000)
	s, p := newSite(t, a, seedbox.WebseedConfig{})
	p.fill(a)
	const name = "a%20song.flac"
	whole := s.want(http.StatusOK, a.content, name)
	tag, modified := whole.Header.Get("ETag"), whole.Header.Get("Last-Modified")
	for header, want := range map[string]string{
		"Content-Type": "audio/flac", "Accept-Ranges": "bytes", "Content-Length": "300000", "Access-Control-Allow-Origin": "*",
		"X-Content-Type-Options": "nosniff", "ETag": fmt.Sprintf("%q", hex.EncodeToString(a.Infohash[:])+"-0"),
		"Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "cross-origin",
	} {
		if got := whole.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	if !strings.Contains(whole.Header.Get("Access-Control-Expose-Headers"), "Content-Range") || modified == "" {
		t.Errorf("headers %v", whole.Header)
	}
	later := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	part := a.content[100:200_000]
	for _, test := range []struct {
		status  int
		body    []byte
		headers []string
	}{
		{206, part, []string{"Range", "bytes=100-199999"}},
		{206, part, []string{"Range", "bytes=100-199999", "If-Range", tag}},
		{206, part, []string{"Range", "bytes=100-199999", "If-Range", modified}},
		{200, a.content, []string{"Range", "bytes=100-199999", "If-Range", `"other"`}},
		{206, a.content[299_000:], []string{"Range", "bytes=299000-"}},
		{206, a.content[299_999:], []string{"Range", "bytes=-1"}},
		{206, a.content, []string{"Range", "bytes=0-99999999"}},
		{416, nil, []string{"Range", "bytes=300000-"}},
		{416, nil, []string{"Range", "bytes=5-4"}},
		{304, []byte{}, []string{"If-None-Match", tag}},
		{304, []byte{}, []string{"If-None-Match", "*"}},
		{200, a.content, []string{"If-None-Match", `"other"`}},
		{304, []byte{}, []string{"If-Modified-Since", later}},
		{200, a.content, []string{"If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"}},
		{412, nil, []string{"If-Match", `"other"`}},
		{206, part, []string{"If-Match", tag, "Range", "bytes=100-199999"}},
	} {
		s.want(test.status, test.body, name, test.headers...)
	}
	for _, ranges := range []string{"", "bytes=100-199999"} {
		response, body, err := s.ask(http.MethodHead, name, "Range", ranges)
		if err != nil || len(body) > 0 {
			t.Errorf("HEAD: %d bytes, %v", len(body), err)
		}
		want := map[string]string{"": "300000", "bytes=100-199999": "199900"}[ranges]
		if got := response.Header.Get("Content-Length"); got != want || response.Header.Get("ETag") != tag {
			t.Errorf("HEAD %s: %s bytes, want %s", ranges, got, want)
		}
	}
	if response, _, _ := s.ask(http.MethodPut, name); response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("PUT: status %d", response.StatusCode)
	}
	if response, _, _ := s.ask(http.MethodOptions, name, "Origin", "https://example.com"); response.StatusCode != http.StatusNoContent ||
		!strings.Contains(response.Header.Get("Access-Control-Allow-Headers"), "Range") {
		t.Errorf("OPTIONS: status %d", response.StatusCode)
	}
}

func TestWebseedOfSeveralRanges(t *testing.T) {
	a := song(t, v1, 300_000)
	s, p := newSite(t, a, seedbox.WebseedConfig{})
	p.fill(a)
	response, body, err := s.ask(http.MethodGet, "a%20song.flac", "Range", "bytes=0-9,65530-65545,-7")
	if err != nil || response.StatusCode != http.StatusPartialContent {
		t.Fatalf("status %d, %v", response.StatusCode, err)
	}
	kind, parameters, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/byteranges" {
		t.Fatalf("type %q, %v", kind, err)
	}
	parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for _, want := range [][]byte{a.content[:10], a.content[65_530:65_546], a.content[299_993:]} {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(part); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes that are wrong, %v", part.Header.Get("Content-Range"), len(got), err)
		}
	}
}

// What could run in a browser is never sent as what it is.
func TestWebseedRunsNothing(t *testing.T) {
	var files []metainfo.File
	for _, name := range []string{"a.html", "b.svg", "c.js", "d.xhtml", "e.xml", "f.pdf", "g", "h.HTM", "i.wasm", "j.css"} {
		files = append(files, metainfo.File{Path: []string{name}, Length: 100})
	}
	a := newAlbum(t, v1, "page", 16<<10, files...)
	s, p := newSite(t, a, seedbox.WebseedConfig{})
	p.fill(a)
	for i, f := range files {
		h := s.want(http.StatusOK, a.file(i), "page/"+f.Path[0]).Header
		if h.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") ||
			!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: headers %v", f.Path[0], h)
		}
	}
}

// Any range of any file has its bytes, or is a 503 where a piece is missing.
func TestWebseedRanges(t *testing.T) {
	a := newAlbum(t, hybrid, "x", 16<<10, metainfo.File{Path: []string{"a"}, Length: 100_000}, metainfo.File{Path: []string{"b"}, Length: 50_000})
	s, p := newSite(t, a, seedbox.WebseedConfig{})
	for i := range a.Info.NumPieces() {
		if i != 3 {
			p.put(a, i)
		}
	}
	s.ranges(0, 48<<10, 64<<10)
}

// ranges asks for ranges of a file in which the bytes from missing to until are not here.
func (s *site) ranges(file int, missing, until int64) {
	s.t.Helper()
	name := "x/" + s.Info.Files[file].Path[0]
	content := s.file(file)
	marks := []int64{0, 1, 16<<10 - 1, 16 << 10, 32 << 10, missing - 1, missing, until - 1, until, until + 1, int64(len(content)) - 1}
	for _, begin := range marks {
		for _, last := range marks {
			if last < begin {
				continue
			}
			header := fmt.Sprintf("bytes=%d-%d", begin, last)
			if begin < until && last >= missing {
				response := s.want(http.StatusServiceUnavailable, nil, name, "Range", header)
				if n, err := strconv.Atoi(response.Header.Get("Retry-After")); err != nil || n <= 0 || response.Header.Get("Content-Range") != "" {
					s.t.Errorf("headers %v", response.Header)
				}
				continue
			}
			s.want(http.StatusPartialContent, content[begin:last+1], name, "Range", header)
		}
	}
	s.want(http.StatusServiceUnavailable, nil, name)
	s.want(http.StatusServiceUnavailable, nil, name, "Range", "bytes=0-1,4-5") // of what is not whole
	s.want(http.StatusOK, s.file(2), "x/b")
}

// A file that is damaged is found out, and not sent.
func TestWebseedOfADamagedFile(t *testing.T) {
	a := song(t, v1, 3<<20)
	s, p := newSite(t, a, seedbox.WebseedConfig{})
	p.fill(a)
	const name = "a%20song.flac"
	s.want(http.StatusOK, a.content, name)
	data := dataFile(s.folder, a, "0")
	damage(t, data, 40<<16) // in piece 40
	if response, body, err := s.ask(http.MethodGet, name); err == nil || len(body) == 0 || !bytes.HasPrefix(a.content, body) {
		t.Errorf("status %d, %d bytes, %v, want an answer that is broken off", response.StatusCode, len(body), err)
	}
	s.want(http.StatusServiceUnavailable, nil, name)
	s.want(http.StatusPartialContent, a.content[:1000], name, "Range", "bytes=0-999")
	p.put(a, 40)
	s.want(http.StatusOK, a.content, name)

	damage(t, data, 0)
	s.want(http.StatusServiceUnavailable, nil, name) // it begins there
	p.put(a, 0)
	must(t, os.Remove(data))
	s.want(http.StatusServiceUnavailable, nil, name)
	for i := range a.Info.NumPieces() {
		_, _ = p.read(a, i) // finds that it is gone
	}
	p.fill(a)
	s.want(http.StatusOK, a.content, name)
}

// A copy that nobody uses is served, after a restart too.
func TestWebseedOfACopyAtRest(t *testing.T) {
	a := song(t, v2, 300_000)
	s, p := newSite(t, a, seedbox.WebseedConfig{})
	p.fill(a)
	p.Close()
	s.want(http.StatusOK, a.content, "a%20song.flac")
	s.shelf.Close()
	s.want(http.StatusServiceUnavailable, nil, "a%20song.flac")
	again := httptest.NewServer(seedbox.NewWebseed(openShelf(t, s.folder), seedbox.WebseedConfig{Client: local}))
	defer again.Close()
	s.server = again
	s.want(http.StatusOK, a.content, "a%20song.flac")
}
