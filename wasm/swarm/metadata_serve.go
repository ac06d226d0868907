package swarm

import "fanseed/wasm/wire"

// metadataServe is what a peer asks of our info dictionary.
type metadataServe struct {
	partsWanted []int
	partsGiven  int
}

// gotMetadataRequest queues a part of the info dictionary. Each peer may have the whole about twice, as some ask again; more is
// rejected.
func (s *Swarm) gotMetadataRequest(p *peer, m wire.Metadata) {
	n := (len(s.infoBytes) + wire.MetadataPieceSize - 1) / wire.MetadataPieceSize
	if p.metadata == 0 {
		return
	}
	if m.Piece >= n || p.partsGiven >= 2*n+4 {
		s.sendExtended(p, p.metadata, wire.Metadata{Type: wire.MetadataReject, Piece: m.Piece})
		return
	}
	p.partsGiven++
	p.partsWanted = append(p.partsWanted, m.Piece)
	s.serveMetadata(p)
}

// serveMetadata sends what was asked for while there is room in the channel.
func (s *Swarm) serveMetadata(p *peer) {
	for len(p.partsWanted) > 0 && p.queued < s.limits.HighWater && p.leaving == "" {
		begin := p.partsWanted[0] * wire.MetadataPieceSize
		end := min(begin+wire.MetadataPieceSize, len(s.infoBytes))
		s.sendExtended(p, p.metadata, wire.Metadata{
			Type: wire.MetadataData, Piece: p.partsWanted[0], TotalSize: len(s.infoBytes), Data: s.infoBytes[begin:end],
		})
		p.queued += end - begin
		p.partsWanted = p.partsWanted[1:]
	}
}
