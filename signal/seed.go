package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"fanseed/signal/seed"
)

// seedFiles seeds from a terminal until it is told to stop, and returns the exit code. A second signal ends it at once.
func seedFiles(args []string) int {
	o, err := parseSeedFlags(args)
	if err != nil {
		return badFlags(err)
	}
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	context.AfterFunc(stop, cancel)
	if err := seed.Run(stop, o); err != nil {
		fmt.Fprintln(os.Stderr, "fanseed:", err)
		return 1
	}
	return 0
}

func parseSeedFlags(args []string) (o seed.Options, err error) {
	f := flag.NewFlagSet("fanseed seed", flag.ContinueOnError)
	var trackers, webseeds, format string
	var port int
	var verbose bool
	f.StringVar(&o.Server, "server", "http://localhost:8080", "`origin` of the Fanseed server that introduces browsers, and on which the work is published")
	f.BoolVar(&o.NoPublish, "no-publish", false, "do not publish the work on the server; it must know it already, or track every torrent (-open)")
	f.BoolVar(&o.NoCopy, "no-copy", false, "the server is to make no copy of its own of what is published")
	f.StringVar(&trackers, "tracker", "", "`URLs` of ordinary trackers (http or udp) for stock clients, joined by commas; they go into the torrent after the server's own")
	f.StringVar(&webseeds, "webseed", "", "`URLs` at which the work's files are already (BEP 19), joined by commas; they go into the torrent beside the server's")
	f.IntVar(&port, "port", 0, "TCP and UDP `port` for stock clients; 0 takes a free one")
	f.BoolVar(&o.NoUTP, "no-utp", false, "speak with stock clients over TCP alone")
	f.BoolVar(&o.NoDHT, "no-dht", false, "do not find stock clients by DHT and peer exchange; for private torrents neither is ever used")
	f.StringVar(&o.Data, "data", defaultData(), "`folder` of the account's key, and of works that are fetched; it is made if it is missing")
	f.StringVar(&o.Name, "name", "", "`name` of the work; that of the file or folder when empty")
	f.StringVar(&o.Comment, "comment", "", "`comment` in the torrent")
	f.StringVar(&format, "format", string(seed.Hybrid), "versions of BitTorrent: `hybrid`, v1 for clients that refuse hybrids, or v2")
	f.BoolVar(&o.Private, "private", false, "peers come from the torrent's own trackers only (BEP 27)")
	f.BoolVar(&verbose, "verbose", false, "log more")
	f.Usage = func() {
		fmt.Fprintln(f.Output(), "usage: fanseed seed [flags] <files and folders | one .torrent | one magnet link>")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.Sources, o.Trackers, o.Webseeds, o.Format = f.Args(), listed(trackers), listed(webseeds), seed.Format(format)
	o.Listen, o.Out, o.Log = net.JoinHostPort("", strconv.Itoa(port)), os.Stdout, seedLog(verbose)
	return o, completed(&o)
}

func seedLog(verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// completed checks what was said, and reads the account's key.
func completed(o *seed.Options) (err error) {
	if len(o.Sources) == 0 {
		return errors.New("say what to seed: files, folders, a .torrent or a magnet link")
	}
	if err := o.Check(); err != nil {
		return err
	}
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	o.Key, err = loadKey(o.Data, seedKey)
	return err
}

// listed splits what commas join.
func listed(s string) (list []string) {
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}
