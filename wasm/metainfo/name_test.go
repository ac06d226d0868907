package metainfo_test

import (
	"slices"
	"strings"
	"testing"

	"fanseed/wasm/metainfo"
)

func TestSafeName(t *testing.T) {
	for in, want := range map[string]string{
		"song.flac": "song.flac", "CON": "CON", "東京 🎧": "東京 🎧", "a\nb": "a\nb", "...": "...",
		"": "_", ".": "_.", "..": "_..", "a/b\\c\x00d": "a_b_c_d", "a\xffb": "a\uFFFDb",
		strings.Repeat("n", 2000): strings.Repeat("n", 1024), strings.Repeat("東", 400): strings.Repeat("東", 341),
	} {
		if got := metainfo.SafeName(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestSafePath(t *testing.T) {
	for in, want := range map[string][]string{
		"a": {"a"}, "a/b": {"a", "b"}, "../a": {"_..", "a"}, "a//b/": {"a", "_", "b", "_"},
		strings.Repeat("d/", 40) + "f": append(slices.Repeat([]string{"d"}, 31), "f"),
	} {
		if got := metainfo.SafePath(in); !slices.Equal(got, want) {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestDistinguish(t *testing.T) {
	long := strings.Repeat("n", 1020) + ".txt"
	for _, c := range []struct{ in, want []string }{
		{[]string{"a", "b", "A"}, []string{"a", "b", "A"}},
		{[]string{"a.txt", "a.txt", "a.txt"}, []string{"a.txt", "a (2).txt", "a (3).txt"}},
		{[]string{"a (2)", "a", "a"}, []string{"a (2)", "a", "a (3)"}},
		{[]string{"d", "d/x", "d/x"}, []string{"d (2)", "d/x", "d/x (2)"}},
		{[]string{".a", ".a"}, []string{".a", ".a (2)"}},
		{[]string{long, long}, []string{long, strings.Repeat("n", 1016) + " (2).txt"}},
	} {
		var files []metainfo.File
		for _, path := range c.in {
			files = append(files, metainfo.File{Path: strings.Split(path, "/")})
		}
		metainfo.Distinguish(files)
		for n, f := range files {
			if got := strings.Join(f.Path, "/"); got != c.want[n] {
				t.Errorf("%.40q: %q, want %q", c.in, got, c.want[n])
			}
		}
	}
}

// Whatever files are called, a torrent can be made of them.
func FuzzSafeNames(f *testing.F) {
	f.Add("..", "a/b", "a/b")
	f.Add("", "\xff", "a (2).txt")
	f.Fuzz(func(t *testing.T, name, one, two string) {
		files := []metainfo.File{{Path: metainfo.SafePath(one), Length: 1}, {Path: metainfo.SafePath(two), Length: 1}, {Path: metainfo.SafePath(one), Length: 1}}
		metainfo.Distinguish(files)
		info := &metainfo.Info{Name: metainfo.SafeName(name), PieceLength: 16 << 10, Files: files, Length: metainfo.Lay(files), Pieces: make([]byte, 20)}
		if err := info.Validate(); err != nil {
			t.Fatalf("%q of %q and %q: %v", name, one, two, err)
		}
	})
}
