package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// A site is what the server hands out, before it is written to web/dist.
type site struct {
	files map[string][]byte // by name in dist
	names map[string]string // name in dist by plain name: "page.js" → "page-1a2b3c4d.js"
}

func (s *site) add(plain, name string, content []byte) {
	s.files[name], s.names[plain] = content, name
}

// addHashed adds an asset whose name is to carry its content's hash, and gives that name.
func (s *site) addHashed(plain string, content []byte) string {
	name := hashedName(plain, contentHash(content))
	s.add(plain, name, content)
	return name
}

func hashedName(plain, hash string) string {
	extension := filepath.Ext(plain)
	return strings.TrimSuffix(plain, extension) + "-" + hash + extension
}

// buildSite builds everything that browsers get and writes it to web/dist, which the server embeds.
func buildSite(ctx context.Context, r repo, brotliQuality int) (*site, error) {
	wasm, err := prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	s := &site{files: map[string][]byte{}, names: map[string]string{}}
	if err := step("bundle", func() error { return bundleAll(ctx, r, s, wasm) }); err != nil {
		return nil, err
	}
	if err := step("compress", func() error { return addCompressed(r, s.files, brotliQuality) }); err != nil {
		return nil, err
	}
	if err := forgetCompressed(r); err != nil {
		return nil, err
	}
	return s, s.write(r.path("web/dist"))
}

// prepare compiles the engine while npm fetches what the web side needs and TypeScript is checked. Neither needs the other.
func prepare(ctx context.Context, r repo) (wasm []byte, err error) {
	var group errgroup.Group // one's failure must not end the other: half an npm install is worse than none
	group.Go(func() error {
		return step("compile the engine", func() (err error) {
			wasm, err = compileWasm(ctx, r)
			return err
		})
	})
	group.Go(func() error {
		if err := step("install npm packages", func() error { return installPackages(ctx, r) }); err != nil {
			return err
		}
		return step("check types", func() error { return checkTypes(ctx, r, "web") })
	})
	return wasm, group.Wait()
}

func bundleAll(ctx context.Context, r repo, s *site, wasm []byte) error {
	wasmExec, err := toolchainFile(ctx, r, "wasm_exec.js")
	if err != nil {
		return err
	}
	b := &bundler{repo: r, wasmExec: wasmExec, constants: map[string]string{
		wasmConstant: address(s.addHashed("engine.wasm", wasm)),
	}}
	for _, entry := range bundles {
		if err := b.bundle(entry, s); err != nil {
			return err
		}
	}
	page, err := os.ReadFile(r.path("index.html"))
	if err != nil {
		return err
	}
	if page, err = fillIn(page, s); err != nil {
		return fmt.Errorf("index.html: %w", err)
	}
	s.add("index.html", "index.html", page)
	return nil
}

// write makes dir hold the site and nothing else but the file that keeps the directory in the repository.
func (s *site) write(dir string) error {
	for name, content := range s.files {
		if err := writeFile(filepath.Join(dir, name), content); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if _, ok := s.files[entry.Name()]; ok || entry.Name() == ".gitkeep" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// printSizes prints every asset with its bytes as they are, and after gzip and brotli.
func (s *site) printSizes() {
	fmt.Printf("  %-26s %9s %9s %9s\n", "asset", "bytes", "gzip", "brotli")
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		if extension := filepath.Ext(name); extension != ".br" && extension != ".gz" {
			fmt.Printf("  %-26s %9d %9d %9d\n", name, len(s.files[name]), len(s.files[name+".gz"]), len(s.files[name+".br"]))
		}
	}
}
