package metainfo_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"fanseed/wasm/bencode"
	"fanseed/wasm/metainfo"
)

// single returns the dictionary of a good single-file info of 5 bytes, changed by the given entries; nil removes one.
func single(changes bencode.Dict) []byte {
	d := bencode.Dict{"name": "song.flac", "piece length": 16384, "length": 5, "pieces": strings.Repeat("h", 20)}
	for key, value := range changes {
		if d[key] = value; value == nil {
			delete(d, key)
		}
	}
	return bencode.Append(nil, d)
}

// folder returns the dictionary of an info with the given files.
func folder(files ...any) []byte { return single(bencode.Dict{"length": nil, "files": files}) }

func file(length any, path ...string) bencode.Dict {
	return bencode.Dict{"length": length, "path": path}
}

func TestParseInfoSingle(t *testing.T) {
	got, err := metainfo.ParseInfo(single(bencode.Dict{"private": 1, "unknown": []any{"x"}}))
	if err != nil {
		t.Fatal(err)
	}
	want := &metainfo.Info{
		Name: "song.flac", PieceLength: 16384, Length: 5, Single: true, Private: true,
		Files:  []metainfo.File{{Path: []string{"song.flac"}, Length: 5}},
		Pieces: []byte(strings.Repeat("h", 20)),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if b := string(got.Bytes()); b != "d6:lengthi5e4:name9:song.flac12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhh7:privatei1ee" {
		t.Errorf("canonical bytes %q", b)
	}
}

func TestParseInfoFolder(t *testing.T) {
	padding := file(2, ".pad", "2")
	padding["attr"] = "p"
	in := bencode.Dict{"length": nil, "files": []any{file(1, "a", "b"), padding, file(0, "empty"), padding, file(3, "a", "c")},
		"piece length": 4, "pieces": strings.Repeat("h", 40)}
	got, err := metainfo.ParseInfo(single(in))
	if err != nil {
		t.Fatal(err)
	}
	want := []metainfo.File{
		{Path: []string{"a", "b"}, Length: 1},
		{Path: []string{".pad", "2"}, Offset: 1, Length: 2, Padding: true},
		{Path: []string{"empty"}, Offset: 3},
		{Path: []string{".pad", "2"}, Offset: 3, Length: 2, Padding: true},
		{Path: []string{"a", "c"}, Offset: 5, Length: 3},
	}
	if !reflect.DeepEqual(got.Files, want) || got.Length != 8 || got.Single {
		t.Errorf("got %+v, want the files %+v", got, want)
	}
	if string(got.Bytes()) != string(single(in)) {
		t.Errorf("canonical bytes %q, want %q", got.Bytes(), single(in))
	}
}

func TestParseInfoLegacyText(t *testing.T) {
	got, err := metainfo.ParseInfo(single(bencode.Dict{
		"length": nil, "name": "\xc4lbum", "name.utf-8": "Älbum",
		"files": []any{bencode.Dict{"length": 5, "path": []string{"\xdcber"}, "path.utf-8": []string{"Über"}}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "Älbum" || got.Files[0].Path[0] != "Über" {
		t.Errorf("name %q, path %q", got.Name, got.Files[0].Path)
	}
}

func TestParseInfoRefuses(t *testing.T) {
	type d = bencode.Dict
	const huge = int64(1) << 62
	deep := strings.Split(strings.Repeat("a ", 32)+"a", " ")
	cases := []struct {
		name string
		in   []byte
		want string
	}{
		{"empty", nil, "ends inside"},
		{"a list", []byte("le"), "not a dictionary"},
		{"more after it", append(single(nil), 'x'), "1 bytes after"},
		{"a key twice", []byte("d6:lengthi5e6:lengthi5ee"), "key twice"},
		{"too large", single(d{"pieces": strings.Repeat("h", metainfo.MaxSize)}), "at most 10485760"},
		{"no name", single(d{"name": nil}), "no name"},
		{"name of a wrong type", single(d{"name": 1}), "no name"},
		{"empty name", single(d{"name": ""}), `unsafe name ""`},
		{"name ..", single(d{"name": ".."}), `unsafe name ".."`},
		{"name with a slash", single(d{"name": "a/b"}), "unsafe name"},
		{"name in another encoding", single(d{"name": "\xff"}), "not UTF-8"},
		{"endless name", single(d{"name": strings.Repeat("n", 1025)}), "name of 1025 bytes"},
		{"no pieces", single(d{"pieces": nil}), "no pieces"},
		{"pieces of a wrong type", single(d{"pieces": []string{"h"}}), "no pieces"},
		{"no piece length", single(d{"piece length": nil}), "no piece length"},
		{"piece length 0", single(d{"piece length": 0}), "piece length 0"},
		{"negative piece length", single(d{"piece length": -16384}), "piece length -16384"},
		{"huge piece length", single(d{"piece length": 64<<20 + 1}), "piece length 67108865"},
		{"neither length nor files", single(d{"length": nil}), "either files or length"},
		{"length and files", single(d{"files": []any{file(5, "a")}}), "either files or length"},
		{"length of a wrong type", single(d{"length": "5"}), "wrong type"},
		{"length 0", single(d{"length": 0}), "no bytes"},
		{"negative length", single(d{"length": -5}), "does not fit"},
		{"huge length", single(d{"length": huge}), "does not fit"},
		{"one hash too few", single(d{"length": 16385}), "20 bytes of hashes for 2 pieces"},
		{"one hash too many", single(d{"pieces": strings.Repeat("h", 40)}), "40 bytes of hashes for 1 pieces"},
		{"half a hash", single(d{"pieces": strings.Repeat("h", 19)}), "19 bytes of hashes"},
		{"no hashes", single(d{"pieces": ""}), "no pieces"},
		{"files of a wrong type", single(d{"length": nil, "files": "a"}), "wrong type"},
		{"no files", folder(), "no files"},
		{"empty files", folder(file(0, "a"), file(0, "b")), "no bytes"},
		{"sum of lengths overflows", folder(file(huge, "a"), file(huge, "b"), file(huge, "c"), file(huge+5, "d")), "does not fit"},
		{"negative length among others", folder(file(10, "a"), file(-5, "b")), "does not fit"},
		{"file of a wrong type", folder("a"), "file 0: no length"},
		{"file without length", folder(d{"path": []string{"a"}}), "file 0: no length"},
		{"file without path", folder(d{"length": 5}), "path with 0 parts"},
		{"empty path", folder(file(5)), "path with 0 parts"},
		{"path of a wrong type", folder(d{"length": 5, "path": "a"}), "path with 0 parts"},
		{"path with a number", folder(d{"length": 5, "path": []any{"a", 1}}), "path of a wrong type"},
		{"path up", folder(file(5, "a", "..", "b")), `unsafe name ".."`},
		{"path in place", folder(file(5, ".")), `unsafe name "."`},
		{"path with an empty part", folder(file(5, "a", "")), `unsafe name ""`},
		{"path with a slash", folder(file(5, "/etc/passwd")), "unsafe name"},
		{"path with a backslash", folder(file(5, `..\..\x`)), "unsafe name"},
		{"path with NUL", folder(file(5, "a\x00b")), "unsafe name"},
		{"path too deep", folder(file(5, deep...)), "path with 33 parts"},
		{"path twice", folder(file(2, "a", "b"), file(1, "c"), file(2, "a", "b")), `path "a/b" twice`},
		{"file as a folder", folder(file(2, "a", "b"), file(1, "a"), file(2, "a.b")), `path "a" twice, or both`},
	}
	for _, c := range cases {
		_, err := metainfo.ParseInfo(c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", c.name, err, c.want)
		}
	}
}

func TestParseInfoAccepts(t *testing.T) {
	for name, in := range map[string][]byte{
		"unusual names": folder(file(1, "..."), file(1, "…"), file(1, " "), file(1, "a:b"), file(1, "~")),
		"deep path":     folder(file(5, strings.Split(strings.Repeat("a ", 31)+"a", " ")...)),
		"similar paths": folder(file(1, "a b"), file(1, "a", "b"), file(1, "a!"), file(2, "ab")),
	} {
		if _, err := metainfo.ParseInfo(in); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidateOwnInfo(t *testing.T) {
	good := func() *metainfo.Info {
		i, err := metainfo.ParseInfo(single(nil))
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	for name, spoil := range map[string]func(*metainfo.Info){
		"length of its own": func(i *metainfo.Info) { i.Length = 6 },
		"another path":      func(i *metainfo.Info) { i.Files[0].Path = []string{"other"} },
		"two files":         func(i *metainfo.Info) { i.Files = append(i.Files, metainfo.File{Path: []string{"x"}}) },
		"unsafe path":       func(i *metainfo.Info) { i.Single = false; i.Files[0].Path = []string{".."} },
	} {
		i := good()
		spoil(i)
		if err := i.Validate(); err == nil {
			t.Errorf("%s: valid", name)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: New did not panic", name)
				}
			}()
			metainfo.New(i)
		}()
	}
}

func TestPieceSizeOutside(t *testing.T) {
	i, err := metainfo.ParseInfo(single(nil))
	if err != nil {
		t.Fatal(err)
	}
	for index, want := range map[int]int64{-1: 0, 0: 5, 1: 0} {
		if got := i.PieceSize(index); got != want {
			t.Errorf("PieceSize(%d) = %d, want %d", index, got, want)
		}
	}
}

func TestPieceLength(t *testing.T) {
	const kib, mib, gib = int64(1) << 10, int64(1) << 20, int64(1) << 30
	for _, c := range []struct{ total, want int64 }{
		{0, 16 * kib},
		{1, 16 * kib},
		{362017, 16 * kib},
		{1500 * 16 * kib, 16 * kib},
		{1500*16*kib + 1, 32 * kib},
		{64 * mib, 64 * kib},
		{700 * mib, 512 * kib},
		{4 * gib, 4 * mib},
		{23 * gib, 16 * mib},
		{1 << 50, 16 * mib},
	} {
		if got := metainfo.PieceLength(c.total); got != c.want {
			t.Errorf("PieceLength(%s) = %d, want %d", fmt.Sprint(c.total), got, c.want)
		}
	}
}
