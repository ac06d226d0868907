package announcer

import (
	"slices"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/ticket"
)

// torrent is one infohash that is announced.
type torrent struct {
	infohash                   [20]byte
	uploaded, downloaded, left float64
	announced                  bool      // on this socket
	due                        time.Time // of the next announce; zero: at once
	sent                       []sent    // announces that have no reply yet, oldest first
}

// sent is an announce that waits for its reply.
type sent struct {
	at     time.Time
	offers bool
}

func (a *Announcer) torrent(infohash [20]byte) *torrent {
	for _, t := range a.torrents {
		if t.infohash == infohash {
			return t
		}
	}
	return nil
}

// lost forgets what the closed socket knew.
func (t *torrent) lost() { t.announced, t.due, t.sent = false, time.Time{}, nil }

// unanswered returns when the oldest announce without a reply shows that the socket is dead.
func (t *torrent) unanswered() time.Time {
	if len(t.sent) == 0 {
		return time.Time{}
	}
	return t.sent[0].at.Add(answerTime)
}

// announceDue announces every torrent whose time has come, but no more at once than a server takes: it reads a few messages a second. The
// others follow at the next Deadline.
func (a *Announcer) announceDue(now time.Time) {
	mayNot := func() bool { return a.link.paced.Sub(now) > announceBurst*a.config.Pace }
	if a.link.state != ready || mayNot() {
		return
	}
	for _, t := range a.longestDue(now) {
		if mayNot() {
			return
		}
		a.link.paced = later(a.link.paced, now).Add(a.config.Pace)
		event := announce.EventUpdate
		if !t.announced {
			event = announce.EventStarted
		}
		t.announced = true
		a.announce(now, t, event, nil)
	}
}

// longestDue returns the torrents whose time has come, in the order in which it came: where there are more than the pace allows, each has its
// turn.
func (a *Announcer) longestDue(now time.Time) []*torrent {
	due := slices.DeleteFunc(slices.Clone(a.torrents), func(t *torrent) bool { return now.Before(t.due) })
	slices.SortStableFunc(due, func(a, b *torrent) int { return a.due.Compare(b.due) })
	return due
}

func (a *Announcer) announce(now time.Time, t *torrent, event announce.Event, offers []announce.Offer) {
	offers = offers[:min(len(offers), announce.MaxOffers)]
	t.sent = append(t.sent, sent{now, len(offers) > 0})
	t.due = now.Add(defaultInterval)
	a.send(&announce.Announce{
		Infohash: t.infohash, PeerID: a.config.PeerID, NumWant: len(offers),
		Uploaded: t.uploaded, Downloaded: t.downloaded, Left: t.left, Event: event, Offers: offers,
	})
}

// answered takes the oldest announce that had no reply.
func (t *torrent) answered() (first sent) {
	if len(t.sent) > 0 {
		first, t.sent = t.sent[0], t.sent[1:]
	}
	return first
}

func (a *Announcer) replied(now time.Time, m *announce.Reply) {
	t := a.torrent(m.Infohash)
	if t == nil {
		return
	}
	a.link.attempts = 0
	if m.Interval > 0 {
		t.due = now.Add(min(max(time.Duration(m.Interval)*time.Second, minInterval), maxInterval))
	}
	a.emit(Counts{m.Infohash, m.Complete, m.Incomplete, !t.answered().offers})
	if m.Warning != "" {
		a.emit(Failed{m.Infohash, m.Warning})
	}
}

func (a *Announcer) failed(_ time.Time, m *announce.Failure) {
	t := a.torrent(m.Infohash)
	if t == nil {
		return
	}
	a.link.attempts = 0
	t.answered()
	a.emit(Failed{m.Infohash, m.Reason})
}

func (a *Announcer) gotOffer(m *announce.RelayedOffer) {
	if a.torrent(m.Infohash) != nil && m.PeerID != a.config.PeerID {
		a.emit(GotOffer{m.Infohash, m.PeerID, m.OfferID, m.SDP})
	}
}

func (a *Announcer) gotAnswer(m *announce.RelayedAnswer) {
	if a.torrent(m.Infohash) != nil && m.PeerID != a.config.PeerID {
		a.emit(GotAnswer{m.Infohash, m.PeerID, m.OfferID, m.SDP})
	}
}

// ticketed drops a ticket that is malformed or somebody else's.
func (a *Announcer) ticketed(m *announce.Ticket) {
	t, err := ticket.Parse(m.Ticket)
	if err != nil || t.Infohash != ticket.Infohash(m.Infohash) {
		return
	}
	upload := t.Seeder == a.config.PublicKey
	if upload || t.Leecher == a.config.PublicKey {
		a.emit(Ticketed{m.Infohash, m.PeerID, m.OfferID, t, upload})
	}
}
