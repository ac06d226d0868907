package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// goTest runs `go test` with args and counts every test and subtest. What a failing test or package printed is shown. The timeout ends what
// hangs; on a busy machine a package may take more than the ten minutes that are usual.
func goTest(ctx context.Context, r repo, env []string, args ...string) (tally, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json", "-timeout", "30m"}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = r.dir, env, os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return tally{}, err
	}
	if err := cmd.Start(); err != nil {
		return tally{}, err
	}
	counter := goCounter{printed: map[string]*strings.Builder{}}
	counter.read(stdout)
	return counter.tally, cmd.Wait()
}

// A goEvent is one line of `go test -json` (go doc test2json, go help buildjson).
type goEvent struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// A goCounter counts the tests of a stream of events.
type goCounter struct {
	tally   tally
	printed map[string]*strings.Builder // what a test, a package, or the compiler printed, until it is known whether anybody wants it
}

func (c *goCounter) read(stream io.Reader) {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e goEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Println(lines.Text())
			continue
		}
		c.event(e)
	}
	_, _ = io.Copy(io.Discard, stream) // a line beyond the limit must not block the tests
}

func (c *goCounter) event(e goEvent) {
	key := e.Package + e.ImportPath + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		if c.printed[key] == nil {
			c.printed[key] = &strings.Builder{}
		}
		c.printed[key].WriteString(e.Output)
	case "build-fail":
		c.show(key)
	case "pass", "fail", "skip":
		c.ended(e, key)
	}
}

// ended counts a test that has ended, or tells of a package that has.
func (c *goCounter) ended(e goEvent, key string) {
	failed := e.Action == "fail"
	if failed && e.Test == "" {
		c.showAll(e.Package)
	}
	if failed {
		c.show(key)
	}
	delete(c.printed, key)
	switch {
	case e.Test == "" && e.Action != "skip":
		fmt.Printf("  %-4s %-34s %6.1f s\n", e.Action, e.Package, e.Elapsed)
	case e.Test == "":
	case failed:
		c.tally.failed++
	case e.Action == "skip":
		c.tally.skipped++
	default:
		c.tally.passed++
	}
}

// showAll shows what those tests of a package printed that have not ended: in the output of one of them is why the process did.
func (c *goCounter) showAll(pkg string) {
	for _, key := range slices.Sorted(maps.Keys(c.printed)) {
		if test, ok := strings.CutPrefix(key, pkg+" "); ok && test != "" {
			c.show(key)
			delete(c.printed, key)
		}
	}
}

func (c *goCounter) show(key string) {
	if text := c.printed[key]; text != nil {
		fmt.Print(text)
	}
}
