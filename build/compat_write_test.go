package main

import (
	"fmt"
	"strings"
	"testing"
)

// compatRow is what was shown of one client.
type compatRow struct {
	client  stockClient
	version string
	worked  map[string]bool // "<format> from browser", "<format> to browser"
}

const compatHead = `# Compatibility

Made by the test: ` + "`go test ./build -run TestCompatibility`" + `, which ` + "`go run ./build test`" + ` includes. It installs the clients from Debian, runs each on the loopback interface, and compares SHA-256.

*From a browser*: a tab of Chromium publishes an album of four files, the server (` + "`-seedbox=full`" + `) takes its copy from there over WebRTC, and the client from that over TCP or uTP.
*To a browser*: the client seeds a torrent that it made itself (libtorrent made those of clients that make none), ` + "`fanseed seed`" + ` fetches it from there, and the tab from that.

| client | version | v1 from a browser | v1 to a browser | hybrid from a browser | hybrid to a browser | v2 from a browser | v2 to a browser |
|---|---|---|---|---|---|---|---|
`

const compatTail = `
## What is behind it

The native side that speaks TCP, uTP, DHT and PEX is github.com/anacrolix/torrent v1.61.0, over the same store as the engine that speaks WebRTC.

- **Padding.** Hybrids of several files have padding between them. Clients that know version 1 alone ask for it, and libtorrent 2.0 does in version 2 too,
  behind the last file as well. anacrolix's client as it is ends the connection over such a request; here it takes the padding for a part of the files.
  So a seeder of version 2 alone that is built on anacrolix's client itself may refuse what we ask of the end of its files.
- **Links of version 2.** anacrolix's client answers hash requests (BEP 52) for the layer of the pieces and without proofs. libtorrent asks for proofs for files of
  more than 512 pieces: whoever has no .torrent but a magnet of version 2 alone cannot start such a work over TCP.
- **Links.** ` + "`fanseed seed <magnet>`" + ` learns what a link leads to from the server or from browsers, not over TCP: anacrolix's client does not hold metadata against the infohash.
- **Private torrents** (BEP 27) have a client of their own without DHT and PEX: anacrolix's client does not know them.
- **uTP** is the implementation in Go (github.com/anacrolix/utp): the binary is static.
- **LSD** (BEP 14) is not spoken: anacrolix's client has none.
- **Messages that end anacrolix's process** are taken out before it sees them: pieces of metadata before the first, hashes with proofs or of unknown files; so are URLs of trackers
  that are not in their canonical form or name a user. signal/seedbox/stock_hostile_test.go sends them all.
`

// writeCompat writes docs/compatibility.md.
func writeCompat(t *testing.T, rows []compatRow) {
	t.Helper()
	var b strings.Builder
	b.WriteString(compatHead)
	for _, row := range rows {
		fmt.Fprintf(&b, "| %s | %s |", row.client.name, row.version)
		for _, format := range formats {
			for _, way := range []string{" from browser", " to browser"} {
				fmt.Fprintf(&b, " %s |", row.cell(format, format+way))
			}
		}
		b.WriteString("\n")
	}
	b.WriteString(compatTail)
	if err := writeFile("../docs/compatibility.md", []byte(b.String())); err != nil {
		t.Fatal(err)
	}
}

func (r compatRow) cell(format, what string) string {
	if why := r.client.formats[format]; why != "" {
		return "no: " + why
	}
	if r.worked[what] {
		return "yes"
	}
	return "no"
}
