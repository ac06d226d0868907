package audit

import (
	"slices"
	"time"

	"fanseed/signal/ticket"
)

// fewLeechers is how many in a swarm have a slot with every honest seeder: the fewest slots that clients give (BEP 3). With more of them whoever
// stays choked may wait for its turn.
const fewLeechers = 4

// over says whether a visit has seen enough: everybody has served or was waited for, or it has taken what it may.
func (v *visit) over(now time.Time) bool {
	v.mu.Lock()
	shown := v.shown
	v.mu.Unlock()
	rules, stayed := v.config.Rules, now.Sub(v.begun)
	switch {
	case shown.Err != nil || stayed >= rules.Connect+rules.Patience+rules.Silence || shown.Downloaded >= rules.Most:
		return true
	case stayed < v.stay:
		return false
	case shown.Pieces > 0 && shown.Missing == 0:
		return true
	}
	met := v.paid()
	return (len(met) > 0 || stayed >= rules.Connect) && !slices.ContainsFunc(met, func(p paid) bool { return p.tap.open(now, rules) })
}

// paid is a connection with its ticket.
type paid struct {
	tap    *tap
	ticket ticket.Ticket
}

// paid returns the connections that had tickets, in the order in which they were made.
func (v *visit) paid() (list []paid) {
	for _, t := range v.watched() {
		channel, ok := t.channel()
		v.mu.Lock()
		ticket, known := v.tickets[channel]
		v.mu.Unlock()
		if ok && known {
			list = append(list, paid{t, ticket})
		}
	}
	return list
}

// open says whether there is something to wait for.
func (t *tap) open(now time.Time, rules Rules) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	since, patience := t.opened, rules.Patience
	if t.answered == 0 && !t.first.IsZero() {
		since, patience = t.first, rules.Silence
	}
	return t.closed.IsZero() && t.good < rules.Enough && (since.IsZero() || now.Sub(since) < patience)
}

// results judges the seeders, each once: by the best of its connections, but for bad bytes.
func (v *visit) results() (list []Result) {
	for _, p := range v.paid() {
		next, judged := v.judge(p)
		if !judged {
			continue
		}
		at := slices.IndexFunc(list, func(r Result) bool { return r.Account == next.Account })
		if at < 0 {
			list = append(list, next)
			continue
		}
		r := &list[at]
		r.Bytes, r.Took = r.Bytes+next.Bytes, max(r.Took, next.Took)
		if next.Outcome.weighs() > r.Outcome.weighs() {
			r.Outcome = next.Outcome
		}
	}
	return list
}

// weighs ranks what was seen of one seeder on several connections.
func (o Outcome) weighs() int {
	return slices.Index([]Outcome{Unreachable, Refused, Busy, Served, Corrupt}, o)
}

func (v *visit) judge(p paid) (r Result, judged bool) {
	p.tap.mu.Lock()
	defer p.tap.mu.Unlock()
	f := &p.tap.facts
	r = Result{Account: ticket.Account(p.ticket.Seeder), Infohash: v.torrent.Infohash, Epoch: p.ticket.Epoch, Bytes: f.good}
	if f.answered > 0 {
		r.Took = max(f.last.Sub(f.first), 1)
	}
	switch left := !f.closed.IsZero() && f.closed.Before(v.left); {
	case f.bad+spoilt(v.torrent, f.given) > 0:
		r.Outcome = Corrupt
	case f.good > 0:
		r.Outcome = Served
	case f.answered > 0:
		r.Outcome = Busy
	case left:
		r.Outcome = Unreachable
	case f.opened.IsZero() || v.left.Sub(f.opened) < v.config.Rules.Patience:
		return r, false // it had no time
	case p.ticket.Flags&ticket.Traded != 0:
		r.Outcome = Busy // it has not all of the work itself
	default:
		return v.silent(r, f)
	}
	return r, true
}

// silent judges a seeder that was connected for long and gave nothing.
func (v *visit) silent(r Result, f *facts) (Result, bool) {
	switch {
	case !f.claims:
		r.Outcome = Refused // to the server it says that it has everything
	case !f.unchoked && v.leechers > fewLeechers:
		r.Outcome = Busy
	case !f.unchoked:
		r.Outcome = Refused
	case f.rejected > 0:
		r.Outcome = Busy // as at the end of a budget
	case f.first.IsZero() || v.left.Sub(f.first) < v.config.Rules.Silence:
		return r, false // it was not asked, or only lately
	default:
		r.Outcome = Refused
	}
	return r, true
}
