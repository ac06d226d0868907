package tracker

import (
	"container/list"
	"strings"
	"time"

	"fanseed/signal/announce"
)

const maxFingerprints = 1 << 10 // bytes kept of an offer

// offers holds the relayed offers that wait for their answers.
type offers struct {
	byKey map[offerKey]*offer
	order *list.List // of *offer, oldest first
}

// offerKey names an offer by the two peers, so that an offer id that is used twice, or guessed, finds nothing.
type offerKey struct {
	from, to *peer
	id       [20]byte
}

type offer struct {
	key          offerKey
	fingerprints string
	due          time.Time
	element      *list.Element
}

func newOffers() offers { return offers{map[offerKey]*offer{}, list.New()} }

func (o *offers) add(now time.Time, key offerKey, sdp string) {
	o.take(key)
	one := &offer{key: key, fingerprints: fingerprints(sdp), due: now.Add(offerLifetime)}
	one.element = o.order.PushBack(one)
	o.byKey[key] = one
	key.from.waiting++
}

// take removes and returns an offer, nil if it does not wait.
func (o *offers) take(key offerKey) *offer {
	one := o.byKey[key]
	if one != nil {
		delete(o.byKey, key)
		o.order.Remove(one.element)
		key.from.waiting--
	}
	return one
}

func (o *offers) oldest() *offer { return front[*offer](o.order) }

func (o *offers) expire(now time.Time) {
	for one := o.oldest(); one != nil && !now.Before(one.due); one = o.oldest() {
		o.take(one.key)
	}
}

// relayOffers hands each offer to one other peer.
func (t *Tracker) relayOffers(now time.Time, from *peer, offered []announce.Offer) {
	n := min(len(offered), announce.MaxOffers, t.config.MaxOffers-from.waiting)
	for i, to := range t.pick(from, n) {
		t.relay(now, relayed{from, to, offered[i].ID, offered[i].SDP})
	}
}

func relayedOffer(o relayed) *announce.RelayedOffer {
	return &announce.RelayedOffer{Infohash: o.from.swarm.infohash, PeerID: o.from.id, OfferID: o.id, SDP: o.sdp}
}

// answer relays an answer to an offer that waits for it. Nothing else is ever said to the answerer: that the other side left
// meanwhile is usual, and a stock client would warn of it.
func (t *Tracker) answer(c Conn, m *announce.Answer) {
	s := t.swarms[m.Infohash]
	if s == nil {
		return
	}
	from, to := s.peers[m.To], s.peers[m.PeerID]
	if from == nil || to == nil || to.conn.handle != c {
		return
	}
	one := t.offers.take(offerKey{from, to, m.OfferID})
	if one == nil {
		return
	}
	s.introduced++
	t.send(from.conn.handle, &announce.RelayedAnswer{Infohash: m.Infohash, PeerID: to.id, OfferID: m.OfferID, SDP: m.SDP})
	t.emit(Introduced{
		Infohash: m.Infohash, OfferID: m.OfferID,
		Offerer:  Side{from.conn.handle, from.id, from.complete, one.fingerprints},
		Answerer: Side{to.conn.handle, to.id, to.complete, fingerprints(m.SDP)},
	})
}

// fingerprints copies the fingerprint lines out of an SDP, which would stay in memory as long as any part of it.
func fingerprints(sdp string) string {
	var kept strings.Builder
	for line := range strings.Lines(sdp) {
		if strings.HasPrefix(line, "a=fingerprint:") {
			kept.WriteString(line)
		}
	}
	if kept.Len() > maxFingerprints {
		return ""
	}
	return kept.String()
}
