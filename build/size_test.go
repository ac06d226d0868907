package main

import (
	"testing"
)

// largestWasm is the most that the engine's WebAssembly may weigh after brotli -q 11, in bytes: what a phone on a slow network waits for.
const largestWasm = 1_250_000

func TestWasmSize(t *testing.T) {
	r := repo{dir: ".."}
	wasm, err := compileWasm(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string][]byte{"engine.wasm": wasm}
	if err := addCompressed(r, forms, bestBrotli); err != nil {
		t.Fatal(err)
	}
	got := len(forms["engine.wasm.br"])
	t.Logf("engine.wasm: %d bytes, %d after gzip -9, %d after brotli -q 11 (limit %d)", len(wasm), len(forms["engine.wasm.gz"]), got, largestWasm)
	if got == 0 || got > largestWasm {
		t.Errorf("got %d bytes after brotli -q 11, want 1 to %d", got, largestWasm)
	}
}
