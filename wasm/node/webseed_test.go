//go:build !js

package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha1"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fanseed/wasm/metainfo"
)

// httpFetcher is a Fetcher as a browser's fetch is.
type httpFetcher struct{ client *http.Client }

func (f httpFetcher) Fetch(ctx context.Context, url string, begin, end int64, into func([]byte)) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", begin, end-1))
	response, err := f.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	skip, err := Answer(response.StatusCode, response.Header.Get("Content-Range"), response.Header.Get("Retry-After"), begin, end)
	if err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, response.Body, skip); err != nil {
		return err
	}
	body := io.LimitReader(response.Body, end-begin)
	b := make([]byte, 10_000)
	for got := int64(0); got < end-begin; {
		n, err := body.Read(b)
		into(b[:n])
		got += int64(n)
		if err != nil && got < end-begin {
			return io.ErrUnexpectedEOF
		}
	}
	return nil
}

// site is an HTTP server with files, that may misbehave.
type site struct {
	*httptest.Server
	mu       sync.Mutex
	files    map[string][]byte
	odd      func(w http.ResponseWriter, r *http.Request, file []byte) bool // true: it has answered
	requests []string                                                       // "path range"
	served   int64
}

func newSite(t *testing.T, files map[string][]byte) *site {
	s := &site{files: files}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	file, found := s.files[r.URL.EscapedPath()]
	odd := s.odd
	s.requests = append(s.requests, r.URL.EscapedPath()+" "+r.Header.Get("Range"))
	s.mu.Unlock()
	if odd != nil && odd(w, r, file) {
		return
	}
	if !found {
		http.NotFound(w, r)
		return
	}
	count := &countingWriter{ResponseWriter: w}
	http.ServeContent(count, r, "", time.Time{}, bytes.NewReader(file))
	s.mu.Lock()
	s.served += count.n
	s.mu.Unlock()
}

type countingWriter struct {
	http.ResponseWriter
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.n += int64(n)
	return n, err
}

func (s *site) asked() (requests []string, served int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...), s.served
}

// manyFiles is a torrent of several files, with names that an URL must escape.
func manyFiles(pieceLength int64, files ...metainfo.File) (*metainfo.Torrent, []byte) {
	info := &metainfo.Info{Name: "an album? 50%", PieceLength: pieceLength, Files: files}
	info.Length = metainfo.Lay(info.Files)
	data := noise(int(info.Length), 40)
	for _, f := range info.Files {
		if f.Padding {
			clear(data[f.Offset : f.Offset+f.Length])
		}
	}
	hash(info, data)
	return metainfo.New(info), data
}

func hash(info *metainfo.Info, data []byte) {
	for begin := int64(0); begin < info.Length; begin += info.PieceLength {
		sum := sha1.Sum(data[begin:min(info.Length, begin+info.PieceLength)])
		info.Pieces = append(info.Pieces, sum[:]...)
	}
}

func single(size int) (*metainfo.Torrent, []byte) {
	data := noise(size, 41)
	info := &metainfo.Info{Name: "a song.flac", PieceLength: 64 << 10, Length: int64(size), Single: true,
		Files: []metainfo.File{{Path: []string{"a song.flac"}, Length: int64(size)}}}
	hash(info, data)
	return metainfo.New(info), data
}

// fetchOnly lets an engine use webseeds while sharing is off.
func (e *engine) fetchOnly(torrent *metainfo.Torrent) {
	e.t.Helper()
	if err := e.Fetch(e.t.Context(), true); err != nil {
		e.t.Fatal(err)
	}
	if _, err := e.AddTorrent(e.t.Context(), torrent.Bytes()); err != nil {
		e.t.Fatal(err)
	}
}

func TestAWebseedAloneNeedsNoPeerAndNoConsent(t *testing.T) {
	w := newWorld(t)
	torrent, data := single(5<<20 + 77)
	s := newSite(t, map[string][]byte{"/music/a%20song.flac": data})
	torrent.Webseeds = []string{s.URL + "/music/"}
	b := newEngine(t, w, Limits{})
	b.fetchOnly(torrent)
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	eventually(t, "it stops at the end", func() bool { return b.state(torrent.Infohash) == Stopped })
	shown := b.snapshotOf(torrent.Infohash)
	if len(shown.Webseeds) != 1 || shown.Webseeds[0].Downloaded != int64(len(data)) || shown.Webseeds[0].Active || len(shown.Peers) != 0 {
		t.Errorf("webseeds are shown as %+v, and %d peers", shown.Webseeds, len(shown.Peers))
	}
	if b.socket.current != nil {
		t.Error("a socket was opened")
	}
	eventually(t, "the server has sent each byte once", func() bool { // it counts an answer when it is at its end
		_, served := s.asked()
		return served == int64(len(data))
	})
	if requests, _ := s.asked(); len(requests) > 60 {
		t.Errorf("%d requests for 5 MiB: blocks are not put together", len(requests))
	}
}

func TestWithoutLeaveNothingIsFetched(t *testing.T) {
	w := newWorld(t)
	torrent, data := single(1 << 20)
	s := newSite(t, map[string][]byte{"/a": data})
	torrent.Webseeds = []string{s.URL + "/a", "ftp://example.com/a", "javascript:alert(1)"}
	b := newEngine(t, w, Limits{})
	if _, err := b.AddTorrent(t.Context(), torrent.Bytes()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	if requests, _ := s.asked(); len(requests) > 0 {
		t.Errorf("fetched %q", requests)
	}
	if got := b.snapshotOf(torrent.Infohash); len(got.Webseeds) != 1 || got.State != Stopped {
		t.Errorf("%d webseeds, %q", len(got.Webseeds), got.State)
	}
	b.share(true)
	b.share(false) // withdrawn: nothing is asked for any more
	time.Sleep(300 * time.Millisecond)
	before, _ := s.asked()
	time.Sleep(300 * time.Millisecond)
	if after, _ := s.asked(); len(after) != len(before) {
		t.Errorf("%d requests after sharing was withdrawn", len(after)-len(before))
	}
}

func TestAWebseedOfManyFiles(t *testing.T) {
	w := newWorld(t)
	torrent, data := manyFiles(64<<10,
		metainfo.File{Path: []string{"CD 1", "début.flac"}, Length: 200_001},
		metainfo.File{Path: []string{".pad", "1"}, Length: 65_536*4 - 200_001, Padding: true},
		metainfo.File{Path: []string{"empty"}, Length: 0},
		metainfo.File{Path: []string{"#2 & more.flac"}, Length: 333_333},
		metainfo.File{Path: []string{"tiny"}, Length: 3},
	)
	root := "/an%20album%3F%2050%25/"
	at := func(i int) []byte { f := torrent.Info.Files[i]; return data[f.Offset : f.Offset+f.Length] }
	s := newSite(t, map[string][]byte{
		root + "CD%201/d%C3%A9but.flac": at(0), root + "%232%20%26%20more.flac": at(3), root + "tiny": at(4),
	})
	torrent.Webseeds = []string{s.URL}
	b := newEngine(t, w, Limits{})
	b.fetchOnly(torrent)
	for n, file := range []int{0, 2, 3, 4} { // padding has no number
		want := at(file)
		got := []byte{}
		for len(got) < len(want) {
			part, err := b.Read(t.Context(), torrent.Infohash, n, int64(len(got)), int64(len(want)))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, part...)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("file %d differs from the original", n)
		}
	}
}

func TestAWebseedAndPeersTogether(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{UploadRate: 1 << 20}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 8<<20, 64<<10, 42)
	s := newSite(t, map[string][]byte{"/song": data})
	torrent.Webseeds = []string{s.URL + "/song"}
	s.odd = func(w http.ResponseWriter, r *http.Request, file []byte) bool {
		time.Sleep(200 * time.Millisecond) // so that it cannot do all of it by itself
		return false
	}
	b.join(torrent)
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	fromSite := b.webseedBytes(torrent.Infohash)
	if fromSite == 0 || fromSite == int64(len(data)) {
		t.Errorf("%d of %d bytes came from the webseed, want some", fromSite, len(data))
	}
	eventually(t, "peers are credited", func() bool { return w.confirmed(a) > 0 })
	if got := w.confirmed(a); int64(got) > int64(len(data))-fromSite {
		t.Errorf("%d bytes were credited, though %d of %d came from the webseed", got, fromSite, len(data))
	}
}

func (e *engine) webseedBytes(infohash [20]byte) (bytes int64) {
	_ = e.do(e.t.Context(), func(time.Time) error {
		for _, s := range e.find(infohash).webseeds {
			bytes += s.bytes
		}
		return nil
	})
	return bytes
}

func TestAWebseedThatGivesWrongBytesIsBarred(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{})
	torrent, data := a.seed(w, 2<<20, 64<<10, 43)
	bad := bytes.Clone(data)
	bad[1000] ^= 1
	s := newSite(t, map[string][]byte{"/song": bad})
	torrent.Webseeds = []string{s.URL + "/song"}
	b.join(torrent)
	eventually(t, "it is barred", func() bool {
		var barred bool
		_ = b.do(t.Context(), func(time.Time) error { barred = b.find(torrent.Infohash).webseeds[0].barred; return nil })
		return barred
	})
	a.share(true)
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
}

// A server's trouble that passes is waited out; what is of no use is left alone.
func TestAnswersOfWebseeds(t *testing.T) {
	torrent, data := single(1 << 20)
	once := func(f func(w http.ResponseWriter)) func() func(http.ResponseWriter, *http.Request, []byte) bool {
		return func() func(http.ResponseWriter, *http.Request, []byte) bool {
			var first sync.Once
			return func(w http.ResponseWriter, _ *http.Request, _ []byte) (odd bool) {
				first.Do(func() { f(w); odd = true })
				return odd
			}
		}
	}
	always := func(f func(http.ResponseWriter, *http.Request, []byte)) func() func(http.ResponseWriter, *http.Request, []byte) bool {
		return func() func(http.ResponseWriter, *http.Request, []byte) bool {
			return func(w http.ResponseWriter, r *http.Request, file []byte) bool { f(w, r, file); return true }
		}
	}
	tests := map[string]struct {
		odd   func() func(http.ResponseWriter, *http.Request, []byte) bool
		works bool
	}{
		"busy once":    {once(func(w http.ResponseWriter) { w.Header().Set("Retry-After", "1"); w.WriteHeader(503) }), true},
		"broken once":  {once(func(w http.ResponseWriter) { panic(http.ErrAbortHandler) }), true},
		"cut off once": {once(func(w http.ResponseWriter) { w.WriteHeader(206); _, _ = w.Write(data[:5]) }), true},
		"not found":    {always(func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(404) }), false},
		"another range": {always(func(w http.ResponseWriter, _ *http.Request, file []byte) {
			w.Header().Set("Content-Range", "bytes 1-9/10")
			w.WriteHeader(206)
			_, _ = w.Write(file)
		}), false},
		"whole file":          {always(func(w http.ResponseWriter, _ *http.Request, file []byte) { _, _ = w.Write(file) }), true},
		"redirected":          {redirected, true},
		"redirected for ever": {always(func(w http.ResponseWriter, r *http.Request, _ []byte) { http.Redirect(w, r, r.URL.Path, 302) }), false},
		"no such status":      {always(func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(418) }), false},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, map[string][]byte{"/song": data, "/elsewhere/song": data})
			s.odd = test.odd()
			torrent := *torrent
			torrent.Webseeds = []string{s.URL + "/song"}
			b := newEngine(t, newWorld(t), Limits{})
			b.fetchOnly(&torrent)
			if test.works {
				if got := b.contents(&torrent); !bytes.Equal(got, data) {
					t.Error("the copy differs from the original")
				}
				return
			}
			eventually(t, "it is left alone", func() bool {
				var idle bool
				_ = b.do(t.Context(), func(now time.Time) error {
					seed := b.find(torrent.Infohash).webseeds[0]
					idle = seed.peer == 0 && seed.rests.After(now)
					return nil
				})
				return idle
			})
			before, _ := s.asked()
			time.Sleep(500 * time.Millisecond)
			if after, _ := s.asked(); len(after) != len(before) && what != "redirected for ever" {
				t.Errorf("%d more requests", len(after)-len(before))
			}
		})
	}
}

func redirected() func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if strings.HasPrefix(r.URL.Path, "/elsewhere") {
			return false
		}
		http.Redirect(w, r, "/elsewhere"+r.URL.Path, http.StatusFound)
		return true
	}
}

func TestAnswer(t *testing.T) {
	for _, test := range []struct {
		status              int
		contentRange, after string
		begin, end          int64
		skip                int64
		ok, passing         bool
		retry               time.Duration
	}{
		{206, "bytes 10-19/100", "", 10, 20, 0, true, false, 0},
		{206, "BYTES 10-19/*", "", 10, 20, 0, true, false, 0},
		{206, "", "", 10, 20, 0, true, false, 0},
		{206, "bytes 10-20/100", "", 10, 20, 0, false, false, 0},
		{206, "bytes 1-9/10", "", 10, 20, 0, false, false, 0},
		{206, "bytes 10-19", "", 10, 20, 0, false, false, 0},
		{200, "", "", 0, 20, 0, true, false, 0},
		{200, "", "", 500, 520, 500, true, false, 0},
		{200, "", "", 2 << 20, 3 << 20, 0, false, false, 0},
		{204, "", "", 0, 20, 0, false, false, 0},
		{404, "", "60", 0, 20, 0, false, false, time.Minute},
		{416, "", "", 0, 20, 0, false, false, 0},
		{429, "", "7", 0, 20, 0, false, true, 7 * time.Second},
		{503, "", "Wed, 21 Oct 2015 07:28:00 GMT", 0, 20, 0, false, true, 0},
		{503, "", "-5", 0, 20, 0, false, true, 0},
		{503, "", "99999999999999999999", 0, 20, 0, false, true, 0},
	} {
		what := strconv.Itoa(test.status) + " " + test.contentRange + test.after
		skip, err := Answer(test.status, test.contentRange, test.after, test.begin, test.end)
		if (err == nil) != test.ok || skip != test.skip {
			t.Errorf("%s: skip %d, %v", what, skip, err)
		}
		if bad, is := err.(*BadAnswer); is && (bad.passing() != test.passing || bad.RetryAfter != test.retry) {
			t.Errorf("%s: passing %v, retry after %v", what, bad.passing(), bad.RetryAfter)
		}
	}
}

func TestAWithdrawalClosesPeersAndLeavesWebseeds(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{UploadRate: 256 << 10}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 8<<20, 64<<10, 44)
	open := make(chan struct{})
	s := newSite(t, map[string][]byte{"/song": data})
	s.odd = func(http.ResponseWriter, *http.Request, []byte) bool { <-open; return false }
	torrent.Webseeds = []string{s.URL + "/song"}
	if err := b.Fetch(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	b.join(torrent)
	eventually(t, "a peer gives", func() bool { return b.downloaded(torrent.Infohash) > 0 })
	b.share(false)
	eventually(t, "no peer is connected", func() bool {
		var links int
		_ = b.do(t.Context(), func(time.Time) error { links = len(b.find(torrent.Infohash).links); return nil })
		return links == 0
	})
	if got := b.state(torrent.Infohash); got != Downloading {
		t.Errorf("it is %q, want %q", got, Downloading)
	}
	close(open)
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
}

// An engine without a fetcher leaves webseeds alone, and is served by peers.
func TestWithoutAFetcher(t *testing.T) {
	w := newWorld(t)
	public, key, _ := ed25519.GenerateKey(nil)
	a := newEngine(t, w, Limits{})
	b := startParts(t, w, key, [32]byte(public), Config{}, func(p *Parts) { p.Fetcher = nil })
	a.share(true)
	b.share(true)
	torrent, data := a.seed(w, 1<<20, 64<<10, 45)
	s := newSite(t, map[string][]byte{"/song": data})
	s.odd = func(http.ResponseWriter, *http.Request, []byte) bool { t.Error("the webseed was asked"); return false }
	torrent.Webseeds = []string{s.URL + "/song"}
	b.join(torrent)
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(206, "bytes 10-19/100", "", int64(10), int64(20))
	f.Add(503, "", "120", int64(0), int64(1))
	f.Fuzz(func(t *testing.T, status int, contentRange, after string, begin, end int64) {
		skip, err := Answer(status, contentRange, after, begin, end)
		if err == nil && (skip != 0 && skip != begin || skip > maxSkip || status != 200 && status != 206) {
			t.Errorf("skips %d of an answer %d", skip, status)
		}
		if bad, is := err.(*BadAnswer); is && (bad.RetryAfter < 0 || bad.RetryAfter > (1<<31)*time.Second) {
			t.Errorf("retries after %v", bad.RetryAfter)
		}
	})
}
