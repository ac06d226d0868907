// Command build owns everything between the sources and something that runs: the WebAssembly, the bundles, the compressed assets, the
// server's binary, and every test and measurement. One command needs only Go and Node.js:
//
//	go run ./build run [flags of the server]
//	go run ./build test [-run regexp] [-short] [-browser chromium,firefox] [-fuzz 2m] [-screens]
//	go run ./build bench [-n rounds] [-run regexp]
//	go run ./build release [-os linux] [-arch amd64]
//
// It promises that a build with nothing changed takes seconds, and that two builds of the same sources give the same bytes. It keeps
// what it may forget in .cache and never writes outside the repository, except that `test` and `bench` install missing browsers, and
// the programs that they compare with, with the system's package manager where they run as root.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

var commands = map[string]func(context.Context, repo, []string) error{
	"run":     run,
	"test":    test,
	"bench":   bench,
	"release": release,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := dispatch(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("usage: go run ./build run | test | bench | release  (each with -h for its flags)")
	}
	r, err := openRepo()
	if err != nil {
		return err
	}
	return commands[args[0]](ctx, r, args[1:])
}
