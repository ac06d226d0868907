package api_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"fanseed/signal/api"
	"fanseed/signal/ledger"
	"fanseed/wasm/metainfo"
)

func (s *site) publish(name string) string {
	s.Helper()
	torrent, b := torrent(name)
	s.expect(s.ask(signed("anna", "POST", "/v1/works", b)), 201, "")
	return fmt.Sprintf("%x", torrent.Infohash)
}

func TestPublish(t *testing.T) {
	s := newSite(t)
	before := time.Now().UnixMilli()
	torrent, b := torrent("söng.txt")
	hash := fmt.Sprintf("%x", torrent.Infohash)
	w := s.ask(signed("anna", "POST", "/v1/works?x=%20y", b))
	var got struct {
		Published int64 `json:"published"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Published < before || got.Published > time.Now().UnixMilli() {
		t.Errorf("published at %d, %v", got.Published, err)
	}
	summary := fmt.Sprintf(`{"infohash":"%s","name":"söng.txt","length":20000,"files":1,"published":%d,"seeders":3,"leechers":4}`, hash, got.Published)
	s.expect(w, 201, summary)
	s.expect(s.ask(signed("bert", "POST", "/v1/works", b)), 200, summary)
	s.expect(s.get("/v1/works"), 200, `{"works":[`+summary+`]}`)
	tracker := "ws://fanseed.test/announce"
	s.expect(s.get("/v1/works/"+strings.ToUpper(hash)), 200, fmt.Sprintf(
		`{"infohash":"%s","name":"söng.txt","length":20000,"piece_length":16384,"files":[{"path":"söng.txt","length":20000}],"magnet":%q,"published":%d,"seeders":3,"leechers":4,"boosts":{"count":0,"now":0,"left":0},"pools":{"count":0,"left":0,"rate":0},"attention":{"helpers":6,"introductions":7}}`,
		hash, metainfo.Magnet{Infohash: torrent.Infohash, Name: "söng.txt", Trackers: []string{tracker}, Length: 20_000}.String(), got.Published))
	work, err := s.db.Work(context.Background(), torrent.Infohash)
	if err != nil || fmt.Sprintf("%x", work.Publisher) != accountID("anna") {
		t.Errorf("the publisher is %x, %v", work.Publisher, err)
	}
	if length, listed := s.listing.Work(torrent.Infohash); !listed || length != 20_000 {
		t.Errorf("the listing says %d, %v", length, listed)
	}
}

func TestTorrentNamesThisServer(t *testing.T) {
	s := newSite(t)
	given, _ := torrent("song")
	given.Announce, given.Comment = [][]string{{"wss://elsewhere.test/"}}, "hello"
	s.expect(s.ask(signed("anna", "POST", "/v1/works", given.Bytes())), 201, "")
	path := fmt.Sprintf("/v1/works/%x.torrent", given.Infohash)
	for host, tracker := range map[string]string{"other.test:8080": "ws://other.test:8080/announce", "evil.test": "ws://fanseed.test/announce"} {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr, r.Host = s.address, host
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		got, err := metainfo.Parse(w.Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got.Infohash != given.Infohash || got.Comment != "hello" || len(got.Announce) != 2 ||
			!slices.Equal(got.Announce[0], []string{tracker}) || !slices.Equal(got.Announce[1], given.Announce[0]) {
			t.Errorf("at %s: got %+v", host, got)
		}
		if h := w.Header(); h.Get("Content-Type") != "application/x-bittorrent" || h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("at %s: got %v", host, h)
		}
	}
}

func TestPublishRefuses(t *testing.T) {
	s := newSite(t, func(c *api.Config) { c.TrustPrivateNets = true })
	s.address = "127.0.0.1:1" // from where one may ask as fast as one likes
	_, b := torrent("song")
	for name, change := range map[string]func(*signature){
		"another origin": func(s *signature) { s.origin = "http://evil.test" },
		"another method": func(s *signature) { s.method = "PUT" },
		"another path":   func(s *signature) { s.path = "/v1/works?x" },
		"another body":   func(s *signature) { s.body = []byte("x") },
	} {
		s.Log(name)
		s.refused(s.ask(signed("anna", "POST", "/v1/works", b, change)), 401, "bad_signature")
	}
	s.refused(s.ask(signed("anna", "POST", "/v1/works", b, func(s *signature) { s.time = s.time.Add(6 * time.Minute) })), 401, "wrong_time")
	s.refused(s.ask(signed("anna", "POST", "/v1/works", b, func(s *signature) { s.time = s.time.Add(-6 * time.Minute) })), 401, "wrong_time")
	s.expect(s.ask(signed("anna", "POST", "/v1/works", b, func(s *signature) { s.origin, s.time = "http://other.test:8080", s.time.Add(4*time.Minute) })), 201, "")

	for _, header := range []string{
		"", "Bearer x", "Fanseed ", "Fanseed key=00,time=1,signature=00",
		"Fanseed key=" + strings.Repeat("0", 64) + ",time=-1,signature=" + strings.Repeat("0", 128),
		"Fanseed key=" + strings.Repeat("0", 64) + ",time=1,signature=" + strings.Repeat("0", 128) + ",x=1",
	} {
		r := httptest.NewRequest("POST", "/v1/works", bytes.NewReader(b))
		r.Header.Set("Authorization", header)
		s.refused(s.ask(r), 401, "unsigned")
	}
	r := httptest.NewRequest("POST", "/v1/works", bytes.NewReader(b))
	r.Header.Set("Authorization", fmt.Sprintf("Fanseed key=01%s,time=%d,signature=01%s", strings.Repeat("0", 62), time.Now().UnixMilli(), strings.Repeat("0", 126)))
	s.refused(s.ask(r), 401, "bad_signature")

	s.refused(s.ask(signed("anna", "POST", "/v1/works", nil)), 400, "bad_torrent")
	s.refused(s.ask(signed("anna", "POST", "/v1/works", []byte("d4:infod6:lengthi5eee"))), 400, "bad_torrent")
	s.refused(s.ask(signed("anna", "POST", "/v1/works", make([]byte, ledger.MaxTorrent+1))), 413, "too_large")
}

func TestRemovedAndFull(t *testing.T) {
	s := newSite(t)
	hash := s.publish("song")
	gone, b := torrent("song")
	if err := s.listing.Remove(context.Background(), gone.Infohash); err != nil {
		t.Fatal(err)
	}
	s.refused(s.get("/v1/works/"+hash), 410, "removed")
	s.refused(s.get("/v1/works/"+hash+".torrent"), 410, "removed")
	s.refused(s.ask(signed("anna", "POST", "/v1/works", b)), 410, "removed")
	s.publish("two")
	s.publish("three")
	_, four := torrent("four")
	s.refused(s.ask(signed("anna", "POST", "/v1/works", four)), 507, "works_full")
}

func TestListOfWorks(t *testing.T) {
	s := newSite(t)
	s.expect(s.get("/v1/works"), 200, `{"works":[]}`)
	for _, name := range []string{"one", "two", "three"} {
		s.publish(name)
		time.Sleep(2 * time.Millisecond) // so that they have an order
	}
	page := func(query string) (names []string, last string) {
		var got struct {
			Works []struct{ Infohash, Name string } `json:"works"`
		}
		w := s.get("/v1/works" + query)
		if err := json.Unmarshal(w.Body.Bytes(), &got, json.MatchCaseInsensitiveNames(true)); err != nil || w.Code != 200 {
			t.Fatalf("%s: %d %s", query, w.Code, w.Body)
		}
		for _, w := range got.Works {
			names, last = append(names, w.Name), w.Infohash
		}
		return names, last
	}
	first, last := page("?limit=2")
	second, _ := page("?limit=2&after=" + last)
	if got := append(first, second...); !slices.Equal(got, []string{"three", "two", "one"}) {
		t.Errorf("got %v", got)
	}
	for _, query := range []string{"?limit=0", "?limit=101", "?limit=x", "?after=00"} {
		s.refused(s.get("/v1/works"+query), 400, "malformed")
	}
	s.refused(s.get("/v1/works/00"), 400, "malformed")
	s.refused(s.get("/v1/works/"+strings.Repeat("0", 40)), 404, "not_found")
	s.refused(s.get("/v1/works/"+strings.Repeat("0", 40)+".torrent"), 404, "not_found")
}

func TestStorageFailure(t *testing.T) {
	s := newSite(t)
	s.ledger.Close()
	_, b := torrent("song")
	for _, r := range []*http.Request{
		signed("anna", "POST", "/v1/works", b), httptest.NewRequest("GET", "/v1/works", nil), signed("anna", "GET", "/v1/accounts/"+accountID("anna"), nil),
	} {
		if w := s.ask(r); w.Code < 500 || strings.Contains(w.Body.String(), "sql") {
			t.Errorf("%s %s: got %d %s", r.Method, r.URL, w.Code, w.Body)
		}
	}
}
