package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/andybalholm/brotli"
)

// Brotli qualities. The best takes ten seconds for the engine, and is what tests measure and releases ship; `run` serves loopback, where
// the last fifth of the bytes is not worth the wait.
const (
	quickBrotli = 5
	bestBrotli  = 11
)

// An encoding is a form in which an asset is stored beside the plain one, for the Accept-Encoding of the same name.
type encoding struct {
	extension string
	level     int
	encode    func(io.Writer) io.WriteCloser
}

func encodings(quality int) []encoding {
	return []encoding{
		{".br", quality, func(w io.Writer) io.WriteCloser {
			return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: quality, LGWin: 24})
		}},
		{".gz", gzip.BestCompression, func(w io.Writer) io.WriteCloser {
			gz, err := gzip.NewWriterLevel(w, gzip.BestCompression)
			if err != nil {
				panic(err) // the level is a valid constant
			}
			return gz
		}},
	}
}

// compressible are the extensions of what gets smaller.
var compressible = map[string]bool{".html": true, ".js": true, ".css": true, ".wasm": true, ".svg": true, ".json": true, ".txt": true}

// addCompressed puts the compressed forms of every asset that gets smaller beside it.
func addCompressed(r repo, site map[string][]byte, quality int) error {
	forms := map[string][]byte{}
	for name, content := range site {
		if !compressible[filepath.Ext(name)] {
			continue
		}
		for _, e := range encodings(quality) {
			encoded, err := compress(r, content, e)
			if err != nil {
				return fmt.Errorf("compress %s: %w", name, err)
			}
			if len(encoded) < len(content) {
				forms[name+e.extension] = encoded
			}
		}
	}
	for name, content := range forms {
		site[name] = content
	}
	return nil
}

// compress gives the encoded content, from the cache where the same content was encoded before.
func compress(r repo, content []byte, e encoding) ([]byte, error) {
	kept := r.cache(fmt.Sprintf("compressed/%x-%d%s", sha256.Sum256(content), e.level, e.extension))
	encoded, err := os.ReadFile(kept)
	if err == nil {
		now := time.Now()
		return encoded, os.Chtimes(kept, now, now)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out bytes.Buffer
	w := e.encode(&out)
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), writeFile(kept, out.Bytes())
}

// forgetCompressed drops what no build has used for a week.
func forgetCompressed(r repo) error {
	entries, err := os.ReadDir(r.cache("compressed"))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && time.Since(info.ModTime()) > 7*24*time.Hour {
			err = os.Remove(r.cache("compressed/" + entry.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
