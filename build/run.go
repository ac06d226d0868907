package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// run builds everything and becomes the server, with args as its flags. The server's address is the last line on the terminal.
func run(ctx context.Context, r repo, args []string) error {
	if _, err := buildSite(ctx, r, quickBrotli); err != nil {
		return err
	}
	binary, err := compileServer(ctx, r)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return become(binary, append([]string{binary, "serve"}, args...))
}

// become replaces this process, so that a signal reaches the server alone and once. Windows has no such call: there the server is a child
// that shares the console, and gets its Ctrl-C from it.
func become(binary string, args []string) error {
	if runtime.GOOS != "windows" {
		return fmt.Errorf("start %s: %w", binary, syscall.Exec(binary, args, os.Environ()))
	}
	cmd := exec.Command(binary, args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}
