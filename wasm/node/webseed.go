package node

import (
	"context"
	"errors"
	"slices"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/swarm"
	"fanseed/wasm/wire"
)

const (
	maxWebseeds    = 8       // of one work
	maxRanges      = 3       // that are fetched from one webseed at a time
	maxRange       = 2 << 20 // bytes of one
	rangeStalls    = 20 * time.Second
	webseedRetry   = 2 * time.Second // after a failure; doubled for each after it
	webseedLatest  = 5 * time.Minute
	webseedGivenUp = 30 * time.Minute // what a server said no to
	retryAfterMost = time.Hour        // of what it asks for itself
)

// webseed is an HTTP server with the files of a work (BEP 19), a peer like others
// to the swarm. Blocks that the swarm asks of it are fetched in ranges.
type webseed struct {
	work   *work
	url    string
	peer   swarm.Peer     // 0 while it is not used
	asked  []wire.Message // requests that are not being fetched yet
	ranges []*fetch
	bytes  int64 // of blocks that came

	failed int // times, in a row
	rests  time.Time
	barred bool // it gave wrong bytes: not to be used again
}

// fetch is one run of blocks that lie side by side.
type fetch struct {
	seed   *webseed
	blocks []wire.Message // requests, in order; those that were taken back have no length
	next   int            // of blocks, to come next
	heard  time.Time
	cancel context.CancelFunc
	ended  bool
}

// addWebseeds takes those that the work does not have yet.
func (w *work) addWebseeds(urls []string) {
	if w.node.parts.Fetcher == nil {
		return
	}
	for _, url := range urls {
		known := slices.ContainsFunc(w.webseeds, func(s *webseed) bool { return s.url == url })
		if !known && len(w.webseeds) < maxWebseeds && metainfo.IsWebseed(url) {
			w.webseeds = append(w.webseeds, &webseed{work: w, url: url})
			w.changed = true
		}
	}
}

// webseed finds one by its handle.
func (w *work) webseed(p swarm.Peer) *webseed {
	for _, s := range w.webseeds {
		if s.peer == p && p != 0 {
			return s
		}
	}
	return nil
}

// fetches says that a webseed is in use.
func (w *work) fetches() bool {
	return slices.ContainsFunc(w.webseeds, func(s *webseed) bool { return s.peer != 0 })
}

// serveWebseeds uses those that may be used, and fetches what was asked of them.
func (w *work) serveWebseeds(now time.Time) {
	if !w.active || w.store == nil {
		return
	}
	for _, s := range w.webseeds {
		switch {
		case !w.mayFetch() || w.node.capped.down:
			s.close(now)
		case s.peer == 0 && !s.barred && !now.Before(s.rests):
			s.open(now)
		}
		s.serve(now)
	}
}

func (w *work) closeWebseeds(now time.Time) {
	for _, s := range w.webseeds {
		s.close(now)
	}
}

// open makes it a peer that has everything and never chokes.
func (s *webseed) open(now time.Time) {
	w := s.work
	w.peers++
	s.peer = w.peers
	w.swarm.OpenedWebseed(now, s.peer)
	w.drain(now)
	w.changed = true
}

// close ends all that is under way.
func (s *webseed) close(now time.Time) {
	if s.peer == 0 {
		return
	}
	peer := s.peer
	for _, f := range s.ranges {
		f.end()
	}
	s.peer, s.asked, s.ranges = 0, nil, nil
	s.work.node.downloads.forget(s.work, peer)
	s.work.swarm.Closed(now, peer)
	s.work.drain(now)
	s.work.changed = true
}

func (f *fetch) end() {
	f.ended = true
	f.cancel()
}

// take receives what the swarm says to it. Only requests mean anything.
func (s *webseed) take(m wire.Message) {
	switch m.Kind {
	case wire.KindRequest:
		s.asked = append(s.asked, m)
	case wire.KindCancel:
		s.takeBack(m)
	}
}

func (s *webseed) takeBack(m wire.Message) {
	m.Kind = wire.KindRequest
	same := func(other wire.Message) bool {
		return other.Index == m.Index && other.Begin == m.Begin && other.Length == m.Length
	}
	s.asked = slices.DeleteFunc(s.asked, same)
	for _, f := range slices.Clone(s.ranges) { // takeBack may take f out
		f.takeBack(same)
	}
}

// takeBack ends the fetch once nothing of it is wanted any more.
func (f *fetch) takeBack(which func(wire.Message) bool) {
	wanted := false
	for i := f.next; i < len(f.blocks); i++ {
		if which(f.blocks[i]) {
			f.blocks[i].Kind = wire.KindCancel
		}
		wanted = wanted || f.blocks[i].Kind == wire.KindRequest
	}
	if !wanted {
		f.leave()
	}
}

func (f *fetch) leave() {
	f.end()
	f.seed.ranges = slices.DeleteFunc(f.seed.ranges, func(other *fetch) bool { return other == f })
}

// serve begins to fetch what was asked for, and gives up what stalls.
func (s *webseed) serve(now time.Time) {
	for _, f := range s.ranges {
		if now.Sub(f.heard) >= rangeStalls {
			s.fail(now, errStalled)
			return
		}
	}
	for s.peer != 0 && len(s.ranges) < maxRanges && len(s.asked) > 0 {
		s.fetch(now, s.run())
	}
}

var errStalled = errors.New("the webseed has stalled")

// run takes the requests that lie side by side from what was asked for.
func (s *webseed) run() []wire.Message {
	size, length, n := s.work.torrent.Info.PieceLength, int64(s.asked[0].Length), 1
	at := func(m wire.Message) int64 { return int64(m.Index)*size + int64(m.Begin) }
	for n < len(s.asked) && at(s.asked[n]) == at(s.asked[0])+length && length+int64(s.asked[n].Length) <= maxRange {
		length += int64(s.asked[n].Length)
		n++
	}
	run := slices.Clone(s.asked[:n])
	s.asked = slices.Delete(s.asked, 0, n)
	return run
}

func (s *webseed) fetch(now time.Time, blocks []wire.Message) {
	n, t := s.work.node, s.work.torrent
	ctx, cancel := context.WithCancel(context.Background())
	f := &fetch{seed: s, blocks: blocks, heard: now, cancel: cancel}
	s.ranges = append(s.ranges, f)
	first, last := blocks[0], blocks[len(blocks)-1]
	begin := int64(first.Index)*t.Info.PieceLength + int64(first.Begin)
	end := int64(last.Index)*t.Info.PieceLength + int64(last.Begin) + int64(last.Length)
	parts := webseedParts(s.url, t.Info, begin, end)
	cut := &cutter{blocks: slices.Clone(blocks), give: func(i int, block []byte) {
		n.mail.post(func() { f.got(time.Now(), i, block) })
	}}
	n.jobs.wait(func(running context.Context) func() {
		defer context.AfterFunc(running, cancel)()
		err := fetchParts(ctx, n.parts.Fetcher, parts, cut)
		return func() { f.done(time.Now(), err) }
	})
}

// got hands a block to the swarm.
func (f *fetch) got(now time.Time, i int, block []byte) {
	if f.ended {
		return
	}
	f.heard, f.next = now, i+1
	s, m := f.seed, f.blocks[i]
	s.work.node.budget.received += int64(len(block))
	if m.Kind != wire.KindRequest {
		return
	}
	s.bytes += int64(len(block))
	s.work.swarm.Received(now, s.peer, wire.Message{Kind: wire.KindPiece, Index: m.Index, Begin: m.Begin, Data: block})
	s.work.drain(now)
	s.work.flush(now)
}

func (f *fetch) done(now time.Time, err error) {
	if f.ended {
		return
	}
	f.leave()
	if err != nil {
		f.seed.fail(now, err)
		return
	}
	f.seed.failed = 0
}

// fail stops the use of the webseed for a while. What it was asked for is asked
// of others.
func (s *webseed) fail(now time.Time, err error) {
	s.failed++
	wait := min(webseedLatest, webseedRetry<<min(s.failed-1, 8))
	var bad *BadAnswer
	switch {
	case errors.As(err, &bad) && bad.RetryAfter > 0:
		wait = min(bad.RetryAfter, retryAfterMost)
	case bad != nil && !bad.passing():
		wait = webseedGivenUp
	}
	s.rests = now.Add(s.work.node.jitter(wait))
	s.close(now)
}
