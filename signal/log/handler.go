package log

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Source is what a Handler reads.
type Source interface {
	Store
	// Checkpoint returns the newest signed checkpoint. The tiles that it needs have been saved.
	Checkpoint(ctx context.Context) ([]byte, error)
	// Find returns the number of a record, counted from 0, or ErrNone.
	Find(ctx context.Context, leaf Hash) (int64, error)
	// Table returns an epoch's table, or ErrNone.
	Table(ctx context.Context, hash [32]byte) ([]byte, error)
}

// How long answers may be kept. What a tile says never changes, but one that is not full is of no use once there is a wider one.
const (
	forEver = "public, max-age=31536000, immutable"
	hour    = "public, max-age=3600"
	notKept = "no-cache"
)

const (
	plainText = "text/plain; charset=utf-8"
	octets    = "application/octet-stream"
)

// Handler answers below the log's address, which has to be stripped from the path:
//
//	/checkpoint                       the signed checkpoint (C2SP tlog-tiles)
//	/tile/<level>/<n>[.p/<width>]     hashes
//	/tile/entries/<n>[.p/<width>]     records
//	/key                              the text of the log's key, and a newline
//	/find/<64 hexadecimal digits>     the number of the record with this leaf hash in decimal, and a newline; status 204 without a body where
//	                                  there is none, which is no fault: it may be on its way
//	/table/<64 hexadecimal digits>    the epoch's table with this SHA-256
//
// A refusal is JSON of a code, which is not_found, method or storage, and a sentence. Pages of any origin may ask.
func Handler(s Source, k Key) http.Handler { return handler{s, k} }

type handler struct {
	source Source
	key    Key
}

// A reply is what is found under an address.
type reply struct {
	kind, cache string
	body        []byte
}

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		header.Set("Access-Control-Allow-Methods", "GET")
		header.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		header.Set("Allow", "GET, HEAD, OPTIONS")
		refuse(w, http.StatusMethodNotAllowed, "method", "the log can only be read")
		return
	}
	found, err := h.find(r.Context(), strings.TrimPrefix(r.URL.Path, "/"))
	switch {
	case errors.Is(err, ErrNone) && strings.HasPrefix(r.URL.Path, "/find/"):
		header.Set("Cache-Control", notKept)
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, ErrNone), errors.Is(err, ErrPath):
		refuse(w, http.StatusNotFound, "not_found", "there is nothing under this address of the log")
	case err != nil:
		refuse(w, http.StatusServiceUnavailable, "storage", "the log cannot be read at the moment; try again later")
	default:
		header.Set("Content-Type", found.kind)
		header.Set("Cache-Control", found.cache)
		header.Set("Content-Length", strconv.Itoa(len(found.body)))
		_, _ = w.Write(found.body) // an error means that the client is gone
	}
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"code":"` + code + `","message":"` + message + `"}`))
}

func (h handler) find(ctx context.Context, path string) (reply, error) {
	first, rest, _ := strings.Cut(path, "/")
	switch {
	case path == "checkpoint":
		signed, err := h.source.Checkpoint(ctx)
		return reply{plainText, notKept, signed}, err
	case path == "key":
		return reply{plainText, notKept, []byte(h.key.String() + "\n")}, nil
	case first == "tile":
		return h.tile(ctx, path)
	case first == "find":
		leaf, err := parseHash(rest)
		if err != nil {
			return reply{}, err
		}
		n, err := h.source.Find(ctx, leaf)
		return reply{plainText, notKept, []byte(strconv.FormatInt(n, 10) + "\n")}, err
	case first == "table":
		hash, err := parseHash(rest)
		if err != nil {
			return reply{}, err
		}
		document, err := h.source.Table(ctx, hash)
		return reply{octets, forEver, document}, err
	}
	return reply{}, ErrNone
}

// tile answers with the first hashes or records of a tile: what it has grown by since does not matter.
func (h handler) tile(ctx context.Context, path string) (reply, error) {
	level, n, width, err := ParsePath(path)
	if err != nil {
		return reply{}, err
	}
	data, err := h.source.ReadTile(ctx, level, n)
	if err != nil {
		return reply{}, err
	}
	size := width * tlog.HashSize
	if level == Entries {
		_, rest, err := cutBundle(data, width)
		if err != nil {
			return reply{}, ErrNone
		}
		size = len(data) - len(rest)
	}
	if size > len(data) {
		return reply{}, ErrNone
	}
	cache := forEver
	if width < Width {
		cache = hour
	}
	return reply{octets, cache, data[:size]}, nil
}

// parseHash reads 64 small hexadecimal digits. An error is ErrPath.
func parseHash(text string) (h [32]byte, err error) {
	if !isHash(text) {
		return h, ErrPath
	}
	_, err = hex.Decode(h[:], []byte(text))
	return h, err
}
