package swarm

import "fanseed/wasm/wire"

// What we want extended messages to us to be numbered.
const (
	extMetadata uint8 = 1 // ut_metadata (BEP 9)
	extReceipt  uint8 = 2 // fs_receipt
)

// extension is what a peer has said in its extended handshake (https://www.bittorrent.org/beps/bep_0010.html).
type extension struct {
	extended     bool  // it speaks the extension protocol
	metadata     uint8 // the Ext that it wants on ut_metadata messages; 0: it does not speak it
	receipt      uint8 // the same for fs_receipt
	metadataSize int   // bytes; 0: it has none
	uploadOnly   bool  // BEP 21
	version      string
}

func (s *Swarm) sendExtendedHandshake(p *peer) {
	if p.extended {
		s.sendExtended(p, wire.ExtHandshake, wire.ExtendedHandshake{
			Metadata:     extMetadata,
			Receipt:      extReceipt,
			MetadataSize: len(s.infoBytes),
			Reqq:         s.limits.Reqq,
			Version:      s.cfg.Version,
			UploadOnly:   s.rests(),
		})
	}
}

func (s *Swarm) gotExtended(p *peer, m wire.Message) {
	switch {
	case !p.extended:
		// Not agreed on: BEP 10 has no rule for it.
	case m.Ext == extReceipt:
		s.gotCredit(p, m.Data)
	case p.leaving != "":
	case m.Ext == wire.ExtHandshake:
		s.gotExtendedHandshake(p, m.Data)
	case m.Ext == extMetadata:
		s.gotMetadata(p, m.Data)
	}
}

// gotExtendedHandshake takes the handshake, or a later one that adds to it.
func (s *Swarm) gotExtendedHandshake(p *peer, payload []byte) {
	h, err := wire.ParseExtendedHandshake(payload)
	if err != nil {
		s.drop(p, BadExtended)
		return
	}
	p.extension.merge(h)
	if h.Reqq > 0 {
		p.reqq = h.Reqq
	}
	if s.info == nil && h.MetadataSize > maxMetadata {
		s.drop(p, BadMetadata)
		return
	}
	s.sayHello(p)
	s.fetchMetadata()
	s.leaveUseless(p)
}

func (e *extension) merge(h wire.ExtendedHandshake) {
	if h.Metadata != 0 {
		e.metadata = h.Metadata
	}
	if h.Receipt != 0 {
		e.receipt = h.Receipt
	}
	if h.MetadataSize != 0 {
		e.metadataSize = h.MetadataSize
	}
	if h.Version != "" {
		e.version = h.Version
	}
	e.uploadOnly = h.UploadOnly
}
