package seedbox

import (
	"encoding/hex"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"fanseed/wasm/metainfo"
)

// WebseedConfig says how fast a webseed may be. Rates are in bytes a second; 0 is no limit.
type WebseedConfig struct {
	Client     func(*http.Request) netip.Addr // whose request it is
	PerAddress int64                          // to one address, or one IPv6 /64
	Total      int64                          // to all
	// Seeders counts those who seed a work beside the server; nil: nobody does. While there are any, one address gets no more than
	// Yielding of that work, 0 being no limit.
	Seeders  func(infohash [20]byte) int
	Yielding int64
}

// Webseed serves the files of a shelf's copies over HTTP (https://www.bittorrent.org/beps/bep_0019.html), below WebseedPath. A request
// names a file of a torrent, and is looked up there: nothing of it ever reaches the file system. Bytes that are not here yet are a 503
// with Retry-After, and bytes that turn out to be damaged end the answer early.
type Webseed struct {
	shelf *Shelf
	WebseedConfig
	pace *pace
}

// WebseedPath is where a webseed is: the webseed of a work is WebseedPath, its infohash in hex and a slash.
const WebseedPath = "/webseed/"

// NewWebseed returns the handler of everything below WebseedPath.
func NewWebseed(s *Shelf, c WebseedConfig) *Webseed {
	return &Webseed{shelf: s, WebseedConfig: c, pace: newPace(c)}
}

// Sent returns how many bytes of a work were sent since the start, while its copy is on the shelf.
func (h *Webseed) Sent(infohash [20]byte) int64 {
	if c := h.shelf.Find(infohash); c != nil {
		return c.sent.Load()
	}
	return 0
}

// How long a client is told to wait, in seconds.
const (
	retryMissing = "10"
	retryBusy    = "5"
)

// exposed are the headers that pages of other origins may read.
const exposed = "Accept-Ranges, Content-Length, Content-Range, Content-Type, ETag, Last-Modified, Retry-After"

func (h *Webseed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Expose-Headers", exposed)
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	switch r.Method {
	case http.MethodOptions:
		header.Set("Access-Control-Allow-Methods", "GET, HEAD")
		header.Set("Access-Control-Allow-Headers", "Range, If-Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since")
		header.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet, http.MethodHead:
		h.serve(w, r)
	default:
		header.Set("Allow", "GET, HEAD, OPTIONS")
		http.Error(w, "a webseed is only read", http.StatusMethodNotAllowed)
	}
}

func (h *Webseed) serve(w http.ResponseWriter, r *http.Request) {
	from := group(h.Client(r))
	if !h.pace.enter(from) {
		w.Header().Set("Retry-After", retryBusy)
		http.Error(w, "too many requests at once", http.StatusTooManyRequests)
		return
	}
	defer h.pace.leave(from)
	infohash, path, ok := parsePath(r.URL)
	c := h.shelf.Find(infohash)
	if !ok || c == nil {
		http.NotFound(w, r)
		return
	}
	open, err := c.use()
	if err != nil {
		unavailable(w, "the work cannot be read")
		return
	}
	defer c.leave()
	if file := find(open.info, path); file >= 0 {
		h.answer(w, r, open, file, from)
		return
	}
	http.NotFound(w, r)
}

// answer sends a file, or ranges of it.
func (h *Webseed) answer(w http.ResponseWriter, r *http.Request, open *work, file int, from netip.Prefix) {
	name := open.info.Files[file].Path
	setType(w.Header(), name[len(name)-1])
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("ETag", `"`+hex.EncodeToString(open.copy.infohash[:])+"-"+strconv.Itoa(file)+`"`)
	content := &reader{ctx: r.Context(), work: open, file: file}
	defer content.close()
	a := &answer{ResponseWriter: w, request: r, content: content, tokens: h.tokens(open.copy.infohash, from)}
	http.ServeContent(a, r, "", open.copy.since(), content)
}

func unavailable(w http.ResponseWriter, why string) {
	header := w.Header()
	for _, name := range []string{"Content-Length", "Content-Range", "Content-Disposition", "ETag", "Last-Modified", "Accept-Ranges"} {
		header.Del(name)
	}
	header.Set("Cache-Control", "no-store")
	header.Set("Retry-After", retryMissing)
	http.Error(w, why, http.StatusServiceUnavailable)
}

// parsePath reads an infohash and the elements of a path behind it: the torrent's name, and those of a file in its folder.
func parsePath(u *url.URL) (infohash [20]byte, path []string, ok bool) {
	rest, ok := strings.CutPrefix(u.EscapedPath(), WebseedPath)
	elements := strings.Split(rest, "/")
	b, err := hex.DecodeString(elements[0])
	if !ok || err != nil || len(b) != len(infohash) {
		return infohash, nil, false
	}
	for _, element := range elements[1:] {
		element, err := url.PathUnescape(element)
		if err != nil {
			return infohash, nil, false
		}
		path = append(path, element)
	}
	return [20]byte(b), path, true
}

// maxTame is how many files may be compared by the names that they have elsewhere.
const maxTame = 10_000

// find returns the number in Files of the file at a path, which begins with the torrent's name; -1 where there is none. Where one alone
// has that path when names are as on Transmission's disk, it is that one: Transmission asks for files by these.
func find(info *metainfo.Info, path []string) int {
	if found := all(info, path, exactly); len(found) > 0 || len(info.Files) > maxTame {
		return only(found)
	}
	return only(all(info, path, tame))
}

func only(found []int) int {
	if len(found) == 1 {
		return found[0]
	}
	return -1
}

// all returns the files to which a path leads when names are read in some way.
func all(info *metainfo.Info, path []string, as func(string) string) (found []int) {
	if len(path) == 0 || as(path[0]) != as(info.Name) {
		return nil
	}
	if info.Single {
		path = append(path, path[0])
	}
	for n, f := range info.Files {
		if !f.Padding && slices.EqualFunc(f.Path, path[1:], func(a, b string) bool { return as(a) == as(b) }) {
			found = append(found, n)
		}
	}
	return found
}

func exactly(name string) string { return name }

// tame replaces what some systems do not allow in a name, as Transmission does.
func tame(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`<>:"/\|?*`, r) {
			return '_'
		}
		return r
	}, name)
	return strings.TrimRight(name, " .")
}
