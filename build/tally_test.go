package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestCountGo(t *testing.T) {
	c := goCounter{printed: map[string]*strings.Builder{}}
	c.read(strings.NewReader(`{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"TestA/sub"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p","Elapsed":1}
{"Action":"skip","Package":"without tests"}
not JSON
`))
	if want := (tally{passed: 2, failed: 1, skipped: 1}); c.tally != want {
		t.Errorf("got %v, want %v", c.tally, want)
	}
}

func TestCountTAP(t *testing.T) {
	got := countTAP("TAP version 13\nok 1 - x\n# tests 9\n# suites 0\n# pass 4\n# fail 1\n# cancelled 2\n# skipped 1\n# todo 1\n# duration_ms 5.1\n")
	if want := (tally{passed: 4, failed: 3, skipped: 2}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTallyLine(t *testing.T) {
	for got, want := range map[string]string{
		tally{passed: 3}.String():                        "3 passed, 0 failed",
		tally{passed: 3, failed: 1, skipped: 2}.String(): "3 passed, 1 failed, 2 skipped",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A part that fails without having counted a test still makes the whole fail.
func TestRunParts(t *testing.T) {
	got := runParts(t.Context(), []part{
		{"counts", func() (tally, error) { return tally{passed: 2}, nil }},
		{"breaks", func() (tally, error) { return tally{}, errors.New("broken") }},
		{"counts and breaks", func() (tally, error) { return tally{passed: 1, failed: 2}, errors.New("broken") }},
	})
	if want := (tally{passed: 3, failed: 3}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestParseFuzzers(t *testing.T) {
	got := parseFuzzers("FuzzA\nFuzzB\nok  \tfanseed/wasm/wire\t0.01s\nok  \tfanseed/build\t0.01s\n?   \tfanseed/web\t[no test files]\nFuzzC\nok  \tfanseed/signal/ticket\t(cached)\n")
	want := []fuzzer{{"fanseed/wasm/wire", "FuzzA"}, {"fanseed/wasm/wire", "FuzzB"}, {"fanseed/signal/ticket", "FuzzC"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestChooseBrowsers(t *testing.T) {
	for list, want := range map[string]int{"none": 0, "firefox": 1, "chromium,firefox": 2} {
		got, err := chooseBrowsers(list)
		if err != nil || len(got) != want {
			t.Errorf("%q: got %d browsers and error %v, want %d", list, len(got), err, want)
		}
	}
	if _, err := chooseBrowsers("lynx"); err == nil {
		t.Error("lynx: got no error")
	}
}
