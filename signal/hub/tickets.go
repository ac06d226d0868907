package hub

import (
	"slices"
	"time"
)

// copyKey names a leecher's copy of a torrent.
type copyKey struct {
	leecher  [16]byte
	infohash [20]byte
}

func (in *introduction) copy() copyKey { return copyKey{in.leecher.account, in.infohash} }

// tickets holds the open tickets whose two sockets are both there.
type tickets struct {
	bySerial map[[16]byte]*introduction
	byCopy   map[copyKey][]*introduction
	trials   trials
	asked    []*introduction // to be stored
	issuing  bool
}

func newTickets() tickets {
	return tickets{bySerial: map[[16]byte]*introduction{}, byCopy: map[copyKey][]*introduction{}, trials: newTrials()}
}

func (t *tickets) add(in *introduction) {
	t.byCopy[in.copy()] = append(t.byCopy[in.copy()], in)
	t.trials.tried(in)
	in.seeder.open = append(in.seeder.open, in)
	in.leecher.open = append(in.leecher.open, in)
	t.asked = append(t.asked, in)
}

// clear closes the copy's tickets on which nothing moves, and those that are over.
func (t *tickets) clear(copy copyKey, now time.Time) {
	for _, in := range slices.Clone(t.byCopy[copy]) {
		failed := in.settled == 0 && now.Sub(in.since) >= failedAfter
		if failed || now.Sub(in.since) >= ticketLifetime {
			t.close(in)
		}
	}
}

// others counts the other seeders with open tickets for the same copy. Two who meet twice have a ticket for each of their
// connections, because nobody here knows which one they keep.
func (t *tickets) others(next *introduction) int {
	seeders := map[[16]byte]bool{}
	for _, in := range t.byCopy[next.copy()] {
		if in.seeder.account != next.seeder.account {
			seeders[in.seeder.account] = true
		}
	}
	return len(seeders)
}

// close forgets a ticket; its receipts can still be settled.
func (t *tickets) close(in *introduction) {
	in.closed = true
	is := func(other *introduction) bool { return other == in }
	delete(t.bySerial, in.ticket.Serial)
	in.seeder.open = slices.DeleteFunc(in.seeder.open, is)
	in.leecher.open = slices.DeleteFunc(in.leecher.open, is)
	t.byCopy[in.copy()] = slices.DeleteFunc(t.byCopy[in.copy()], is)
	if len(t.byCopy[in.copy()]) == 0 {
		delete(t.byCopy, in.copy())
	}
}

// leave closes the tickets of a client that is gone.
func (t *tickets) leave(c *client) {
	for len(c.open) > 0 {
		t.close(c.open[0])
	}
}
