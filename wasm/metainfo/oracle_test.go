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
	infohash_v2 "github.com/anacrolix/torrent/types/infohash-v2"

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
	i := ours.Info
	if want := [20]byte(theirs.HashInfoBytes()); i.HasV1() && want != ours.Infohash {
		t.Fatalf("infohash %x, theirs %x", ours.Infohash, want)
	}
	if want := infohash_v2.HashBytes(theirs.InfoBytes); i.HasV2() && ([32]byte(want) != ours.InfohashV2 || !i.HasV1() && *want.ToShort() != ours.Infohash) {
		t.Fatalf("infohashes %x and %x, theirs %x", ours.Infohash, ours.InfohashV2, want)
	}
	info, err := theirs.UnmarshalInfo()
	if err != nil {
		return
	}
	if info.BestName() != i.Name || info.PieceLength != i.PieceLength || !bytes.Equal(info.Pieces, i.Pieces) {
		t.Fatalf("info %+v, theirs %+v", i, info)
	}
	if i.HasV1() {
		compareFiles(t, ours, i.Files, &info)
	}
	if i.HasV2() {
		compareTree(t, i, &info)
	}
}

func compareFiles(t *testing.T, ours *metainfo.Torrent, own []metainfo.File, info *oracle.Info) {
	t.Helper()
	files := slices.Collect(info.UpvertedV1Files())
	if len(files) != len(own) {
		t.Fatalf("files %+v, theirs %+v", own, files)
	}
	for n, f := range files {
		path := f.BestPath()
		if ours.Info.Single {
			path = []string{info.BestName()}
		}
		link := strings.Contains(f.Attr, "l") && !ours.Info.Single
		if (f.Length != own[n].Length || f.TorrentOffset != own[n].Offset) && !link || !slices.Equal(path, own[n].Path) {
			t.Fatalf("file %+v, theirs %+v", own[n], f)
		}
	}
}

// compareTree holds the files of version 2 that have bytes against theirs.
func compareTree(t *testing.T, i *metainfo.Info, info *oracle.Info) {
	t.Helper()
	odd := false
	info.FileTree.Walk(nil, func(_ []string, f *oracle.FileTree) {
		odd = odd || f.File.PiecesRoot != "" && len(f.File.PiecesRoot) != 32 || f.File.Length == 0 && f.File.PiecesRoot != ""
	})
	if odd {
		return // they panic at roots of another length
	}
	own := slices.DeleteFunc(slices.Clone(i.Files), func(f metainfo.File) bool { return f.Padding || f.Length == 0 })
	for f := range info.UpvertedFilesIter() {
		if f.Length == 0 || !f.PiecesRoot.Ok {
			continue
		}
		if len(own) == 0 || own[0].Length != f.Length || own[0].Offset != f.TorrentOffset || !slices.Equal(own[0].Path, f.Path) || own[0].Root != f.PiecesRoot.Value {
			t.Fatalf("files %+v, theirs %+v", own, f)
		}
		own = own[1:]
	}
	if len(own) > 0 {
		t.Fatalf("they lack %+v", own)
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
