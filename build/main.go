// Command build owns everything between the sources and something that runs: the WebAssembly, the bundles, the compressed assets, the
// server's binary, and every test and measurement. One command needs only Go and Node.js:
//
//	go run ./build run [flags of the server]
//	go run ./build test [-run regexp] [-short] [-browser chromium,firefox] [-fuzz 2m] [-screens]
//	go run ./build bench [-n rounds] [-run regexp]
//	go run ./build release [-os linux] [-arch amd64]
//	go run ./build vuln
//
// It promises that a build with nothing changed takes seconds, and that two builds of the same sources give the same bytes. It keeps
// what it may forget in .cache and never writes outside the repository, except that `test` and `bench` install missing browsers,
// PostgreSQL, and the programs that they compare with, with the system's package manager where they run as root.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

var commands = map[string]func(context.Context, repo, []string) error{
	"run":     run,
	"test":    test,
	"bench":   bench,
	"release": release,
	"vuln":    vuln,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	plain()
	if err := dispatch(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

// plain has the go command build what is shipped, also for tests: without cgo, and without what anacrolix's client would take by it (uTP in
// C++, SQLite in C) or never uses here (bbolt). The race detector alone needs cgo: see goTest's callers.
func plain() {
	os.Setenv("CGO_ENABLED", "0")
	os.Setenv("GOFLAGS", strings.TrimSpace(os.Getenv("GOFLAGS")+" -tags="+goTags))
}

const goTags = "disable_libutp,nosqlite,noboltdb"

func dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("usage: go run ./build run | test | bench | release | vuln  (each with -h for its flags)")
	}
	r, err := openRepo()
	if err != nil {
		return err
	}
	return commands[args[0]](ctx, r, args[1:])
}
