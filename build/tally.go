package main

import (
	"context"
	"fmt"
	"time"
)

// A tally counts tests.
type tally struct{ passed, failed, skipped int }

func (t *tally) add(other tally) {
	t.passed += other.passed
	t.failed += other.failed
	t.skipped += other.skipped
}

func (t tally) String() string {
	s := fmt.Sprintf("%d passed, %d failed", t.passed, t.failed)
	if t.skipped > 0 {
		s += fmt.Sprintf(", %d skipped", t.skipped)
	}
	return s
}

// one is the tally of a check that is a single test.
func one(err error) tally {
	if err != nil {
		return tally{failed: 1}
	}
	return tally{passed: 1}
}

// A part is one part of the whole test, such as the Go tests under js/wasm.
type part struct {
	name string
	run  func() (tally, error)
}

// runParts runs every part until it is told to stop, whatever became of those before, and prints a summary whose last line is the tally of all.
func runParts(ctx context.Context, parts []part) tally {
	var total tally
	summary := ""
	for _, p := range parts {
		if ctx.Err() != nil {
			break
		}
		fmt.Printf("\n== %s\n", p.name)
		start := time.Now()
		counted, err := p.run()
		if err != nil {
			fmt.Println(err)
			if counted.failed == 0 {
				counted.failed = 1
			}
		}
		total.add(counted)
		summary += fmt.Sprintf("%-44s %7.1f s  %s\n", p.name, time.Since(start).Seconds(), counted)
	}
	fmt.Printf("\n%s\n%s\n", summary, total)
	return total
}
