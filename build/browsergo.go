package main

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// browserPackages have tests of what only a browser has: they are compiled for it, and web/test/gowasm.test.ts runs them there.
var browserPackages = []string{"./wasm/store"}

// browserTests is where the compiled tests of browserPackages lie, beside the wasm_exec.js that runs them.
const browserTests = "gowasm"

// compileBrowserTests compiles the tests of every browser package, each to a file such as "store.wasm", and gives their directory.
func compileBrowserTests(ctx context.Context, r repo) (string, error) {
	dir := r.cache(browserTests)
	wasmExec, err := toolchainFile(ctx, r, "wasm_exec.js")
	if err != nil {
		return "", err
	}
	content, err := os.ReadFile(wasmExec)
	if err != nil {
		return "", err
	}
	if err := writeFile(filepath.Join(dir, "wasm_exec.js"), content); err != nil {
		return "", err
	}
	for _, pkg := range browserPackages {
		out := filepath.Join(dir, path.Base(pkg)+".wasm")
		err := step("compile the tests of "+strings.TrimPrefix(pkg, "./"), func() error {
			return execute(ctx, r.dir, []string{"GOOS=js", "GOARCH=wasm"}, "go", "test", "-c", "-trimpath", "-o", out, pkg)
		})
		if err != nil {
			return "", err
		}
	}
	return dir, nil
}
