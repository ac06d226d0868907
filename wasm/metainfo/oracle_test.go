//go:build !js

package metainfo_test

import (
	"bytes"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	oraclebencode "github.com/anacrolix/torrent/bencode"
	oracle "github.com/anacrolix/torrent/metainfo"

	"fanseed/wasm/metainfo"
)

// The oracle is the metainfo package of anacrolix/torrent: what we accept, it reads to the same; what it writes, we accept.

// FuzzOracleTorrent holds our reading of any torrent, and theirs of what we write, against each other. They refuse some torrents
// whose unknown or optional keys have a wrong type; we refuse all that are unsafe.
func FuzzOracleTorrent(f *testing.F) {
	addTorrents(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		ours, err := metainfo.Parse(in)
		if err != nil {
			return
		}
		if theirs, err := oracle.Load(bytes.NewReader(in)); err == nil {
			compare(t, ours, theirs)
		}
		for _, written := range []*metainfo.Torrent{ours, metainfo.New(ours.Info)} {
			if written == ours && !oracleReads(written.InfoBytes) {
				continue
			}
			theirs, err := oracle.Load(bytes.NewReader(written.Bytes()))
			if err != nil {
				t.Fatalf("we write %q, they refuse it: %v", written.Bytes(), err)
			}
			compare(t, written, theirs)
		}
	})
}

func oracleReads(infoBytes []byte) bool {
	var info oracle.Info
	return oraclebencode.Unmarshal(infoBytes, &info) == nil
}

func compare(t *testing.T, ours *metainfo.Torrent, theirs *oracle.MetaInfo) {
	t.Helper()
	if [20]byte(theirs.HashInfoBytes()) != ours.Infohash {
		t.Fatalf("infohash %x, theirs %v", ours.Infohash, theirs.HashInfoBytes())
	}
	info, err := theirs.UnmarshalInfo()
	if err != nil {
		return
	}
	i := ours.Info
	if info.BestName() != i.Name || info.PieceLength != i.PieceLength || !bytes.Equal(info.Pieces, i.Pieces) {
		t.Fatalf("info %+v, theirs %+v", i, info)
	}
	files := slices.Collect(info.UpvertedV1Files())
	if len(files) != len(i.Files) {
		t.Fatalf("files %+v, theirs %+v", i.Files, files)
	}
	for n, f := range files {
		path := f.BestPath()
		if i.Single {
			path = []string{info.BestName()}
		}
		if f.Length != i.Files[n].Length || !slices.Equal(path, i.Files[n].Path) {
			t.Fatalf("file %+v, theirs %+v", i.Files[n], f)
		}
	}
}

func FuzzOracleWrites(f *testing.F) {
	f.Add("song.flac", int64(362017), int64(0), int64(16384), "wss://a", "comment", true)
	f.Add("folder", int64(1), int64(5), int64(2), "", "", false)
	f.Fuzz(func(t *testing.T, name string, first, second, pieceLength int64, tracker, comment string, private bool) {
		info := oracle.Info{Name: name, PieceLength: pieceLength, Private: &private}
		if second > 0 {
			info.Files = []oracle.FileInfo{{Length: first, Path: []string{"a", name}}, {Length: second, Path: []string{"b"}}}
		} else {
			info.Length = first
		}
		total := first + max(0, second)
		if first <= 0 || total < first || pieceLength <= 0 || pieceLength > 1<<20 || total/pieceLength > 1000 {
			return
		}
		info.Pieces = bytes.Repeat([]byte("hash"), 5*int((total-1)/pieceLength+1))
		theirs := oracle.MetaInfo{InfoBytes: oraclebencode.MustMarshal(info), Announce: tracker, Comment: comment}
		written := oraclebencode.MustMarshal(theirs)
		ours, err := metainfo.Parse(written)
		if err != nil {
			if safe(name) {
				t.Fatalf("they write %q, we refuse it: %v", written, err)
			}
			return
		}
		compare(t, ours, &theirs)
		if ours.Info.Private != private || ours.Info.Length != total {
			t.Fatalf("they write %q, we read %+v", written, ours.Info)
		}
	})
}

func safe(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= 1024 && utf8.ValidString(name) && !strings.ContainsAny(name, "/\\\x00")
}

func FuzzOracleMagnet(f *testing.F) {
	f.Add([]byte("infohash of 20 bytes"), "Leaves & Grass", "wss://a/?b=c&d", "https://e/", int64(362017))
	f.Add([]byte("x"), "", "", "", int64(0))
	f.Fuzz(func(t *testing.T, infohash []byte, name, tracker, webseed string, length int64) {
		want := metainfo.Magnet{Infohash: [20]byte(append(infohash, make([]byte, 20)...)), Name: name, Length: length}
		if want.Infohash == [20]byte{} || length < 0 || length > metainfo.MaxLength || len(name) > 1000 || !utf8.ValidString(name) {
			return
		}
		// They write a space in any parameter as a plus sign, which we keep where a URL stands.
		if u, err := url.Parse(tracker); err == nil && u.Scheme == "wss" && u.Host != "" && len(tracker) < 1000 && !strings.Contains(tracker, " ") && utf8.ValidString(tracker) {
			want.Trackers = []string{tracker}
		}
		if u, err := url.Parse(webseed); err == nil && u.Scheme == "https" && u.Host != "" && len(webseed) < 1000 && !strings.Contains(webseed, " ") && utf8.ValidString(webseed) {
			want.Webseeds = []string{webseed}
		}
		compareMagnet(t, want, want.String())

		theirs := oracle.Magnet{InfoHash: oracle.Hash(want.Infohash), DisplayName: name, Trackers: want.Trackers, Params: url.Values{}}
		if len(want.Webseeds) > 0 {
			theirs.Params["ws"] = want.Webseeds
		}
		if length > 0 {
			theirs.Params.Set("xl", strconv.FormatInt(length, 10))
		}
		compareMagnet(t, want, theirs.String())
	})
}

// compareMagnet demands that both sides read want from link.
func compareMagnet(t *testing.T, want metainfo.Magnet, link string) {
	t.Helper()
	ours, err := metainfo.ParseMagnet(link)
	if err != nil || ours.String() != want.String() {
		t.Fatalf("%s: we read %+v, %v; want %+v", link, ours, err, want)
	}
	theirs, err := oracle.ParseMagnetUri(link)
	if err != nil {
		t.Fatalf("%s: they refuse it: %v", link, err)
	}
	if [20]byte(theirs.InfoHash) != want.Infohash || theirs.DisplayName != want.Name ||
		!slices.Equal(theirs.Trackers, want.Trackers) || !slices.Equal(theirs.Params["ws"], want.Webseeds) {
		t.Fatalf("%s: they read %+v, want %+v", link, theirs, want)
	}
}
