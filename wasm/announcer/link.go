package announcer

import (
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/ticket"
)

const (
	minBackoff = time.Second
	maxBackoff = time.Minute
	loginTime  = 10 * time.Second // for hello, signature and account; then it goes on without
)

// link is the one socket.
type link struct {
	state    linkState
	due      time.Time       // of what the state waits for
	attempts int             // to dial, since something was answered last
	account  bool            // logged in on this socket
	hello    *announce.Hello // once it came
	asked    []asked         // challenges
	idle     bool            // said, and nothing was handed to us since
	paced    time.Time       // when all announces would be sent if none had been sent at once
}

type linkState uint8

const (
	idle    linkState = iota // nothing to do
	waiting                  // to dial again
	dialing
	login // open, but nothing is announced before the login: peers that are met earlier bring no ticket
	ready
)

// wake dials if nothing was to do before.
func (a *Announcer) wake(now time.Time) {
	if a.link.state == idle {
		a.dial(now)
	}
}

func (a *Announcer) dial(now time.Time) {
	a.link = link{state: dialing, due: now.Add(answerTime), attempts: a.link.attempts + 1}
	if a.config.Extended {
		a.emit(Dial{announce.Subprotocol})
	} else {
		a.emit(Dial{})
	}
}

func (a *Announcer) opened(now time.Time, extended bool) {
	if a.link.state != dialing {
		return
	}
	if extended && a.config.PublicKey != [32]byte{} {
		a.link.state, a.link.due = login, now.Add(loginTime)
		return
	}
	a.ready(now)
}

func (a *Announcer) ready(now time.Time) {
	a.link.state, a.link.due = ready, time.Time{}
	a.announceDue(now)
	a.settleDue(now)
}

// greeted asks for the signature that logs in. WebCrypto signs asynchronously, so it comes back as an input.
func (a *Announcer) greeted(m *announce.Hello) {
	if a.link.state < login || a.config.PublicKey == [32]byte{} {
		return
	}
	a.link.hello = m
	a.emit(Sign{ticket.LoginMessage(a.config.Origin, m.Nonce)})
}

// Signed hands over the signature that a [Sign] asked for. One that was asked for on an earlier socket is refused by the server.
func (a *Announcer) Signed(_ time.Time, signature [64]byte) {
	if a.link.hello != nil {
		a.send(&announce.Login{PublicKey: a.config.PublicKey, Signature: signature})
	}
}

func (a *Announcer) loggedIn(now time.Time, m *announce.Account) {
	if a.link.hello == nil || a.link.account {
		return
	}
	a.link.account = true
	a.link.attempts = 0
	a.emit(LoggedIn{m.ID, a.link.hello.ServerKey, a.link.hello.Time})
	a.ready(now)
}

// refused takes an error that belongs to no torrent. Receipts that are refused as a whole are not answered, and so sent again.
func (a *Announcer) refused(now time.Time, m *announce.Error) {
	if a.link.state == login {
		a.emit(Failed{Reason: m.Message})
		a.ready(now)
	}
}

func (a *Announcer) closed(now time.Time) {
	if a.link.state == idle || a.link.state == waiting {
		return
	}
	for _, t := range a.torrents {
		t.lost()
	}
	a.receipts.lost(now)
	a.link = link{state: waiting, due: now.Add(a.backoff()), attempts: a.link.attempts}
}

// backoff doubles with every attempt, and is anything from half of that, so that the clients of a server that stopped do not return
// together.
func (a *Announcer) backoff() time.Duration {
	d := min(maxBackoff, minBackoff<<min(max(0, a.link.attempts-1), 6))
	return d/2 + time.Duration(a.config.Rand.Int64N(int64(d/2)))
}

func (a *Announcer) hangup(now time.Time) {
	if a.link.state >= dialing {
		a.emit(Hangup{})
	}
	a.receipts.lost(now)
	a.link = link{}
}

// linkDue dials again, goes on without a login, or gives up a socket that does not answer.
func (a *Announcer) linkDue(now time.Time) {
	if a.silent(now) {
		a.emit(Hangup{})
		a.closed(now)
	}
	if a.link.due.IsZero() || now.Before(a.link.due) {
		return
	}
	switch a.link.state {
	case waiting:
		a.dial(now)
	case login:
		a.emit(Failed{Reason: "the server did not answer the login"})
		a.ready(now)
	}
}

// silent says whether the server owes an answer for too long.
func (a *Announcer) silent(now time.Time) bool {
	due := a.answerDeadline()
	return !due.IsZero() && !now.Before(due)
}

func (a *Announcer) answerDeadline() (due time.Time) {
	switch a.link.state {
	case dialing:
		due = a.link.due
	case ready:
		for _, t := range a.torrents {
			due = earlier(due, t.unanswered())
		}
	}
	return due
}

func (a *Announcer) linkDeadline() time.Time { return earlier(a.link.due, a.answerDeadline()) }
