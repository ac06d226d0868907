package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// largestWasm is the most that the engine's WebAssembly may weigh after brotli -q 11, in bytes: what a phone on a slow network waits for.
const largestWasm = 900_000

// largestPage is the most that all JavaScript which a page loads before consent may weigh after brotli -q 11, in bytes. It is the same for
// every address, since every address has the same index.html.
const largestPage = 15_000

func TestWasmSize(t *testing.T) {
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	r := repo{dir: dir}
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

// What index.html names, and what that imports before it can run: browsers load it before anybody was asked.
func TestPageSize(t *testing.T) {
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	r := repo{dir: dir}
	if err := installPackages(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	s := &site{files: map[string][]byte{}, names: map[string]string{}}
	if err := bundleAll(t.Context(), r, s, []byte("wasm")); err != nil {
		t.Fatal(err)
	}
	if err := addCompressed(r, s.files, bestBrotli); err != nil {
		t.Fatal(err)
	}
	scripts := s.firstScripts()
	total := 0
	for _, name := range scripts {
		total += len(s.files[name+".br"])
	}
	t.Logf("before consent: %v, %d bytes after brotli -q 11 (limit %d)", scripts, total, largestPage)
	if total == 0 || total > largestPage {
		t.Errorf("got %d bytes after brotli -q 11, want 1 to %d", total, largestPage)
	}
	for _, late := range []string{"engine.js", "page-sharing.js", "page-publishing.js", "page-opening.js", "page-statement.js", "page-proving.js"} {
		if name := s.names[late]; name == "" || slices.Contains(scripts, name) {
			t.Errorf("%s (%q) is not made, or loads before consent", late, name)
		}
	}
}

var (
	namedScript    = regexp.MustCompile(`\b(?:src|href)="/([^"]+\.js)"`)
	importedScript = regexp.MustCompile(`\b(?:import|from)\s*"\.?/([^"]+\.js)"`)
)

// firstScripts are the scripts that index.html names, with all that they import statically.
func (s *site) firstScripts() []string {
	var all []string
	add := func(found [][][]byte) {
		for _, one := range found {
			if name := string(one[1]); !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	add(namedScript.FindAllSubmatch(s.files["index.html"], -1))
	for i := 0; i < len(all); i++ {
		add(importedScript.FindAllSubmatch(s.files[all[i]], -1))
	}
	return all
}
