package announce

var eventNames = [...]string{EventUpdate: "", EventStarted: "started", EventCompleted: "completed", EventStopped: "stopped"}

func (m *Announce) Append(dst []byte) []byte {
	w := open(dst, "announce")
	w.binary("info_hash", m.Infohash)
	w.binary("peer_id", m.PeerID)
	if m.NumWant >= 0 {
		w.integer("numwant", uint64(m.NumWant))
	}
	w.number("uploaded", m.Uploaded)
	w.number("downloaded", m.Downloaded)
	w.left(m.Left)
	w.optional("event", eventNames[m.Event])
	if len(m.Offers) > 0 {
		w.offers(m.Offers)
	}
	return w.close()
}

// left writes null where it is not known, as webtorrent does before it has the metadata.
func (w *writer) left(left float64) {
	if left < 0 {
		w.name("left")
		*w = append(*w, "null"...)
		return
	}
	w.number("left", left)
}

func (w *writer) offers(offers []Offer) {
	w.openArray("offers")
	for _, o := range offers {
		w.openElement()
		w.description("offer", o.SDP)
		w.binary("offer_id", o.ID)
		w.closeElement()
	}
	w.closeArray()
}

func (m *Answer) Append(dst []byte) []byte {
	w := open(dst, "announce")
	w.binary("info_hash", m.Infohash)
	w.binary("peer_id", m.PeerID)
	w.binary("to_peer_id", m.To)
	w.description("answer", m.SDP)
	w.binary("offer_id", m.OfferID)
	return w.close()
}

func (m *Scrape) Append(dst []byte) []byte {
	w := open(dst, "scrape")
	if len(m.Infohashes) > 0 {
		w.openArray("info_hash")
		for _, infohash := range m.Infohashes {
			w.comma()
			w.latin1(infohash)
		}
		w.closeArray()
	}
	return w.close()
}

func (m *Login) Append(dst []byte) []byte {
	w := open(dst, "login")
	w.hex("public_key", m.PublicKey[:])
	w.hex("signature", m.Signature[:])
	return w.close()
}

func (m *Settle) Append(dst []byte) []byte {
	w := open(dst, "settle")
	w.integer("id", m.ID)
	w.openArray("receipts")
	for _, r := range m.Receipts {
		w.openElement()
		w.hex("serial", r.Serial[:])
		w.integer("amount", r.Amount)
		w.hex("signature", r.Signature[:])
		w.closeElement()
	}
	w.closeArray()
	return w.close()
}

func (m *Pong) Append(dst []byte) []byte {
	w := open(dst, "pong")
	w.hex("nonce", m.Nonce[:])
	return w.close()
}

func (m *Idle) Append(dst []byte) []byte {
	w := open(dst, "idle")
	w.integer("room", m.Room)
	return w.close()
}

func (m *Proof) Append(dst []byte) []byte {
	w := open(dst, "proof")
	w.integer("id", m.ID)
	w.integer("index", uint64(m.Index))
	if m.Begin > 0 {
		w.integer("begin", uint64(m.Begin))
	}
	if len(m.Path) > 0 {
		w.hex("path", m.Path)
	}
	w.base64("block", m.Block)
	return w.close()
}
