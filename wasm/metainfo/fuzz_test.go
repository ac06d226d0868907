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
	for _, format := range formats {
		t, _ := publish("album", format, 16<<10, map[string]int{"a": 40_000, "b/c": 5, "b/d": 16 << 10, "e": 0, "z": 1})
		f.Add(t.Bytes())
	}
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
	offset := int64(0)
	for _, f := range info.Files {
		if f.Offset != offset {
			t.Fatalf("a file at byte %d, want %d", f.Offset, offset)
		}
		offset += f.Length
		path := "/" + strings.Join(f.Path, "/") + "/"
		if strings.Contains(path, "/../") || strings.Contains(path, "//") || strings.Count(path, "/") != len(f.Path)+1 {
			t.Fatalf("unsafe path %q", f.Path)
		}
	}
	if offset != info.Length {
		t.Fatalf("files have %d bytes, want %d", offset, info.Length)
	}
	checkPieces(t, info)
	if again, err := metainfo.ParseInfo(info.Bytes()); err != nil || !reflect.DeepEqual(again, info) {
		t.Fatalf("%+v became %+v, %v", info, again, err)
	}
}

func checkPieces(t *testing.T, info *metainfo.Info) {
	t.Helper()
	var sent, inFiles int64
	for i := range info.NumPieces() {
		size := info.PieceSize(i)
		if size <= 0 || size > info.PieceLength {
			t.Fatalf("piece %d has %d bytes", i, size)
		}
		sent += size
		if !info.HasV2() {
			continue
		}
		p := info.Place(i)
		if f := info.Files[p.File]; f.Padding || f.Root != p.Root || p.Index >= p.Pieces || p.Length <= 0 || p.Length > size {
			t.Fatalf("piece %d is at %+v", i, p)
		}
		if begin := int64(i)*info.PieceLength + p.Length; size > p.Length && !info.Padded(begin, size-p.Length) {
			t.Fatalf("piece %d: from byte %d on it is no padding", i, begin)
		}
		inFiles += p.Length
	}
	if info.HasV1() && sent != info.Length || !info.HasV1() && sent != info.Size() || info.HasV2() && inFiles != info.Size() {
		t.Fatalf("pieces have %d bytes and %d of files; files have %d, without padding %d", sent, inFiles, info.Length, info.Size())
	}
}

func FuzzMagnet(f *testing.F) {
	f.Add("magnet:?xt=urn:btih:" + leavesHex + "&dn=Leaves+of%20Grass&xl=362017&tr=wss%3A%2F%2Fa&ws=https://b/")
	f.Add("magnet:?xt=urn:btih:" + leavesBase32)
	f.Add("magnet:?xt.1=urn:btih:" + leavesHex + "&tr.1=udp://a&xt.2=urn:btmh:1220#x")
	f.Add("magnet:?dn=%")
	f.Add("magnet:?xt=urn:btmh:1220" + btmhHex + "&xt=urn:btih:" + leavesHex + "&so=0,4-7,2")
	f.Add("magnet:?xt=urn:btmh:1220" + btmhHex)
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
