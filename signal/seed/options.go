package seed

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"log/slog"

	"fanseed/wasm/metainfo"
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
	NoCopy    bool     // it is to make no copy of its own
	Trackers  []string // for stock clients, after the server's own
	Webseeds  []string // URLs, besides the server's
	Listen    string   // "host:port" for stock clients
	NoDHT     bool
	NoUTP     bool
	Data      string             // folder of what is fetched
	Key       ed25519.PrivateKey // of the account
	Name      string             // of the work; "" for that of the file or folder
	Comment   string
	Format    Format
	Private   bool
	Out       io.Writer
	Log       *slog.Logger
}

// Check tells what is wrong with what a person said.
func (o *Options) Check() error {
	if o.Format != Hybrid && o.Format != V1 && o.Format != V2 {
		return fmt.Errorf("there is no format %q; there are hybrid, v1 and v2", o.Format)
	}
	for _, url := range o.Webseeds {
		if !metainfo.IsWebseed(url) {
			return fmt.Errorf("%q is not the address of a webseed", url)
		}
	}
	_, err := originOf(o.Server)
	return err
}
