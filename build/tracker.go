package main

import (
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"

	"fanseed/wasm/bencode"
)

// stockTracker is an ordinary tracker (BEP 3, BEP 23) for clients on the loopback interface.
type stockTracker struct {
	url   string
	close func()

	mu     sync.Mutex
	swarms map[string]map[int]bool // ports by infohash
}

func newStockTracker() *stockTracker {
	tracker := &stockTracker{swarms: map[string]map[int]bool{}}
	server := httptest.NewServer(tracker)
	tracker.url, tracker.close = server.URL+"/announce", server.Close
	return tracker
}

// peers counts the peers of all swarms.
func (c *stockTracker) peers() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, swarm := range c.swarms {
		n += len(swarm)
	}
	return n
}

// ServeHTTP implements http.Handler.
func (c *stockTracker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, _ := url.ParseQuery(r.URL.RawQuery)
	port, err := strconv.Atoi(query.Get("port"))
	if err != nil || len(query.Get("info_hash")) != 20 {
		http.Error(w, "not an announce", http.StatusBadRequest)
		return
	}
	peers := c.announce(query.Get("info_hash"), port, query.Get("event") == "stopped")
	_, _ = w.Write(bencode.Append(nil, bencode.Dict{"interval": 3, "min interval": 1, "peers": peers}))
}

// announce returns the other peers of a swarm in their compact form.
func (c *stockTracker) announce(infohash string, port int, stopped bool) (peers []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	swarm := c.swarms[infohash]
	if swarm == nil {
		swarm = map[int]bool{}
		c.swarms[infohash] = swarm
	}
	peers = []byte{}
	for other := range swarm {
		if other != port {
			peers = binary.BigEndian.AppendUint16(append(peers, 127, 0, 0, 1), uint16(other))
		}
	}
	swarm[port] = true
	if stopped {
		delete(swarm, port)
	}
	return peers
}
