package metainfo_test

import (
	"reflect"
	"strings"
	"testing"

	"fanseed/wasm/bencode"
	"fanseed/wasm/metainfo"
)

// addTorrents seeds a fuzzer with everything in testdata and a few that no fixture covers.
func addTorrents(f *testing.F) {
	names, err := fixtures.ReadDir("testdata")
	if err != nil {
		f.Fatal(err)
	}
	for _, entry := range names {
		f.Add(fixture(f, entry.Name()))
	}
	padding := bencode.Dict{"attr": "p", "length": 2, "path": []string{".pad", "2"}}
	for _, info := range [][]byte{single(bencode.Dict{"private": 1}), folder(file(2, "a", "b"), padding, file(1, "c")), folder(file(5, ".."))} {
		f.Add(bencode.Append(nil, bencode.Dict{
			"info": bencode.Raw(info), "announce-list": []any{[]string{"wss://a", "udp://b"}}, "url-list": "http://c/",
			"comment": "c", "created by": "b", "creation date": 1,
		}))
	}
}

func FuzzTorrent(f *testing.F) {
	addTorrents(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		torrent, err := metainfo.Parse(in)
		if err != nil {
			return
		}
		checkInfo(t, torrent.Info)
		again, err := metainfo.Parse(torrent.Bytes())
		if err != nil || !reflect.DeepEqual(again, torrent) {
			t.Fatalf("%+v became %+v, %v", torrent, again, err)
		}
	})
}

func checkInfo(t *testing.T, info *metainfo.Info) {
	t.Helper()
	if err := info.Validate(); err != nil {
		t.Fatal(err)
	}
	var length int64
	for i := range info.NumPieces() {
		size := info.PieceSize(i)
		if size <= 0 || size > info.PieceLength {
			t.Fatalf("piece %d has %d bytes", i, size)
		}
		length += size
	}
	for _, f := range info.Files {
		length -= f.Length
		path := "/" + strings.Join(f.Path, "/") + "/"
		if strings.Contains(path, "/../") || strings.Contains(path, "//") || strings.Count(path, "/") != len(f.Path)+1 {
			t.Fatalf("unsafe path %q", f.Path)
		}
	}
	if length != 0 {
		t.Fatalf("pieces and files differ by %d bytes", length)
	}
	if again, err := metainfo.ParseInfo(info.Bytes()); err != nil || !reflect.DeepEqual(again, info) {
		t.Fatalf("%+v became %+v, %v", info, again, err)
	}
}

func FuzzMagnet(f *testing.F) {
	f.Add("magnet:?xt=urn:btih:" + leavesHex + "&dn=Leaves+of%20Grass&xl=362017&tr=wss%3A%2F%2Fa&ws=https://b/")
	f.Add("magnet:?xt=urn:btih:" + leavesBase32)
	f.Add("magnet:?xt.1=urn:btih:" + leavesHex + "&tr.1=udp://a&xt.2=urn:btmh:1220#x")
	f.Add("magnet:?dn=%")
	f.Fuzz(func(t *testing.T, link string) {
		m, err := metainfo.ParseMagnet(link)
		if err != nil {
			return
		}
		encoded := m.String()
		if len(encoded) > 64<<10 {
			return // percent-encoding may make a link longer than what is read
		}
		again, err := metainfo.ParseMagnet(encoded)
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("%+v became %+v, %v", m, again, err)
		}
	})
}
