package seed

import (
	"io"
	"log/slog"
)

// Format is which versions of BitTorrent a torrent that is made is for.
type Format string

// The formats, as the page has them.
const (
	Hybrid Format = "hybrid"
	V1     Format = "v1"
	V2     Format = "v2"
)

// Options are what a person says on the command line.
type Options struct {
	Sources   []string // files, folders, one .torrent, or one magnet link
	Server    string   // origin of the Fanseed server
	NoPublish bool     // nothing is registered with it
	Trackers  []string // for stock clients, after the server's own
	Webseeds  []string // URLs, besides the server's
	Listen    string   // "host:port" for stock clients
	NoDHT     bool
	Data      string // folder of the account, and of what is fetched
	Name      string // of the work; "" for that of the file or folder
	Comment   string
	Format    Format
	Private   bool
	Out       io.Writer
	Log       *slog.Logger
}
