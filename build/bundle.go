package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// A bundle is one entry point, TypeScript or a stylesheet, and what becomes of it.
type bundle struct {
	entry    string // under web
	name     string // in dist, without the extension
	hashed   bool   // whether the name also carries the content's hash, so that caches may keep it for ever
	constant string // name under which the bundles after it, and only they, learn this one's address; may be empty
	parts    bool   // what it imports dynamically becomes files of their own, which browsers load when they need them; always hashed
}

// bundles are built in this order.
var bundles = []bundle{
	{entry: "engine/worker.ts", name: "worker", hashed: true, constant: "__WORKER_URL__"},
	{entry: "engine/engine.ts", name: "engine"},
	{entry: "sw/sw.ts", name: "sw"},
	{entry: "page/page.css", name: "page", hashed: true},
	{entry: "page/main.ts", name: "page", parts: true},
}

// wasmConstant is the name under which every bundle learns the address of the engine's WebAssembly.
const wasmConstant = "__WASM_URL__"

// A bundler turns entry points into assets.
type bundler struct {
	repo      repo
	wasmExec  string            // path of the toolchain's wasm_exec.js
	constants map[string]string // JavaScript expressions by constant
}

// address is the value of a constant that names an asset.
func address(name string) string { return strconv.Quote("/" + name) }

// bundle builds one entry point and adds its files to the site.
func (b *bundler) bundle(entry bundle, site *site) error {
	options := b.options()
	options.EntryPointsAdvanced = []api.EntryPoint{{InputPath: b.repo.path("web/" + entry.entry), OutputPath: entry.name}}
	if entry.parts {
		return b.split(entry, options, site)
	}
	result := api.Build(options)
	if err := messages(result.Errors); err != nil {
		return err
	}
	for _, file := range result.OutputFiles {
		name := filepath.Base(file.Path)
		if entry.hashed {
			name = site.addHashed(name, file.Contents)
		} else {
			site.add(name, name, file.Contents)
		}
		if entry.constant != "" && filepath.Ext(name) == ".js" {
			b.constants[entry.constant] = address(name)
		}
	}
	return nil
}

func (b *bundler) options() api.BuildOptions {
	return api.BuildOptions{
		Bundle:            true,
		Format:            api.FormatESModule,
		Platform:          api.PlatformBrowser,
		Target:            api.ES2022,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		LegalComments:     api.LegalCommentsNone,
		Charset:           api.CharsetUTF8,
		Define:            b.constants,
		External:          []string{"/engine.js"}, // the page uses the engine that every other site gets
		Plugins:           []api.Plugin{provide(`(^|/)wasm_exec(\.js)?$`, b.wasmExec)},
		AbsWorkingDir:     b.repo.path("web"),
		Outdir:            b.repo.path("web/dist"),
	}
}

// provide lets every import that matches pattern mean one file.
func provide(pattern, file string) api.Plugin {
	return api.Plugin{Name: "provide", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: pattern}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: file}, nil
		})
	}}
}

// messages makes one error of what esbuild found.
func messages(found []api.Message) error {
	if len(found) == 0 {
		return nil
	}
	return errors.New(strings.Join(api.FormatMessages(found, api.FormatMessagesOptions{Kind: api.ErrorMessage}), ""))
}

// localReference is a src or href of a page that names a file of the same server.
var localReference = regexp.MustCompile(`\b(src|href)="/([^"/][^"]*\.[a-z0-9]+)"`)

// fillIn puts the built names into a page that names assets by their plain ones, such as "/page.js". A page that names a file that
// was not built is an error.
func fillIn(page []byte, site *site) ([]byte, error) {
	var missing []string
	filled := localReference.ReplaceAllFunc(page, func(found []byte) []byte {
		parts := localReference.FindSubmatch(found)
		name, ok := site.names[string(parts[2])]
		if !ok {
			missing = append(missing, string(parts[2]))
		}
		return fmt.Appendf(nil, `%s="/%s"`, parts[1], name)
	})
	if missing != nil {
		return nil, fmt.Errorf("names %s, which the build does not make", strings.Join(missing, ", "))
	}
	return filled, nil
}
