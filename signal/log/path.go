package log

import (
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// maxPath bounds the address of a tile, in bytes: "tile/entries/" and what 2⁶³ needs, and ".p/255".
const maxPath = 64

// Path returns the address of a tile or bundle below the log's own, such as "tile/0/x001/234" or, for one that has only width hashes or
// records, "tile/entries/x001/234.p/17" (C2SP tlog-tiles). width is 1 to Width.
func Path(level int, n int64, width int) string {
	path := tlog.Tile{H: Height, L: level, N: n, W: width}.Path()
	path = strings.Replace(path, fmt.Sprintf("tile/%d/", Height), "tile/", 1)
	return strings.Replace(path, "tile/data/", "tile/entries/", 1)
}

// ParsePath is the inverse of Path. An error is ErrPath.
func ParsePath(path string) (level int, n int64, width int, err error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if bundle, found := strings.CutPrefix(rest, "entries/"); found {
		rest = "data/" + bundle
	} else if strings.HasPrefix(rest, "data/") {
		ok = false
	}
	if !ok || len(path) > maxPath {
		return 0, 0, 0, fmt.Errorf("%w: %.80q", ErrPath, path)
	}
	t, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", Height, rest))
	if err != nil || t.L > 63 || Path(t.L, t.N, t.W) != path {
		return 0, 0, 0, fmt.Errorf("%w: %q", ErrPath, path)
	}
	return t.L, t.N, t.W, nil
}
