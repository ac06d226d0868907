package seedbox

import (
	"log/slog"
	"net/http"
	"net/netip"
)

// WebseedConfig says how fast a webseed may be. Rates are in bytes a second; 0 is no limit.
type WebseedConfig struct {
	Client     func(*http.Request) netip.Addr // whose request it is
	PerAddress int64                          // to one address, or one IPv6 /64
	Total      int64                          // to all
	// Seeders counts those who seed a work beside the server; nil: there are none. While there are any, one address gets no more than
	// Yielding of that work.
	Seeders  func(infohash [20]byte) int
	Yielding int64
	Log      *slog.Logger
}

// Webseed serves the files of a shelf's copies over HTTP (BEP 19), below WebseedPath.
type Webseed struct{}

// WebseedPath is where a webseed is: the webseed of a work is WebseedPath, its infohash in hex and a slash.
const WebseedPath = "/webseed/"

// NewWebseed returns the handler of everything below WebseedPath.
func NewWebseed(s *Shelf, c WebseedConfig) *Webseed { panic("not built yet") }

// Sent returns the bytes of bodies that were sent of a work since the start.
func (h *Webseed) Sent(infohash [20]byte) int64 { panic("not built yet") }

func (h *Webseed) ServeHTTP(w http.ResponseWriter, r *http.Request) { panic("not built yet") }
