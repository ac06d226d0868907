package swarm

import (
	"slices"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// metadataFetch is the info dictionary as one peer gives it (https://www.bittorrent.org/beps/bep_0009.html). It is never put together
// from several peers, so that a wrong one proves who lied.
type metadataFetch struct {
	fetching  bool
	parts     [][]byte // of wire.MetadataPieceSize, the last shorter; nil: not here yet
	total     int      // bytes
	missing   int      // parts
	requested int      // parts that were asked for
	began     time.Time
	heardPart time.Time
	retry     time.Time // not to be asked before
}

// fetchMetadata asks a peer for the info dictionary; the next one too when that takes long.
func (s *Swarm) fetchMetadata() {
	if s.info != nil || s.stopped {
		return
	}
	busy := 0
	for _, p := range s.peers {
		if p.fetching {
			busy++
		}
	}
	if busy > 0 && (busy >= metadataFetches || s.now.Sub(s.fetchStarted) < metadataNext) {
		return
	}
	if n := slices.IndexFunc(s.peers, s.mayDescribe); n >= 0 {
		s.beginFetch(s.peers[n])
	}
}

func (s *Swarm) mayDescribe(p *peer) bool {
	return !p.fetching && p.metadata != 0 && p.metadataSize > 0 && p.leaving == "" && !s.now.Before(p.retry)
}

func (s *Swarm) beginFetch(p *peer) {
	s.fetchStarted = s.now
	n := (p.metadataSize + wire.MetadataPieceSize - 1) / wire.MetadataPieceSize
	p.metadataFetch = metadataFetch{
		fetching: true, parts: make([][]byte, n), total: p.metadataSize, missing: n, began: s.now, heardPart: s.now,
	}
	for range min(n, metadataPipeline) {
		s.requestPart(p)
	}
}

func (s *Swarm) requestPart(p *peer) {
	if p.requested < len(p.parts) {
		s.sendExtended(p, p.metadata, wire.Metadata{Type: wire.MetadataRequest, Piece: p.requested})
		p.requested++
	}
}

// endFetch lets the peer be asked again only after metadataRetry.
func (s *Swarm) endFetch(p *peer) {
	p.metadataFetch = metadataFetch{retry: s.now.Add(metadataRetry)}
}

func (s *Swarm) gotMetadata(p *peer, payload []byte) {
	m, err := wire.ParseMetadata(payload)
	if err != nil {
		s.drop(p, BadMetadata)
		return
	}
	switch m.Type {
	case wire.MetadataRequest:
		s.gotMetadataRequest(p, m)
	case wire.MetadataData:
		s.gotMetadataPart(p, m)
	case wire.MetadataReject:
		if p.fetching && p.missing > 0 {
			s.endFetch(p)
			s.fetchMetadata()
		}
	}
}

func (s *Swarm) gotMetadataPart(p *peer, m wire.Metadata) {
	if !p.fetching || m.Piece >= p.requested || p.parts[m.Piece] != nil {
		return
	}
	if m.TotalSize != p.total {
		s.drop(p, BadMetadata)
		return
	}
	p.parts[m.Piece] = append([]byte{}, m.Data...)
	p.missing--
	p.heardPart = s.now
	s.requestPart(p)
	s.offerMetadata()
}

// offerMetadata has the next whole info dictionary checked.
func (s *Swarm) offerMetadata() {
	if s.describing || s.info != nil {
		return
	}
	for _, p := range s.peers {
		if p.fetching && p.missing == 0 {
			s.describing, s.describer = true, p
			s.emit(Effect{Kind: InfoReady, Peer: p.id, Block: slices.Concat(p.parts...)})
			return
		}
	}
}

// watchMetadata ends a fetch that stalls, or crawls.
func (s *Swarm) watchMetadata(p *peer) {
	if !p.fetching || p.missing == 0 || p.gone {
		return
	}
	allowed := metadataSlow + time.Duration(len(p.parts))*time.Second
	if s.now.Sub(p.heardPart) >= metadataSlow || s.now.Sub(p.began) >= allowed {
		s.endFetch(p)
	}
}

// Described answers an InfoReady effect: the torrent of the info dictionary, whose hash is the infohash, with the piece layers that are
// known; or nil when it was wrong. It panics when the metadata is known already.
func (s *Swarm) Described(now time.Time, t *metainfo.Torrent) {
	s.begin(now)
	if s.info != nil {
		panic("swarm: described twice")
	}
	giver := s.describer
	s.describing, s.describer = false, nil
	if t == nil {
		s.startOver(giver)
	} else {
		s.cfg.InfohashV2, s.cfg.Layers = t.InfohashV2, t.Layers
		s.describe(t.Info, t.InfoBytes, nil)
		s.welcomeAll()
	}
	s.end()
}

// startOver drops the peer that gave wrong metadata.
func (s *Swarm) startOver(giver *peer) {
	if giver != nil {
		s.drop(giver, BadMetadata)
	}
	s.offerMetadata()
	s.fetchMetadata()
}

// welcomeAll does for each peer what had to wait for the metadata, and says that we have it now.
func (s *Swarm) welcomeAll() {
	for _, p := range s.all() {
		p.metadataFetch = metadataFetch{}
		s.sendExtendedHandshake(p)
		s.replayAvailability(p)
	}
}
