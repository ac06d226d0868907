package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A measurement is one line of the results: ours beside another's, taken turn by turn in one run, so that each turn gives a ratio that
// the machine's mood cannot change much.
type measurement struct {
	Name    string    `json:"name"`
	Browser string    `json:"browser"` // empty where it makes no difference
	Unit    string    `json:"unit"`
	Beside  string    `json:"beside"` // what ours is compared with
	Ours    []float64 `json:"ours"`
	Theirs  []float64 `json:"theirs"` // as many as ours
	Note    string    `json:"note"`
}

func (m measurement) check() error {
	if len(m.Ours) == 0 || len(m.Ours) != len(m.Theirs) {
		return fmt.Errorf("%s: %d turns of ours, %d of %s", m.Name, len(m.Ours), len(m.Theirs), m.Beside)
	}
	return nil
}

// ratios are ours to theirs, turn by turn.
func (m measurement) ratios() []float64 {
	ratios := make([]float64, len(m.Ours))
	for i := range ratios {
		ratios[i] = m.Ours[i] / m.Theirs[i]
	}
	return ratios
}

// bench measures what is built beside its like. A run of everything writes bench/RESULTS.md.
func bench(ctx context.Context, r repo, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	rounds := flags.Int("n", 5, "turns of each measurement")
	only := flags.String("run", "", "take only the measurements whose line (name, browser, what it is beside) matches this regular expression, and leave bench/RESULTS.md alone")
	_ = flags.Parse(args) // exits on an error
	wanted, err := regexp.Compile("(?i)" + *only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	s, err := buildSite(ctx, r, bestBrotli)
	if err != nil {
		return err
	}
	binary, err := compileServer(ctx, r)
	if err != nil {
		return err
	}
	measured, err := measureSizes(r, s)
	if err != nil {
		return err
	}
	measured = slices.DeleteFunc(measured, func(m measurement) bool { return !wanted.MatchString(m.line()) })
	natively, err := measureNative(ctx, r, binary, *rounds, wanted)
	if err != nil {
		return err
	}
	inBrowsers, err := measureScripts(ctx, r, binary, []string{"FANSEED_ROUNDS=" + strconv.Itoa(*rounds), "FANSEED_RUN=" + *only})
	if err != nil {
		return err
	}
	text := results(machine(ctx, r), version(ctx, r), slices.Concat(measured, natively, inBrowsers))
	fmt.Print(text)
	if *only != "" {
		return nil
	}
	return writeFile(r.path("bench/RESULTS.md"), []byte(text))
}

// line is what -run is compared with; report.ts does the same for what it measures.
func (m measurement) line() string { return m.Name + ", " + m.Browser + ", " + m.Beside }

// measureSizes compares bytes. Sizes do not vary: one turn says everything.
func measureSizes(r repo, s *site) ([]measurement, error) {
	stock, err := os.ReadFile(r.path("web/node_modules/webtorrent/dist/webtorrent.min.js"))
	if err != nil {
		return nil, err
	}
	forms := map[string][]byte{"webtorrent.js": stock}
	if err := addCompressed(r, forms, bestBrotli); err != nil {
		return nil, err
	}
	var measured []measurement
	for _, form := range []struct{ name, extension string }{{"raw", ""}, {"gzip -9", ".gz"}, {"brotli -q 11", ".br"}} {
		measured = append(measured, measurement{
			Name: "engine (wasm, worker, engine.js), " + form.name, Unit: "bytes", Beside: "webtorrent.min.js",
			Ours:   []float64{float64(s.size(form.extension, "engine.wasm", "worker.js", "engine.js"))},
			Theirs: []float64{float64(len(forms["webtorrent.js"+form.extension]))},
			Note:   fmt.Sprintf("fetched only after consent; engine.wasm alone: %d bytes", s.size(form.extension, "engine.wasm")),
		})
	}
	return measured, nil
}

// size adds up assets, given by their plain names, in the form with that extension.
func (s *site) size(extension string, plain ...string) int {
	total := 0
	for _, name := range plain {
		total += len(s.files[s.names[name]+extension])
	}
	return total
}

// measureScripts runs web/bench/*.bench.ts. Each prints its measurements as lines of JSON.
func measureScripts(ctx context.Context, r repo, binary string, settings []string) ([]measurement, error) {
	env, err := scriptEnv(ctx, r, browsers, binary)
	if err != nil {
		return nil, err
	}
	scripts, err := bundleScripts(r, "bench", ".bench.ts")
	if err != nil {
		return nil, err
	}
	var measured []measurement
	for _, script := range scripts {
		found, err := measureScript(ctx, r, script, append(env, settings...))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(script), err)
		}
		measured = append(measured, found...)
	}
	return measured, nil
}

func measureScript(ctx context.Context, r repo, script string, env []string) ([]measurement, error) {
	cmd := exec.CommandContext(ctx, "node", "--enable-source-maps", script)
	cmd.Dir, cmd.Env, cmd.Stderr = r.path("web"), env, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // so that it can end its browsers
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var measured []measurement
	for line := range strings.Lines(string(out)) {
		var m measurement
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
		if err := m.check(); err != nil {
			return nil, err
		}
		measured = append(measured, m)
	}
	return measured, nil
}

// results is the text of bench/RESULTS.md.
func results(machine, version string, measured []measurement) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Measured side by side\n\nWritten by `go run ./build bench` on %s, of %s, on %s.\n\n", time.Now().UTC().Format(time.DateOnly), version, machine)
	b.WriteString("Ours and theirs take turns in one run; the ratio is ours to theirs, turn by turn. Absolute figures are this machine's and this\nhour's: both peers, the server and the browsers share its processors. Ratios carry over.\n\n")
	b.WriteString("| measured | browser | beside | n | ours, median | theirs, median | ratio, median | min | max | note |\n|---|---|---|--:|--:|--:|--:|--:|--:|---|\n")
	for _, m := range measured {
		ratios := m.ratios()
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %s | %s | %.2f | %.2f | %.2f | %s |\n", m.Name, m.Browser, m.Beside, len(ratios),
			amount(median(m.Ours), m.Unit), amount(median(m.Theirs), m.Unit), median(ratios), slices.Min(ratios), slices.Max(ratios), m.Note)
	}
	return b.String()
}

func amount(v float64, unit string) string {
	decimals := 0
	if v < 100 && v != float64(int(v)) {
		decimals = 1
	}
	return strconv.FormatFloat(v, 'f', decimals, 64) + " " + unit
}

// median is the middle value, or the mean of the two middle ones.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
