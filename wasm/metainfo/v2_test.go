package metainfo_test

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fanseed/wasm/bencode"
	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
)

const kib = 1 << 10

var album = map[string]int{"a": 40 * kib, "b/c": 5, "b/d": 16 * kib, "e": 0, "z": 33 * kib}

// What is published is read back, with its layers, and its pieces are those of the content.
func TestPublishedReadsBack(t *testing.T) {
	for _, format := range formats {
		for name, sizes := range map[string]map[string]int{"album": album, "one.flac": {"": 100 * kib}, "small.txt": {"": 5}} {
			for _, pieceLength := range []int64{16 * kib, 32 * kib, 16 << 20} {
				torrent, content := publish(name, format, pieceLength, sizes)
				got, err := metainfo.Parse(torrent.Bytes())
				if err != nil {
					t.Fatalf("%s as %s: %v", name, format, err)
				}
				if !reflect.DeepEqual(got, torrent) {
					t.Errorf("%s as %s: got %+v, want %+v", name, format, got, torrent)
				}
				checkContent(t, got, content)
			}
		}
	}
}

// checkContent holds every piece against every hash of it.
func checkContent(t *testing.T, torrent *metainfo.Torrent, content []byte) {
	t.Helper()
	info := torrent.Info
	for n := range info.NumPieces() {
		begin := int64(n) * info.PieceLength
		if piece := content[begin : begin+info.PieceSize(n)]; info.HasV1() && sha1.Sum(piece) != info.Hash(n) {
			t.Errorf("piece %d has another SHA-1", n)
		}
		if !info.HasV2() {
			continue
		}
		place := info.Place(n)
		leaves := merkle.AppendLeaves(nil, content[begin:begin+place.Length])
		want, ok := torrent.Layers.Hash(place)
		if got := info.PieceRoot(n, leaves); !ok || got != want {
			t.Errorf("piece %d: root %x, want %x", n, got, want)
		}
		leaves[0] ^= 1
		if info.PieceRoot(n, leaves) == want {
			t.Errorf("piece %d: a wrong leaf has the same root", n)
		}
	}
	if !info.HasV2() {
		return
	}
	for root, pieces := range info.Layered() {
		if err := info.CheckLayer(root, pieces, torrent.Layers[root]); err != nil {
			t.Error(err)
		}
		if info.CheckLayer(root, pieces+1, torrent.Layers[root]) == nil || info.CheckLayer(merkle.Hash{}, pieces, torrent.Layers[root]) == nil {
			t.Error("a layer of another length or root is taken")
		}
	}
}

func TestPlace(t *testing.T) {
	for _, format := range []string{"hybrid", "v2"} {
		torrent, _ := publish("album", format, 16*kib, album)
		info := torrent.Info
		var got []string
		for n := range info.NumPieces() {
			p := info.Place(n)
			got = append(got, fmt.Sprintf("%s %d/%d %d of %d", strings.Join(info.Files[p.File].Path, "/"), p.Index, p.Pieces, p.Length, info.PieceSize(n)))
		}
		want := []string{"a 0/3 16384 of 16384", "a 1/3 16384 of 16384", "a 2/3 8192 of 16384", "b/c 0/1 5 of 16384", "b/d 0/1 16384 of 16384",
			"z 0/3 16384 of 16384", "z 1/3 16384 of 16384", "z 2/3 1024 of 1024"}
		if format == "v2" {
			want[2], want[3] = "a 2/3 8192 of 8192", "b/c 0/1 5 of 5"
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
		if info.Size() != 89*kib+5 || info.Length != 113*kib {
			t.Errorf("%s: %d bytes, with padding %d", format, info.Size(), info.Length)
		}
	}
}

func TestContent(t *testing.T) {
	torrent, _ := publish("album", "hybrid", 16*kib, album)
	var got []string
	for n, f := range torrent.Info.Content() {
		got = append(got, fmt.Sprint(n, strings.Join(f.Path, "/"), f.Offset, f.Length))
		if same, ok := torrent.Info.ContentFile(n); !ok || !reflect.DeepEqual(same, f) {
			t.Errorf("file %d is %+v, want %+v", n, same, f)
		}
	}
	want := []string{"0a0 40960", "1b/c49152 5", "2b/d65536 16384", "3e81920 0", "4z81920 33792"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, n := range []int{-1, 5} {
		if _, ok := torrent.Info.ContentFile(n); ok {
			t.Errorf("there is a file %d", n)
		}
	}
}

func TestPadded(t *testing.T) {
	torrent, _ := publish("album", "hybrid", 16*kib, album)
	for _, c := range []struct {
		offset, length int64
		want           bool
	}{
		{0, 16 * kib, false}, {40*kib - 1, 2, false}, {40 * kib, 1, true}, {40 * kib, 8 * kib, true}, {40 * kib, 8*kib + 1, false},
		{48 * kib, 5, false}, {48*kib + 5, 16*kib - 5, true}, {80 * kib, 1, false},
	} {
		if got := torrent.Info.Padded(c.offset, c.length); got != c.want {
			t.Errorf("%d bytes at %d are padding: %v", c.length, c.offset, got)
		}
	}
}

// The tree of somebody else: libtorrent's, with everything that BEP 47 knows.
func TestAttributes(t *testing.T) {
	for _, name := range []string{"attic-v2.torrent", "attic-hybrid.torrent"} {
		torrent, err := metainfo.Parse(fixture(t, name))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range torrent.Info.Content() {
			got = append(got, fmt.Sprint(strings.Join(f.Path, "/"), " ", f.Length, f.Hidden, f.Executable))
		}
		want := []string{".hidden 1 true false", "a.bin 40000 false false", "deep/b 20000 false false", "deep/link 0 false false", "empty 0 false false", "run.sh 5 false true"}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// entry is a file of a file tree.
func entry(length any, more ...any) bencode.Dict {
	properties := bencode.Dict{"length": length, "pieces root": strings.Repeat("r", 32)}
	for n := 0; n < len(more); n += 2 {
		if properties[more[n].(string)] = more[n+1]; more[n+1] == nil {
			delete(properties, more[n].(string))
		}
	}
	return bencode.Dict{"": properties}
}

// tree returns an info dictionary of version 2 alone.
func tree(files bencode.Dict, changes bencode.Dict) []byte {
	d := bencode.Dict{"length": nil, "pieces": nil, "name": "album", "meta version": 2, "file tree": files}
	for key, value := range changes {
		d[key] = value
	}
	return single(d)
}

func TestParseTreeRefuses(t *testing.T) {
	type d = bencode.Dict
	const huge = int64(1) << 52
	deep := entry(5)
	for range 33 {
		deep = d{"x": deep}
	}
	unsorted := "d9:file treed1:b" + string(bencode.Append(nil, entry(5))) + "1:a" + string(bencode.Append(nil, entry(5))) +
		"e12:meta versioni2e4:name5:album12:piece lengthi16384ee"
	for _, c := range []struct {
		name string
		in   []byte
		want string
	}{
		{"a later version", tree(d{"a": entry(5)}, d{"meta version": 3}), "meta version that is not known"},
		{"version of a wrong type", tree(d{"a": entry(5)}, d{"meta version": "2"}), "meta version that is not known"},
		{"no tree", tree(nil, d{"file tree": nil}), "no file tree"},
		{"tree of a wrong type", tree(nil, d{"file tree": "x"}), "no file tree"},
		{"empty tree", tree(d{}, nil), "no files"},
		{"folders without files", tree(d{"a": d{"b": d{}}}, nil), "no files"},
		{"files of version 1", tree(d{"a": entry(5)}, d{"files": []any{file(5, "a")}}), "without pieces"},
		{"length of version 1", tree(d{"a": entry(5)}, d{"length": 5}), "without pieces"},
		{"empty pieces", tree(d{"a": entry(5)}, d{"pieces": "", "length": 5}), "no pieces"},
		{"the tree is a file", tree(entry(5), nil), "neither a file nor a folder"},
		{"entry of a wrong type", tree(d{"a": 5}, nil), "neither a file nor a folder"},
		{"file and folder", tree(d{"a": d{"": entry(5)[""], "b": entry(5)}}, nil), "neither a file nor a folder"},
		{"no length", tree(d{"a": entry(nil, "length", nil)}, nil), "no length"},
		{"negative length", tree(d{"a": entry(-5)}, nil), "do not fit"},
		{"huge lengths", tree(d{"a": entry(huge), "b": entry(huge)}, nil), "do not fit"},
		{"too many pieces", tree(d{"a": entry(huge)}, nil), "pieces, at most"},
		{"no root", tree(d{"a": entry(5, "pieces root", nil)}, nil), "no pieces root"},
		{"short root", tree(d{"a": entry(5, "pieces root", "r")}, nil), "no pieces root"},
		{"zero root", tree(d{"a": entry(5, "pieces root", strings.Repeat("\x00", 32))}, nil), "bytes and no root"},
		{"padding in the tree", tree(d{"a": entry(5, "attr", "p")}, nil), "is padding"},
		{"no bytes", tree(d{"a": entry(0)}, nil), "no bytes"},
		{"file up", tree(d{"..": entry(5)}, nil), `unsafe name ".."`},
		{"folder up", tree(d{"..": d{"x": entry(5)}}, nil), `unsafe name ".."`},
		{"slash", tree(d{"a/b": entry(5)}, nil), "unsafe name"},
		{"not UTF-8", tree(d{"\xff": entry(5)}, nil), "not UTF-8"},
		{"too deep", tree(deep, nil), "too deep"},
		{"unsorted", []byte(unsorted), "not in the order"},
		{"small pieces", tree(d{"a": entry(5)}, d{"piece length": 8192}), "no power of two"},
		{"odd pieces", tree(d{"a": entry(5)}, d{"piece length": 16385}), "no power of two"},
		{"no pieces", tree(d{"a": entry(5)}, d{"piece length": 0}), "no power of two"},
		{"negative pieces", tree(d{"a": entry(5)}, d{"piece length": -16384}), "no power of two"},
		{"huge pieces", tree(d{"a": entry(5)}, d{"piece length": 128 << 20}), "no power of two"},
	} {
		_, err := metainfo.ParseInfo(c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", c.name, err, c.want)
		}
	}
}

func TestParseTreeAccepts(t *testing.T) {
	type d = bencode.Dict
	deep := entry(5)
	for range 32 {
		deep = d{"x": deep}
	}
	for name, in := range map[string][]byte{
		"deepest":              tree(deep, nil),
		"reserved names":       tree(d{"CON": entry(5), "con": entry(5), "nul.txt": entry(5), strings.Repeat("n", 300): entry(5), "a\x07\nb": entry(5)}, nil),
		"a link":               tree(d{"a": entry(5), "l": d{"": d{"attr": "l", "symlink path": []string{"..", "..", "etc"}}}}, nil),
		"an empty folder":      tree(d{"a": entry(5), "b": d{}}, nil),
		"a root of an empty":   tree(d{"a": entry(5), "b": entry(0)}, nil),
		"one file as a folder": tree(d{"other": entry(5)}, nil),
		"large pieces":         tree(d{"a": entry(5)}, d{"piece length": 16 << 20}),
	} {
		if _, err := metainfo.ParseInfo(in); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file of the torrent's own name stands in no folder.
func TestParseTreeSingle(t *testing.T) {
	for name, want := range map[string]bool{"album": true, "other": false} {
		info, err := metainfo.ParseInfo(tree(bencode.Dict{name: entry(5)}, nil))
		if err != nil || info.Single != want {
			t.Errorf("%s: single %v, %v", name, info.Single, err)
		}
	}
}

// spoil returns a hybrid's dictionary, changed after its own list of files.
func spoil(t *testing.T, change func(files []any) []any) []byte {
	t.Helper()
	torrent, _ := publish("album", "hybrid", 16*kib, album)
	v, err := bencode.Decode(torrent.InfoBytes, bencode.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	d := bencode.Dict{}
	for key, value := range v.Entries() {
		d[string(key)] = bencode.Raw(value.Raw())
	}
	var files []any
	for _, f := range torrent.Info.Files {
		entry := file(int(f.Length), f.Path...)
		if f.Padding {
			entry["attr"] = "p"
		}
		files = append(files, entry)
	}
	files = change(files)
	length := 0
	for _, f := range files {
		length += f.(bencode.Dict)["length"].(int)
	}
	d["files"], d["pieces"] = files, make([]byte, (length+16*kib-1)/(16*kib)*metainfo.HashSize)
	return bencode.Append(nil, d)
}

func TestParseHybridRefuses(t *testing.T) {
	pad := func(length int) bencode.Dict {
		f := file(length, ".pad", "x")
		f["attr"] = "p"
		return f
	}
	set := func(n int, key string, value any) func([]any) []any {
		return func(files []any) []any {
			files[n].(bencode.Dict)[key] = value
			return files
		}
	}
	if _, err := metainfo.ParseInfo(spoil(t, func(files []any) []any { return files })); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(files []any) []any
		want   string
	}{
		{"another path", set(0, "path", []string{"A"}), "differ"},
		{"another length", set(0, "length", 39*kib), "differ"},
		{"a file more", func(f []any) []any { return append(f, file(0, "zz")) }, "differ"},
		{"a file less", func(f []any) []any { return f[:len(f)-1] }, "differ"},
		{"another order", func(f []any) []any { f[0], f[2] = f[2], f[0]; return f }, "differ"},
		{"padding that is a file", set(1, "attr", ""), "differ"},
		{"a file that is padding", set(2, "attr", "p"), "differ"},
		{"short padding", set(1, "length", 8*kib-1), "and not with a piece"},
		{"a piece of padding", set(1, "length", 24*kib), "and not with a piece"},
		{"padding before the first", func(f []any) []any { return append([]any{pad(16 * kib)}, f...) }, "and not with a piece"},
		{"a piece of padding at the end", func(f []any) []any { return append(f, pad(16*kib)) }, "pieces of padding alone"},
	} {
		_, err := metainfo.ParseInfo(spoil(t, c.change))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", c.name, err, c.want)
		}
	}
}

func TestParseLayersRefuses(t *testing.T) {
	torrent, _ := publish("album", "v2", 16*kib, album)
	for name, spoil := range map[string]func(metainfo.Layers){
		"missing": func(l metainfo.Layers) { delete(l, first(l)) },
		"wrong":   func(l metainfo.Layers) { l[first(l)][0] ^= 1 },
		"short":   func(l metainfo.Layers) { l[first(l)] = l[first(l)][32:] },
		"long":    func(l metainfo.Layers) { l[first(l)] = append(l[first(l)], make([]byte, 32)...) },
	} {
		spoiled := *torrent
		spoiled.Layers = metainfo.Layers{}
		for root, layer := range torrent.Layers {
			spoiled.Layers[root] = bytes.Clone(layer)
		}
		spoil(spoiled.Layers)
		if _, err := metainfo.Parse(spoiled.Bytes()); err == nil || !strings.Contains(err.Error(), "piece layer") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := metainfo.Parse(bencode.Append(nil, bencode.Dict{"info": bencode.Raw(torrent.InfoBytes)})); err == nil {
		t.Error("a torrent without piece layers is taken")
	}
	if _, err := metainfo.ParseInfo(torrent.InfoBytes); err != nil {
		t.Errorf("the info alone: %v", err)
	}
}

// first returns the least of the roots.
func first(l metainfo.Layers) merkle.Hash {
	var roots []merkle.Hash
	for root := range l {
		roots = append(roots, root)
	}
	return slices.MinFunc(roots, func(a, b merkle.Hash) int { return bytes.Compare(a[:], b[:]) })
}

// Layers that no file has are not kept; files of the same bytes share one.
func TestParseLayersKeeps(t *testing.T) {
	torrent, content := publish("twins", "v2", 16*kib, map[string]int{"a": 40 * kib, "b": 0, "c": 5})
	torrent.Info.Files = append(torrent.Info.Files[:1:1], metainfo.File{Path: []string{"b"}, Length: 40 * kib})
	torrent.Info.Files, _ = metainfo.Arrange(torrent.Info.Files, 16*kib)
	torrent.Info.Length = metainfo.Lay(torrent.Info.Files)
	twins := hash(torrent.Info, "v2", slices.Concat(content[:48*kib], content[:40*kib]))
	if len(twins.Layers) != 1 {
		t.Fatalf("%d layers, want 1", len(twins.Layers))
	}
	want := twins.Bytes()
	twins.Layers[merkle.Hash{1}] = make([]byte, 64)
	got, err := metainfo.Parse(twins.Bytes())
	if err != nil || len(got.Layers) != 1 || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%d layers, %v", len(got.Layers), err)
	}
}

func TestDescribe(t *testing.T) {
	for _, format := range formats {
		torrent, _ := publish("album", format, 16*kib, album)
		got := metainfo.Describe(torrent.Info, torrent.InfoBytes)
		if got.Infohash != torrent.Infohash || got.InfohashV2 != torrent.InfohashV2 || (got.Layers != nil) != torrent.Info.HasV2() {
			t.Errorf("%s: got %+v, want %+v", format, got, torrent)
		}
		m := torrent.Magnet()
		if m.Infohash != torrent.Infohash || m.InfohashV2 != torrent.InfohashV2 || m.Length != 89*kib+5 {
			t.Errorf("%s: magnet %+v", format, m)
		}
	}
}

// No work may grow with the square of the number of files.
func BenchmarkParse10000Files(b *testing.B) {
	sizes := map[string]int{}
	for n := range 10_000 {
		sizes[fmt.Sprintf("%d/%d", n%100, n)] = 1 + n%7
	}
	for _, format := range formats {
		torrent, _ := publish("many", format, 16*kib, sizes)
		in := torrent.Bytes()
		b.Run(format, func(b *testing.B) {
			for b.Loop() {
				if _, err := metainfo.Parse(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
