package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// pages serves the built files, and index.html for each view of the page.
type pages struct {
	assets map[string]*asset // by path without its first slash
	policy string
	secure bool // this server is reached over https
}

// asset is one file in all its encodings.
type asset struct {
	kind      string // media type
	etag      string // of the plain form, without quotes
	immutable bool
	forms     map[string][]byte // by content coding; "" is the plain form
}

// codings are the ones that Dist has, the best first, with their extensions.
var codings = []struct{ name, extension string }{{"br", ".br"}, {"gzip", ".gz"}}

var kinds = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".ts":          "text/plain; charset=utf-8",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
	".woff2":       "font/woff2",
}

// newPages reads all of dist. origin is that of this server.
func newPages(dist fs.FS, origin string) (*pages, error) {
	p := &pages{assets: map[string]*asset{}, secure: strings.HasPrefix(origin, "https:"), policy: policy(origin)}
	err := fs.WalkDir(dist, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") || codingOf(name) != "" {
			return err
		}
		p.assets[name], err = newAsset(dist, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the built pages: %w", err)
	}
	return p, nil
}

func codingOf(name string) string {
	for _, c := range codings {
		if strings.HasSuffix(name, c.extension) {
			return c.name
		}
	}
	return ""
}

func newAsset(dist fs.FS, name string) (*asset, error) {
	plain, err := fs.ReadFile(dist, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(plain)
	a := &asset{kind: "application/octet-stream", etag: hex.EncodeToString(sum[:12]), immutable: hashed(name), forms: map[string][]byte{"": plain}}
	if kind, known := kinds[path.Ext(name)]; known {
		a.kind = kind
	}
	for _, c := range codings {
		if b, err := fs.ReadFile(dist, name+c.extension); err == nil {
			a.forms[c.name] = b
		}
	}
	return a, nil
}

// hashed reports whether a name ends in "-" and eight hexadecimal digits: its
// content never changes.
func hashed(name string) bool {
	stem := strings.TrimSuffix(name, path.Ext(name))
	dash := len(stem) - 9
	if dash < 0 || stem[dash] != '-' {
		return false
	}
	_, err := hex.DecodeString(stem[dash+1:])
	return err == nil
}

// policy is the Content-Security-Policy of everything: code from here alone, and
// nothing inline but the style elements that the player's controls (media-chrome)
// have in their shadow roots; style attributes are not among them. Files that people name themselves (a .torrent's address, a
// webseed, another Fanseed server) are fetched from anywhere, so connect-src is
// wide; without https, http is as safe as the page itself.
func policy(origin string) string {
	anywhere := "https: wss:"
	if strings.HasPrefix(origin, "http:") {
		anywhere += " http: ws:"
	}
	return "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; style-src-elem 'self' 'unsafe-inline'; font-src 'self'; " +
		"img-src 'self' blob: data:; media-src 'self' blob: data:; manifest-src 'self'; connect-src 'self' " + anywhere +
		"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "this can only be read", http.StatusMethodNotAllowed)
		return
	}
	p.guard(w.Header())
	if a := p.assets[strings.TrimPrefix(r.URL.Path, "/")]; a != nil {
		a.serve(w, r, http.StatusOK)
		return
	}
	index := p.assets["index.html"]
	switch view := isView(r.URL.Path); {
	case index == nil:
		http.Error(w, "the pages are not built: go run ./build run", http.StatusServiceUnavailable)
	case view:
		index.serve(w, r, http.StatusOK)
	case path.Ext(r.URL.Path) == "":
		index.serve(w, r, http.StatusNotFound)
	default:
		http.Error(w, "there is nothing under this address", http.StatusNotFound)
	}
}

// isView reports whether the page has a view at this path.
func isView(path string) bool {
	path = strings.TrimSuffix(path, "/")
	switch path {
	case "", "/earnings", "/publish":
		return true
	}
	name, ok := strings.CutPrefix(path, "/w/")
	return ok && new(infohash).UnmarshalText([]byte(name)) == nil
}

// guard sets what protects the pages and those who look at them. Other sites may
// import the engine, and none may frame a page.
func (p *pages) guard(h http.Header) {
	h.Set("Content-Security-Policy", p.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if p.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request, status int) {
	coding := a.choose(r.Header.Get("Accept-Encoding"))
	h := w.Header()
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", `"`+strings.TrimSuffix(a.etag+"-"+coding, "-")+`"`)
	h.Set("Cache-Control", "no-cache")
	if a.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if status == http.StatusOK && matches(r.Header.Get("If-None-Match"), h.Get("ETag")) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", a.kind)
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	h.Set("Content-Length", strconv.Itoa(len(a.forms[coding])))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.forms[coding]) // an error means that the client is gone
	}
}

// choose returns the best coding that there is and that the client takes
// (RFC 9110, section 12.5.3).
func (a *asset) choose(accept string) string {
	for _, c := range codings {
		if a.forms[c.name] != nil && accepts(accept, c.name) {
			return c.name
		}
	}
	return ""
}

func accepts(accept, coding string) bool {
	for item := range strings.SplitSeq(accept, ",") {
		name, weight, weighted := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		return !weighted || err == nil && q > 0
	}
	return false
}

// matches reports whether a list of entity tags has this one (RFC 9110, section
// 13.1.2).
func matches(list, etag string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item == "*" || strings.TrimPrefix(item, "W/") == etag {
			return true
		}
	}
	return false
}
