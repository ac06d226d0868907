package announce

func (m *Reply) Append(dst []byte) []byte {
	w := open(dst, "announce")
	if m.Complete >= 0 {
		w.integer("complete", uint64(m.Complete))
	}
	if m.Incomplete >= 0 {
		w.integer("incomplete", uint64(m.Incomplete))
	}
	if m.Interval > 0 {
		w.integer("interval", uint64(m.Interval))
	}
	w.optional("warning message", m.Warning)
	w.binary("info_hash", m.Infohash)
	return w.close()
}

func (m *RelayedOffer) Append(dst []byte) []byte {
	return relay(dst, "offer", m.SDP, m.OfferID, m.PeerID, m.Infohash)
}

func (m *RelayedAnswer) Append(dst []byte) []byte {
	return relay(dst, "answer", m.SDP, m.OfferID, m.PeerID, m.Infohash)
}

func relay(dst []byte, kind, sdp string, offerID, peerID, infohash [20]byte) []byte {
	w := open(dst, "announce")
	w.description(kind, sdp)
	w.binary("offer_id", offerID)
	w.binary("peer_id", peerID)
	w.binary("info_hash", infohash)
	return w.close()
}

func (m *ScrapeReply) Append(dst []byte) []byte {
	w := open(dst, "scrape")
	w.name("files")
	w = append(w, '{')
	for _, f := range m.Files {
		w.comma()
		w.latin1(f.Infohash)
		w = append(w, ':', '{')
		w.integer("complete", uint64(f.Complete))
		w.integer("incomplete", uint64(f.Incomplete))
		w.integer("downloaded", uint64(f.Downloaded))
		w = append(w, '}')
	}
	w = append(w, '}')
	w.name("flags")
	w = append(w, '{')
	w.integer("min_request_interval", uint64(m.MinInterval))
	w = append(w, '}')
	return w.close()
}

func (m *Failure) Append(dst []byte) []byte {
	action := "announce"
	if m.Scrape {
		action = "scrape"
	}
	w := open(dst, action)
	w.text("failure reason", m.Reason)
	if m.Infohash == [20]byte{} {
		w.text("info_hash", "")
	} else {
		w.binary("info_hash", m.Infohash)
	}
	return w.close()
}

func (m *Hello) Append(dst []byte) []byte {
	w := open(dst, "hello")
	w.hex("nonce", m.Nonce[:])
	w.hex("server_key", m.ServerKey[:])
	w.integer("time", m.Time)
	return w.close()
}

func (m *Account) Append(dst []byte) []byte {
	w := open(dst, "account")
	w.hex("account", m.ID[:])
	return w.close()
}

func (m *Ticket) Append(dst []byte) []byte {
	w := open(dst, "ticket")
	w.hex("infohash", m.Infohash[:])
	w.hex("offer_id", m.OfferID[:])
	w.hex("peer_id", m.PeerID[:])
	w.hex("ticket", m.Ticket)
	return w.close()
}

func (m *Settled) Append(dst []byte) []byte {
	w := open(dst, "settled")
	w.integer("id", m.ID)
	w.openArray("results")
	for _, r := range m.Results {
		w.openElement()
		w.hex("serial", r.Serial[:])
		w.integer("amount", r.Amount)
		w.text("reason", r.Reason)
		r.Promise.append(&w)
		w.closeElement()
	}
	w.closeArray()
	return w.close()
}

func (p Promise) append(w *writer) {
	if p.By == 0 {
		return
	}
	w.name("promise")
	*w = append(*w, '{')
	w.hex("salt", p.Salt[:])
	w.integer("epoch", uint64(p.Epoch))
	w.integer("by", p.By)
	w.hex("signature", p.Signature[:])
	*w = append(*w, '}')
}

func (m *Revoked) Append(dst []byte) []byte {
	w := open(dst, "revoked")
	w.hex("infohash", m.Infohash[:])
	w.text("message", m.Message)
	return w.close()
}

func (m *Ping) Append(dst []byte) []byte {
	w := open(dst, "ping")
	w.hex("nonce", m.Nonce[:])
	return w.close()
}

func (m *Challenge) Append(dst []byte) []byte {
	w := open(dst, "challenge")
	w.integer("id", m.ID)
	w.hex("infohash", m.Infohash[:])
	w.hex("nonce", m.Nonce[:])
	w.integer("count", uint64(m.Count))
	w.integer("deadline", m.Deadline)
	return w.close()
}

func (m *Help) Append(dst []byte) []byte {
	w := open(dst, "help")
	w.hex("infohash", m.Infohash[:])
	w.integer("length", m.Length)
	w.integer("lasts", m.Lasts)
	return w.close()
}

func (m *Error) Append(dst []byte) []byte {
	w := open(dst, "error")
	w.text("code", m.Code)
	w.text("message", m.Message)
	return w.close()
}
