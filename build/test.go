package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// wasmPackages are tested a second time as what they become in the browser, by Node.
var wasmPackages = []string{
	"./wasm/bencode", "./wasm/wire", "./wasm/merkle", "./wasm/metainfo", "./wasm/swarm", "./wasm/store/...", "./wasm/announcer",
	"./signal/announce", "./signal/ticket", "./signal/receipt", "./signal/tracker",
}

// racePackages have goroutines of their own: they are tested a second time under the race detector, in the short form: it finds races in
// what runs, however long that runs.
var racePackages = []string{"./wasm/node", "./wasm/rtc", "./wasm/announcer", "./signal", "./signal/audit", "./signal/seedbox", "./signal/socket", "./signal/api", "./signal/ledger/..."}

// testOptions are the flags of `test`.
type testOptions struct {
	only     *regexp.Regexp // nil: every test
	short    bool
	browsers []browser
	fuzz     time.Duration // for each fuzzer; 0: only the seeds
	screens  bool
}

func parseTestOptions(args []string) (testOptions, error) {
	var o testOptions
	flags := flag.NewFlagSet("test", flag.ExitOnError)
	only := flags.String("run", "", "run only the tests (and TypeScript files) whose name matches this regular expression")
	list := flags.String("browser", "chromium,firefox", "browsers to test in; none leaves the browser tests out")
	flags.BoolVar(&o.short, "short", false, "leave out what takes long")
	flags.DurationVar(&o.fuzz, "fuzz", 0, "also run every fuzzer for this long")
	flags.BoolVar(&o.screens, "screens", false, "also renew the screenshots in docs/screens")
	_ = flags.Parse(args) // exits on an error
	var err error
	if o.browsers, err = chooseBrowsers(*list); err != nil {
		return o, err
	}
	if *only != "" {
		o.only, err = regexp.Compile(*only)
	}
	return o, err
}

// goArgs are the arguments that the options mean to `go test`.
func (o testOptions) goArgs(packages ...string) []string {
	var args []string
	if o.only != nil {
		args = append(args, "-run", o.only.String())
	}
	if o.short {
		args = append(args, "-short")
	}
	return append(args, packages...)
}

// test runs every test there is. Its last line is the count of all.
func test(ctx context.Context, r repo, args []string) error {
	o, err := parseTestOptions(args)
	if err != nil {
		return err
	}
	total := runParts(ctx, testParts(ctx, r, o))
	if total.failed > 0 {
		os.Exit(1) // the count is the last line: no error after it
	}
	return ctx.Err()
}

func testParts(ctx context.Context, r repo, o testOptions) []part {
	var binary string // of the server, once it is built
	parts := []part{
		{"build", func() (tally, error) {
			var err error
			binary, err = buildAll(ctx, r)
			return one(err), err
		}},
		{"gofmt and vet", func() (tally, error) { return checkSources(ctx, r) }},
		{"go test", func() (tally, error) { return goTest(ctx, r, os.Environ(), o.goArgs("./...")...) }},
	}
	if hasRaceDetector(ctx, r) {
		parts = append(parts, part{"go test -race", func() (tally, error) {
			return goTest(ctx, r, append(os.Environ(), "CGO_ENABLED=1"), append([]string{"-race", "-short"}, o.goArgs(racePackages...)...)...)
		}})
	}
	parts = append(parts,
		part{"go test under js/wasm", func() (tally, error) { return wasmTest(ctx, r, o) }},
		part{"TypeScript and browsers", func() (tally, error) { return scriptTest(ctx, r, o, binary) }},
	)
	if o.fuzz > 0 {
		parts = append(parts, part{"fuzz", func() (tally, error) { return fuzz(ctx, r, o.fuzz) }})
	}
	return parts
}

// buildAll builds what the browser tests drive.
func buildAll(ctx context.Context, r repo) (binary string, err error) {
	s, err := buildSite(ctx, r, bestBrotli)
	if err != nil {
		return "", err
	}
	s.printSizes()
	return compileServer(ctx, r)
}

// checkSources checks the form of the Go sources, vets them for both targets, and type-checks the TypeScript tests.
func checkSources(ctx context.Context, r repo) (tally, error) {
	unformatted, err := output(ctx, r.dir, nil, "gofmt", "-l", "build", "signal", "wasm", "web/embed.go")
	if err == nil && unformatted != "" {
		err = fmt.Errorf("gofmt would change:\n%s", unformatted)
	}
	native := execute(ctx, r.dir, nil, "go", "vet", "./...")
	browser := execute(ctx, r.dir, []string{"GOOS=js", "GOARCH=wasm"}, "go", "vet", "./wasm/...")
	types := checkTypes(ctx, r, "web/test")
	var t tally
	for _, err := range []error{err, native, browser, types} {
		t.add(one(err))
	}
	return t, errors.Join(err, native, browser, types)
}

// hasRaceDetector says whether -race can be used: it needs cgo, and so a C compiler.
func hasRaceDetector(ctx context.Context, r repo) bool {
	compiler, err := output(ctx, r.dir, nil, "go", "env", "CC")
	if err == nil {
		_, err = exec.LookPath(compiler)
	}
	return err == nil
}

// wasmTest runs tests under GOOS=js GOARCH=wasm. The environment is cut to what the go command needs: Go's js runtime has room for
// only a few kilobytes of it.
func wasmTest(ctx context.Context, r repo, o testOptions) (tally, error) {
	wrapper, err := toolchainFile(ctx, r, "go_js_wasm_exec")
	if err != nil {
		return tally{}, err
	}
	env := []string{"GOOS=js", "GOARCH=wasm"}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "GO") || name == "PATH" || name == "HOME" || name == "TMPDIR" || name == "XDG_CACHE_HOME" {
			env = append(env, entry)
		}
	}
	return goTest(ctx, r, env, append([]string{"-exec", wrapper}, o.goArgs(wasmPackages...)...)...)
}

// scriptTest runs the TypeScript tests, which drive the real server and real browsers.
func scriptTest(ctx context.Context, r repo, o testOptions, binary string) (tally, error) {
	if binary == "" {
		return tally{}, errors.New("not run: the build failed")
	}
	env, err := scriptEnv(ctx, r, o.browsers, binary)
	if err != nil {
		return tally{}, err
	}
	if o.short {
		env = append(env, "FANSEED_SHORT=1")
	}
	if o.screens {
		env = append(env, "FANSEED_KEEP_SCREENS="+r.path("docs/screens"))
	}
	if len(o.browsers) > 0 {
		dir, err := compileBrowserTests(ctx, r)
		if err != nil {
			return tally{}, err
		}
		env = append(env, "FANSEED_GOWASM="+dir)
	}
	scripts, err := bundleScripts(r, "test", ".test.ts")
	if err != nil {
		return tally{}, err
	}
	if len(o.browsers) == 0 {
		scripts = slices.DeleteFunc(scripts, drivesBrowsers)
	}
	return nodeTests(ctx, r, scripts, env, o.only)
}

// scriptEnv tells a script of web/test or web/bench where everything is. See web/test/harness.ts.
func scriptEnv(ctx context.Context, r repo, chosen []browser, binary string) ([]string, error) {
	env, err := ensureBrowsers(ctx, r, chosen)
	if err != nil {
		return nil, err
	}
	return append(append(os.Environ(), env...),
		"FANSEED_BINARY="+binary,
		"FANSEED_WEB="+r.path("web"),
		"FANSEED_SCRIPTS="+r.path(scriptDir),
		"FANSEED_SCREENS="+r.path("web/test/screens"),
	), nil
}

// fuzz runs every fuzzer for the given time, one after the other.
func fuzz(ctx context.Context, r repo, each time.Duration) (tally, error) {
	listed, err := output(ctx, r.dir, nil, "go", "test", "-list", "^Fuzz", "./...")
	if err != nil {
		return tally{}, err
	}
	var total tally
	var failures []error
	for _, f := range parseFuzzers(listed) {
		err := step(filepath.Base(f.pkg)+" "+f.name, func() error {
			return execute(ctx, r.dir, nil, "go", "test", "-run", "^$", "-fuzz", "^"+f.name+"$", "-fuzztime", each.String(), f.pkg)
		})
		total.add(one(err))
		failures = append(failures, err)
	}
	return total, errors.Join(failures...)
}

type fuzzer struct{ pkg, name string }

// parseFuzzers reads what `go test -list` prints: the names of a package's fuzzers, then a line with the package.
func parseFuzzers(listed string) []fuzzer {
	var all []fuzzer
	var names []string
	for line := range strings.Lines(listed) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 1 && strings.HasPrefix(fields[0], "Fuzz"):
			names = append(names, fields[0])
		case len(fields) >= 2 && fields[0] == "ok":
			for _, name := range names {
				all = append(all, fuzzer{fields[1], name})
			}
			names = nil
		}
	}
	return all
}
