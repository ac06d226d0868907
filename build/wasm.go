package main

import (
	"context"
	"os"
	"path/filepath"
)

// wasmFile is where the engine's WebAssembly lies before it gets the name of its content.
const wasmFile = "engine.wasm"

// compileWasm compiles the engine for the browser. The go command itself skips what has not changed, the link included.
func compileWasm(ctx context.Context, r repo) ([]byte, error) {
	err := execute(ctx, r.dir, []string{"GOOS=js", "GOARCH=wasm"},
		"go", "build", "-trimpath", "-ldflags", "-s -w", "-o", r.cache(wasmFile), "./wasm")
	if err != nil {
		return nil, err
	}
	module, err := os.ReadFile(r.cache(wasmFile))
	if err != nil {
		return nil, err
	}
	return stripLines(module)
}

// toolchainFile is a file of lib/wasm of the toolchain that compiles the engine: wasm_exec.js must be of the same version.
func toolchainFile(ctx context.Context, r repo, name string) (string, error) {
	root, err := output(ctx, r.dir, nil, "go", "env", "GOROOT")
	return filepath.Join(root, "lib", "wasm", name), err
}
