package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// machine describes what measurements are taken on.
func machine(ctx context.Context, r repo) string {
	parts := []string{
		fmt.Sprintf("%d × %s (%s/%s)", runtime.NumCPU(), processor(), runtime.GOOS, runtime.GOARCH),
		runtime.Version(),
		"Node.js " + says(ctx, r, "node", "--version"),
	}
	for _, b := range browsers {
		if binary, err := b.find(); err == nil {
			parts = append(parts, says(ctx, r, binary, "--version"))
		}
	}
	return strings.Join(parts, ", ")
}

// processor is the processor's name where the system gives it (Linux, /proc/cpuinfo).
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "processor"
	}
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "processor"
}

// says is the first line that a program prints, or why there is none.
func says(ctx context.Context, r repo, program string, args ...string) string {
	out, err := output(ctx, r.dir, nil, program, args...)
	if err != nil {
		return program + " (unknown)"
	}
	line, _, _ := strings.Cut(out, "\n")
	return line
}
