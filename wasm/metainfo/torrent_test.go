package metainfo_test

import (
	"reflect"
	"strings"
	"testing"

	"fanseed/wasm/bencode"
	"fanseed/wasm/metainfo"
)

func parse(t *testing.T, d bencode.Dict) *metainfo.Torrent {
	t.Helper()
	torrent, err := metainfo.Parse(bencode.Append(nil, d))
	if err != nil {
		t.Fatal(err)
	}
	return torrent
}

func TestTorrentRoundTrip(t *testing.T) {
	want := parse(t, bencode.Dict{"info": bencode.Raw(single(bencode.Dict{"source": "kept though unknown"}))})
	want.Announce = [][]string{{"wss://a.example/announce", "udp://b.example:1"}, {"http://c.example/announce"}}
	want.Webseeds = []string{"https://d.example/song.flac"}
	want.Comment, want.CreatedBy, want.CreationDate = "naïve", "Fanseed", 1700000000
	got, err := metainfo.Parse(want.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !strings.Contains(string(got.InfoBytes), "kept though unknown") {
		t.Errorf("info bytes %q", got.InfoBytes)
	}
}

func TestTorrentBytes(t *testing.T) {
	torrent := parse(t, bencode.Dict{"info": bencode.Raw(single(nil))})
	torrent.Announce = [][]string{{"wss://a.example"}}
	want := "d8:announce15:wss://a.example4:info" + string(single(nil)) + "e"
	if got := string(torrent.Bytes()); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTorrentTrackers(t *testing.T) {
	type d = bencode.Dict
	cases := []struct {
		name string
		in   d
		want [][]string
	}{
		{"none", d{}, nil},
		{"one", d{"announce": "udp://a"}, [][]string{{"udp://a"}}},
		{"list before one", d{"announce": "udp://a", "announce-list": []any{[]string{"udp://b"}}}, [][]string{{"udp://b"}}},
		{"empty list", d{"announce": "udp://a", "announce-list": []any{[]any{}}}, [][]string{{"udp://a"}}},
		{"tiers", d{"announce-list": []any{[]string{"WSS://a", "udp://b"}, []string{}, []string{"http://c"}}},
			[][]string{{"WSS://a", "udp://b"}, {"http://c"}}},
		{"useless", d{"announce-list": []any{[]string{"javascript:alert(1)", "", "udp://", "file:///etc", "http://\xff"}, "http://flat"}}, nil},
		{"endless", d{"announce": "http://" + strings.Repeat("a", 2048)}, nil},
		{"wrong type", d{"announce": 1, "announce-list": "x"}, nil},
	}
	for _, c := range cases {
		c.in["info"] = bencode.Raw(single(nil))
		if got := parse(t, c.in).Announce; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTorrentWebseeds(t *testing.T) {
	cases := []struct {
		name string
		list any
		want []string
	}{
		{"a string", "http://a/", []string{"http://a/"}},
		{"an empty string", "", nil},
		{"a list", []any{"https://a/", "ftp://b/", 1, "http://c/"}, []string{"https://a/", "http://c/"}},
		{"wrong type", 1, nil},
	}
	for _, c := range cases {
		torrent := parse(t, bencode.Dict{"info": bencode.Raw(single(nil)), "url-list": c.list})
		if got := torrent.Webseeds; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTorrentText(t *testing.T) {
	torrent := parse(t, bencode.Dict{"info": bencode.Raw(single(nil)), "comment": "a\xffb", "created by": 1, "creation date": "today"})
	if torrent.Comment != "a\uFFFDb" || torrent.CreatedBy != "" || torrent.CreationDate != 0 {
		t.Errorf("comment %q, created by %q at %d", torrent.Comment, torrent.CreatedBy, torrent.CreationDate)
	}
}

// Old programs wrote keys out of order. The infohash is that of the bytes as they are.
func TestTorrentUnsorted(t *testing.T) {
	sorted := parse(t, bencode.Dict{"info": bencode.Raw(single(nil))})
	info := "d4:name9:song.flac6:lengthi5e12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhe"
	torrent, err := metainfo.Parse([]byte("d4:info" + info + "8:announce7:udp://ae"))
	if err != nil {
		t.Fatal(err)
	}
	if string(torrent.InfoBytes) != info || torrent.Infohash == sorted.Infohash {
		t.Errorf("info %q with infohash %x", torrent.InfoBytes, torrent.Infohash)
	}
	if !reflect.DeepEqual(torrent.Info, sorted.Info) {
		t.Errorf("info %+v, want %+v", torrent.Info, sorted.Info)
	}
}

func TestParseRefuses(t *testing.T) {
	info := string(single(nil))
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", "ends inside"},
		{"a web page", "<!doctype html>", "no value begins"},
		{"a list", "le", "no info dictionary"},
		{"no info", "d8:announce7:udp://ae", "no info dictionary"},
		{"info of a wrong type", "d4:infoi1ee", "not a dictionary"},
		{"info twice", "d4:info" + info + "4:info" + info + "e", "key twice"},
		{"cut off", "d4:info" + info, "ends inside"},
		{"more after it", "d4:info" + info + "ee", "1 bytes after"},
		{"too large", "d1:a10485760:" + strings.Repeat("a", 10<<20) + "e", "at most 10485760"},
		{"nested too deeply", "d1:a" + strings.Repeat("l", 1000), "nested too deeply"},
	} {
		_, err := metainfo.Parse([]byte(c.in))
		if err == nil || !strings.HasPrefix(err.Error(), "read torrent: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", c.name, err, c.want)
		}
	}
}

// The result must not change when the input's memory is used again.
func TestParseCopies(t *testing.T) {
	in := fixture(t, "leaves.torrent")
	got, err := metainfo.Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	clear(in)
	want, err := metainfo.Parse(fixture(t, "leaves.torrent"))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("the torrent changed with the bytes that it was read from")
	}
}

func TestTorrentMagnet(t *testing.T) {
	torrent := parse(t, bencode.Dict{"info": bencode.Raw(single(nil))})
	torrent.Announce = [][]string{{"wss://a", "udp://b"}, {"http://c"}}
	torrent.Webseeds = []string{"https://d/"}
	want := metainfo.Magnet{
		Infohash: torrent.Infohash, Name: "song.flac", Length: 5,
		Trackers: []string{"wss://a", "udp://b", "http://c"}, Webseeds: []string{"https://d/"},
	}
	if got := torrent.Magnet(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Hashes are the most of a torrent, and servers hold thousands.
func TestParsedHashesAreInMemoryOnce(t *testing.T) {
	torrent := parse(t, bencode.Dict{"info": bencode.Raw(single(nil))})
	at := strings.Index(string(torrent.InfoBytes), string(torrent.Info.Pieces))
	if at < 0 || &torrent.InfoBytes[at] != &torrent.Info.Pieces[0] {
		t.Error("the hashes are beside the info dictionary once more")
	}
	given := torrent.Bytes()
	again, err := metainfo.Parse(given)
	if err != nil {
		t.Fatal(err)
	}
	clear(given)
	_ = append(again.Info.Pieces, "more"...)
	if again.Info.Hash(0) != torrent.Info.Hash(0) || !reflect.DeepEqual(again.InfoBytes, torrent.InfoBytes) {
		t.Error("a torrent shares memory with what it was parsed from, or its parts with each other's ends")
	}
}
