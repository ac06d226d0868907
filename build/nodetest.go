package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/evanw/esbuild/pkg/api"
)

// nodeFileLimit is the longest that one test file may take.
const nodeFileLimit = 20 * time.Minute

// scriptDir is where bundled tests lie: below node_modules, so that Node finds the packages that they import.
const scriptDir = "web/node_modules/.cache/fanseed"

// bundleScripts bundles the TypeScript files of a directory under web for Node: those whose name ends in suffix. Files that end in
// ".page.ts" are bundled for the browser, packages included, and lie beside them.
func bundleScripts(r repo, dir, suffix string) ([]string, error) {
	files, err := filepath.Glob(r.path("web/" + dir + "/*.ts"))
	if err != nil {
		return nil, err
	}
	var scripts []string
	for _, file := range files {
		forPage := strings.HasSuffix(file, ".page.ts")
		if !forPage && !strings.HasSuffix(file, suffix) {
			continue
		}
		out := r.path(scriptDir + "/" + strings.TrimSuffix(filepath.Base(file), ".ts") + ".mjs")
		if err := bundleScript(r, file, out, forPage); err != nil {
			return nil, err
		}
		if !forPage {
			scripts = append(scripts, out)
		}
	}
	return scripts, nil
}

func bundleScript(r repo, file, out string, forPage bool) error {
	options := api.BuildOptions{
		EntryPoints:   []string{file},
		Outfile:       out,
		Bundle:        true,
		Write:         true,
		Format:        api.FormatESModule,
		Target:        api.ES2022,
		Sourcemap:     api.SourceMapInline,
		AbsWorkingDir: r.path("web"),
		Platform:      api.PlatformNode,
		Packages:      api.PackagesExternal,
	}
	if forPage {
		options.Platform, options.Packages, options.Sourcemap = api.PlatformBrowser, api.PackagesBundle, api.SourceMapNone
		options.Define = map[string]string{"global": "globalThis", "process.browser": "true"}
	}
	return messages(api.Build(options).Errors)
}

// drivesBrowsers says whether a bundled test starts browsers.
func drivesBrowsers(script string) bool {
	content, err := os.ReadFile(script)
	return err == nil && bytes.Contains(content, []byte(`launch(t, `))
}

// nodeTests runs every test file by itself, one after the other: the browsers of one leave no room for those of another.
func nodeTests(ctx context.Context, r repo, scripts, env []string, only *regexp.Regexp) (tally, error) {
	var total tally
	var failures []error
	for _, script := range scripts {
		var args []string
		if only != nil && !only.MatchString(filepath.Base(script)) {
			args = []string{"--test-name-pattern", "/" + only.String() + "/"}
		}
		fmt.Printf("-- %s\n", strings.TrimSuffix(filepath.Base(script), ".mjs"))
		counted, err := nodeTest(ctx, r, script, env, args)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", filepath.Base(script), err))
			counted.failed = max(counted.failed, 1)
		}
		total.add(counted)
	}
	return total, errors.Join(failures...)
}

// nodeTest runs one test file and counts its tests. Node gets a polite end first, so that it can end its browsers and servers.
func nodeTest(ctx context.Context, r repo, script string, env, args []string) (tally, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, nodeFileLimit, fmt.Errorf("ended after %s", nodeFileLimit))
	defer cancel()
	report := script + ".tap"
	args = append(args, "--enable-source-maps", "--test-reporter=spec", "--test-reporter-destination=stdout",
		"--test-reporter=tap", "--test-reporter-destination="+report, script)
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = r.path("web"), env, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return tally{}, context.Cause(ctx)
	}
	tap, readErr := os.ReadFile(report)
	return countTAP(string(tap)), errors.Join(err, readErr)
}

var tapCount = regexp.MustCompile(`(?m)^# (pass|fail|cancelled|skipped|todo) (\d+)$`)

// countTAP reads the closing lines of Node's TAP reporter. What was cancelled has failed.
func countTAP(report string) tally {
	var t tally
	for _, found := range tapCount.FindAllStringSubmatch(report, -1) {
		n, err := strconv.Atoi(found[2])
		if err != nil {
			continue // more digits than an int has
		}
		switch found[1] {
		case "pass":
			t.passed += n
		case "fail", "cancelled":
			t.failed += n
		default:
			t.skipped += n
		}
	}
	return t
}
