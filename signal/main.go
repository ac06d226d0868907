// Fanseed's server: it introduces the peers of a torrent to each other, witnesses
// what they moved, and credits those who shared.
//
//	fanseed [serve] [flags]   run the server; -help lists the flags
//	fanseed seed [flags] …    seed files, a .torrent or a magnet link; -help lists the flags
//	fanseed check [-data …]   recompute the ledger
//	fanseed verify [flags] …  verify a server's public log; -help lists the flags
//	fanseed version           print the version
//
// This package owns the flags, the wiring of the other packages and their end in
// order. It never decides anything that they do.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
)

func main() {
	command, args := "serve", os.Args[1:]
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		command, args = args[0], args[1:]
	}
	switch command {
	case "serve":
		os.Exit(serve(args))
	case "seed":
		os.Exit(seedFiles(args))
	case "check":
		os.Exit(check(args))
	case "verify":
		os.Exit(verifyLog(args))
	case "version":
		fmt.Println("fanseed", version())
	default:
		fmt.Fprintf(os.Stderr, "fanseed: there is no command %q; there are serve, seed, check, verify and version\n", command)
		os.Exit(2)
	}
}

// badFlags says what is wrong with a command's flags, unless it was asked for help, and returns the exit code.
func badFlags(err error) int {
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintln(os.Stderr, "fanseed:", err)
	return 2
}

// serve runs the server until it is told to stop, and returns the exit code. A
// second signal ends it at once.
func serve(args []string) int {
	o, err := parseFlags(args)
	if err != nil {
		return badFlags(err)
	}
	level := slog.LevelInfo
	if o.verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	context.AfterFunc(stop, cancel)
	s, err := start(stop, o, log)
	if err == nil {
		fmt.Printf("fanseed: %s\n", s.origins[0])
		err = s.wait(stop)
	}
	if err != nil {
		log.Error("server ended", "err", err)
		return 1
	}
	return 0
}

// version is what the go command stamped.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	return info.Main.Version
}
