package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// step does one part of a build and tells how long it took, where that is long enough to be felt.
func step(name string, do func() error) error {
	start := time.Now()
	err := do()
	switch took := time.Since(start); {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case took > 200*time.Millisecond:
		fmt.Printf("  %-26s %5.1f s\n", name, took.Seconds())
	}
	return nil
}

// execute runs a program in dir to its end. What it prints comes with the error, and is dropped otherwise.
func execute(ctx context.Context, dir string, env []string, name string, args ...string) error {
	_, err := output(ctx, dir, env, name, args...)
	return err
}

// output runs a program in dir to its end and gives what it wrote on its standard output, without the last newline.
func output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, stdout.String(), stderr.String())
	}
	return strings.TrimSuffix(stdout.String(), "\n"), nil
}
