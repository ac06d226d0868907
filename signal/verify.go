package main

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"fanseed/signal/log"
	"fanseed/signal/reward"
	"fanseed/signal/verify"
)

// verifyLog verifies a server's public log, and returns the exit code.
func verifyLog(args []string) int {
	o, err := parseVerifyFlags(args)
	if err != nil {
		return badFlags(err)
	}
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := verify.Run(stop, o); err != nil {
		fmt.Fprintln(os.Stderr, "fanseed:", err)
		return 1
	}
	return 0
}

func parseVerifyFlags(args []string) (o verify.Options, err error) {
	f := flag.NewFlagSet("fanseed verify", flag.ContinueOnError)
	var records string
	f.StringVar(&o.State, "state", "", "`file` of what is kept of the log until the next visit; one for each server in the user's configuration folder when empty")
	f.StringVar(&o.Key, "key", "", "the log's `key`, as somebody you trust says it; the one that was kept, or at first the server's own, when empty")
	f.StringVar(&records, "record", "", "`hashes` of records that must be in the log, such as a promise names, in hexadecimal digits and joined by commas")
	f.Usage = func() {
		fmt.Fprintln(f.Output(), "usage: fanseed verify [flags] <origin of the server, such as https://fanseed.example>")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() != 1 {
		return o, errors.New("say which server: its origin, such as https://fanseed.example")
	}
	o.Server, o.Out, o.Divide = f.Arg(0), os.Stdout, reward.Recompute
	if o.State == "" {
		o.State = stateFile(o.Server)
	}
	for _, record := range listed(records) {
		leaf, err := hex.DecodeString(record)
		if err != nil || len(leaf) != len(log.Hash{}) {
			return o, fmt.Errorf("-record: %q is not a hash of 64 hexadecimal digits", record)
		}
		o.Leaves = append(o.Leaves, log.Hash(leaf))
	}
	return o, nil
}

// stateFile is where a server's state is kept.
func stateFile(server string) string {
	name := server
	if u, err := url.Parse(strings.TrimSpace(server)); err == nil {
		name = strings.ToLower(u.Host)
	}
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '_'
	}, name)
	return filepath.Join(defaultData(), "log", safe+".txt")
}
