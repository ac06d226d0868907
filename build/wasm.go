package main

import (
	"context"
	"os"
	"path/filepath"
)

// wasmFile is where the engine's WebAssembly lies before it gets the name of its content.
const wasmFile = "engine.wasm"

// notInlined are the packages that are compiled without inlining: those that get smaller by it and are idle while data flows. The runtime
// stays as it is: allocation, channels and the garbage collector would take up to twice as long; so do wire, swarm, node, store and rtc,
// which handle every block.
var notInlined = []string{
	"fmt", "internal/fmtsort",
	"fanseed/signal/announce", "fanseed/wasm/announcer", "fanseed/wasm/bencode", "fanseed/wasm/bridge", "fanseed/wasm/metainfo",
}

// compileWasm compiles the engine for the browser. The go command itself skips what has not changed, the link included.
func compileWasm(ctx context.Context, r repo) ([]byte, error) {
	args := []string{"build", "-trimpath", "-ldflags", "-s -w", "-o", r.cache(wasmFile)}
	for _, path := range notInlined {
		args = append(args, "-gcflags", path+"=-l")
	}
	if err := execute(ctx, r.dir, []string{"GOOS=js", "GOARCH=wasm"}, "go", append(args, "./wasm")...); err != nil {
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
