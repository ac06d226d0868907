package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFillIn(t *testing.T) {
	s := &site{files: map[string][]byte{}, names: map[string]string{}}
	s.add("page.css", "page-aaaaaaaa.css", nil)
	name := s.addHashed("page.js", []byte("1"))
	const page = `<link href="/page.css"><script src="/page.js"></script><a href="/earnings">…</a><a href="//elsewhere.example/x.js">…</a>`
	got, err := fillIn([]byte(page), s)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("page.css", "page-aaaaaaaa.css", "page.js", name).Replace(page)
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, err := fillIn([]byte(`<script src="/gone.js">`), s); err == nil || !strings.Contains(err.Error(), "gone.js") {
		t.Errorf("a page that names a missing file: got error %v", err)
	}
}

// Each bundle learns the addresses of those before it, and the page keeps the address that every site uses for the engine.
func TestBundle(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"web/engine/worker.ts": `import "wasm_exec"; declare const __WASM_URL__: string; console.log(__WASM_URL__ as string)`,
		"web/engine/engine.ts": `declare const __WORKER_URL__: string; export const worker: string = __WORKER_URL__`,
		"web/page/main.ts":     `declare const __PARTS__: object; export const both = "both"; console.log(__PARTS__); import("/engine.js"); import("./one.js"); import("./two.js")`,
		"web/page/one.ts":      `import { both } from "./main.js"; import { later } from "./later.js"; console.log("one", both, later)`,
		"web/page/two.ts":      `import { both } from "./main.js"; import { later } from "./later.js"; console.log("two", both, later)`,
		"web/page/later.ts":    `export const later = ["later"]`,
		"web/page/page.css":    `b { color: red }`,
		"lib/wasm_exec.js":     `globalThis.Go = class {}`,
	} {
		if err := writeFile(filepath.Join(dir, name), []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	s := &site{files: map[string][]byte{}, names: map[string]string{}}
	b := &bundler{repo: repo{dir}, wasmExec: filepath.Join(dir, "lib/wasm_exec.js"), constants: map[string]string{wasmConstant: address("engine-X.wasm")}}
	for _, entry := range []bundle{
		{entry: "engine/worker.ts", name: "worker", hashed: true, constant: "__WORKER_URL__"},
		{entry: "engine/engine.ts", name: "engine"},
		{entry: "page/page.css", name: "page", hashed: true},
		{entry: "page/main.ts", name: "page", parts: true},
	} {
		if err := b.bundle(entry, s); err != nil {
			t.Fatal(err)
		}
	}
	for plain, want := range map[string]string{
		"worker.js": `globalThis.Go`,
		"engine.js": `"/` + s.names["worker.js"] + `"`,
		"page.js":   `import("/engine.js")`,
		"page.css":  `color:red`,
	} {
		if got := string(s.files[s.names[plain]]); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want something with %q", plain, got, want)
		}
	}
	if got := string(s.files[s.names["worker.js"]]); !strings.Contains(got, `"/engine-X.wasm"`) {
		t.Errorf("worker.js does not name the wasm: %q", got)
	}
	for _, part := range []string{"page-one.js", "page-two.js", "page-shared.js"} {
		if !strings.Contains(string(s.files[s.names["page.js"]]), s.names[part]) || s.files[s.names[part]] == nil {
			t.Errorf("page.js does not name %s, which is %q", part, s.names[part])
		}
	}
	if page := s.names["page.js"]; !strings.Contains(string(s.files[s.names["page-one.js"]]), `from"./`+page+`"`) {
		t.Errorf("a part does not import %s: %q", page, s.files[s.names["page-one.js"]])
	}
	if s.names["engine.js"] != "engine.js" || s.names["worker.js"] == "worker.js" {
		t.Errorf("got names %v: only the worker's carries a hash", s.names)
	}
}

func TestWriteSite(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".gitkeep", "old-aaaaaaaa.js"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := &site{files: map[string][]byte{"index.html": []byte("new")}}
	if err := s.write(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{".gitkeep": true, "old-aaaaaaaa.js": false, "index.html": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: got %v, want there %t", name, err, want)
		}
	}
}

func TestCompress(t *testing.T) {
	r := repo{t.TempDir()}
	for range 2 { // the second time from the cache
		files := map[string][]byte{"a.js": []byte(strings.Repeat("fanseed ", 500)), "b.js": []byte("1"), "c.png": make([]byte, 1000)}
		if err := addCompressed(r, files, quickBrotli); err != nil {
			t.Fatal(err)
		}
		if len(files) != 5 || len(files["a.js.br"]) == 0 || len(files["a.js.gz"]) == 0 {
			t.Errorf("got %d files, want three and a.js.br and a.js.gz: what gets no smaller stays alone", len(files))
		}
	}
	kept, err := os.ReadDir(r.cache("compressed"))
	if err != nil || len(kept) != 4 {
		t.Errorf("got %d kept forms (%v), want two of each script", len(kept), err)
	}
}
