// Package web owns the files that the server hands to browsers: the page, the engine and its WebAssembly, each beside its brotli and
// gzip form where that is smaller.
//
// `go run ./build` fills dist before it builds the server. In a fresh clone dist is empty: the package compiles, and Dist has no index.html.
// It never builds anything itself.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var files embed.FS

// Dist holds the built files by the path under which the server answers for them: "index.html", "engine.js", "engine-1a2b3c4d.wasm",
// and "engine.js.br" and "engine.js.gz" beside them. The content of a name that ends in "-" and eight hexadecimal digits before its
// extension never changes.
var Dist fs.FS = sub(files, "dist")

func sub(files embed.FS, dir string) fs.FS {
	dist, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // dir is a constant and valid
	}
	return dist
}
