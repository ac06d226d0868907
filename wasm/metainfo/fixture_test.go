package metainfo_test

import (
	"bytes"
	"crypto/sha1"
	"embed"
	"encoding/hex"
	"path"
	"reflect"
	"testing"

	"fanseed/wasm/metainfo"
)

//go:embed testdata/*.torrent
var fixtures embed.FS

// fixture returns a file of testdata.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := fixtures.ReadFile(path.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// known lists every file of testdata; those without an infohash must be refused. Our own dictionary of the same info has the same
// infohash, unless it lacks something of theirs.
var known = map[string]struct {
	infohash, v2, name string
	theirs             bool
}{
	"leaves.torrent":          {infohash: "d2474e86c95b19b8bcfdb92bc12c9d44667cfa36", name: "Leaves of Grass by Walt Whitman.epub"},
	"leaves-metadata.torrent": {infohash: "d2474e86c95b19b8bcfdb92bc12c9d44667cfa36", name: "Leaves of Grass by Walt Whitman.epub"},
	"numbers.torrent":         {infohash: "89d97c2261a21b040cf11caa661a3ba7233bb7e6", name: "numbers"},
	"folder.torrent":          {infohash: "b88da2caac6648e6c7d7687e3f89085f7e230e6b", name: "folder"},
	"lots-of-numbers.torrent": {infohash: "114ead6243792ba56297edbb9a78dfba84d4fc00", name: "lots-of-numbers"},
	"corrupt.torrent":         {},
	"bittorrent-v2-test.torrent": {
		infohash: "caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa", v2: "caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e",
		name: "bittorrent-v2-test",
	},
	"bittorrent-v2-hybrid-test.torrent": {
		infohash: "631a31dd0a46257d5078c0dee4e66e26f73e42ac", v2: "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb",
		name: "bittorrent-v1-v2-hybrid-test",
	},
	"attic-v2.torrent": {
		infohash: "fcd0a6e7dcadf4094b51beb1ef72902e38a829d7", v2: "fcd0a6e7dcadf4094b51beb1ef72902e38a829d758a1b5bd3cf2385f0698ab27",
		name: "attic", theirs: true,
	},
	"attic-hybrid.torrent": {
		infohash: "19afb6d9011bff772f5f712a252ae9ac1207c11a", v2: "10a82a5eed6619489c349d00b76cdf3fd067156d39c737a2efb9b456c9357535",
		name: "attic", theirs: true,
	},
}

func TestFixtures(t *testing.T) {
	entries, err := fixtures.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(entries), len(known); got != want {
		t.Errorf("%d files, want %d", got, want)
	}
	for _, entry := range entries {
		want, ok := known[entry.Name()]
		if !ok {
			t.Errorf("%s: not known", entry.Name())
		}
		torrent, err := metainfo.Parse(fixture(t, entry.Name()))
		if (err == nil) != (want.infohash != "") {
			t.Errorf("%s: %v", entry.Name(), err)
		}
		if err != nil {
			continue
		}
		if got := hex.EncodeToString(torrent.Infohash[:]); got != want.infohash {
			t.Errorf("%s: infohash %s, want %s", entry.Name(), got, want.infohash)
		}
		if v2, _ := hex.DecodeString(want.v2); !bytes.Equal(torrent.InfohashV2[:], append(v2, make([]byte, 32-len(v2))...)) {
			t.Errorf("%s: infohash of version 2 %x, want %s", entry.Name(), torrent.InfohashV2, want.v2)
		}
		if got := torrent.Info.Name; got != want.name {
			t.Errorf("%s: name %q, want %q", entry.Name(), got, want.name)
		}
		if got := metainfo.New(torrent.Info).Infohash; (got == torrent.Infohash) == want.theirs {
			t.Errorf("%s: made again, the infohash is %x", entry.Name(), got)
		}
	}
}

func TestFixtureCorrupt(t *testing.T) {
	_, err := metainfo.Parse(fixture(t, "corrupt.torrent"))
	if err == nil || err.Error() != "read torrent: info dictionary: no name" {
		t.Errorf("got %v", err)
	}
}

// The parameters of the original torrent give its infohash.
func TestMakeLeavesOfGrass(t *testing.T) {
	original, err := metainfo.Parse(fixture(t, "leaves.torrent"))
	if err != nil {
		t.Fatal(err)
	}
	const name, length = "Leaves of Grass by Walt Whitman.epub", 362017
	info := &metainfo.Info{
		Name: name, Length: length, PieceLength: metainfo.PieceLength(length), Single: true,
		Files:  []metainfo.File{{Path: []string{name}, Length: length}},
		Pieces: original.Info.Pieces,
	}
	got := metainfo.New(info)
	if hex.EncodeToString(got.Infohash[:]) != "d2474e86c95b19b8bcfdb92bc12c9d44667cfa36" {
		t.Errorf("infohash %x", got.Infohash)
	}
	if !reflect.DeepEqual(got.Info, original.Info) {
		t.Errorf("info %+v, want %+v", got.Info, original.Info)
	}
	if n := got.Info.NumPieces(); n != 23 {
		t.Errorf("%d pieces, want 23", n)
	}
	if first, last := got.Info.PieceSize(0), got.Info.PieceSize(22); first != 16384 || last != 362017-22*16384 {
		t.Errorf("pieces of %d and %d bytes", first, last)
	}
}

// From content alone: hashes included.
func TestMakeNumbers(t *testing.T) {
	pieces := sha1.Sum([]byte("1" + "22" + "333"))
	got := metainfo.New(&metainfo.Info{
		Name: "numbers", Length: 6, PieceLength: 16 << 10, Pieces: pieces[:],
		Files: []metainfo.File{
			{Path: []string{"1.txt"}, Length: 1},
			{Path: []string{"2.txt"}, Offset: 1, Length: 2},
			{Path: []string{"3.txt"}, Offset: 3, Length: 3},
		},
	})
	if hex.EncodeToString(got.Infohash[:]) != "89d97c2261a21b040cf11caa661a3ba7233bb7e6" {
		t.Errorf("infohash %x", got.Infohash)
	}
	if got.Info.Hash(0) != pieces {
		t.Errorf("hash %x, want %x", got.Info.Hash(0), pieces)
	}
}
