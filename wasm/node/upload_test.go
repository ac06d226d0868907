package node

import (
	"slices"
	"testing"
	"time"

	"fanseed/wasm/swarm"
)

// timeline serves uploads over virtual time.
type timeline struct {
	u       uploads
	b       budget
	sent    []int // bytes, of each block that went
	refused int
}

func newTimeline(start time.Time, l Limits) *timeline {
	m := &timeline{b: budget{limits: l}}
	m.u.bucket.limit(start, l.UploadRate)
	return m
}

// ask has a peer wait for blocks that it does not pay for.
func (m *timeline) ask(w *work, p swarm.Peer, blocks int) { m.askFor(w, p, blocks, 16<<10, false) }

func (m *timeline) askFor(w *work, p swarm.Peer, blocks int, length uint32, paid bool) {
	for i := range blocks {
		m.u.add(w, p, held{uint32(i), 0, length, func(err error) {
			if err != nil {
				m.refused++
			} else {
				m.sent = append(m.sent, int(p))
			}
		}}, paid)
	}
}

func TestUploadRateIsKept(t *testing.T) {
	start := time.Unix(1000, 0)
	m := newTimeline(start, Limits{UploadRate: 1 << 20})
	m.ask(new(work), 1, 1000)
	for i := range 101 { // ten seconds
		m.u.serve(start.Add(time.Duration(i)*100*time.Millisecond), &m.b)
	}
	if got, most := len(m.sent)*16<<10, 10<<20+(256<<10)+16<<10; got < 9<<20 || got > most {
		t.Errorf("%d bytes in ten seconds at 1 MiB/s, want 9 MiB to %d", got, most)
	}
}

func TestUnlimitedSendsAtOnce(t *testing.T) {
	now := time.Unix(1000, 0)
	m := newTimeline(now, Limits{})
	m.ask(new(work), 1, 500)
	m.u.serve(now, &m.b)
	if len(m.sent) != 500 {
		t.Errorf("%d of 500 blocks went", len(m.sent))
	}
	if got := m.u.deadline(now); !got.IsZero() {
		t.Errorf("an empty queue is due at %v", got)
	}
}

func TestAFloodHoldsUpOnlyItself(t *testing.T) {
	now := time.Unix(1000, 0)
	m := newTimeline(now, Limits{UploadRate: 1 << 20})
	flooded, quiet := new(work), new(work)
	m.ask(flooded, 1, 2000)
	m.ask(flooded, 2, 2)
	m.ask(quiet, 3, 2)
	for i := range 3 {
		m.u.serve(now.Add(time.Duration(i)*time.Second), &m.b)
	}
	if got, want := m.sent[:8], []int{1, 3, 2, 3, 1, 2, 1, 1}; !slices.Equal(got, want) {
		t.Errorf("blocks went to the peers %v, want %v", got, want)
	}
}

func TestWhoPaysGoesFirst(t *testing.T) {
	now := time.Unix(1000, 0)
	m := newTimeline(now, Limits{UploadRate: 1 << 20})
	w := new(work)
	m.askFor(w, 1, 2000, 16<<10, true)
	m.ask(w, 2, 2000)
	m.askFor(w, 3, 2000, 64<<10, false)
	for i := range 101 { // ten seconds
		m.u.serve(now.Add(time.Duration(i)*100*time.Millisecond), &m.b)
	}
	got := map[int]int{} // bytes in KiB, by peer
	for _, p := range m.sent {
		got[p] += map[int]int{1: 16, 2: 16, 3: 64}[p]
	}
	all := got[1] + got[2] + got[3]
	if got[1]*100 < all*85 {
		t.Errorf("who pays got %d of %d KiB", got[1], all)
	}
	if got[2]*100 < all*5 || got[3]*100 < all*5 {
		t.Errorf("those who do not pay got %d and %d of %d KiB", got[2], got[3], all)
	}
}

func TestWhatLeavesTheQueue(t *testing.T) {
	m := newTimeline(time.Unix(1000, 0), Limits{})
	w := new(work)
	m.ask(w, 1, 3)
	m.ask(w, 2, 1)
	if !m.u.free.waits(w, 1, 2, 0, 16<<10) || m.u.free.waits(w, 1, 3, 0, 16<<10) {
		t.Error("the wrong blocks wait")
	}
	if !m.u.free.cancel(w, 1, 2, 0, 16<<10) || m.u.free.cancel(w, 1, 2, 0, 16<<10) {
		t.Error("a block was not taken back once")
	}
	m.u.forget(w, 1)
	m.u.serve(time.Unix(1000, 0), &m.b)
	if want := []int{2}; !slices.Equal(m.sent, want) {
		t.Errorf("blocks went to the peers %v, want %v", m.sent, want)
	}
}

func TestBudgetsEndAndBeginAgain(t *testing.T) {
	for what, test := range map[string]struct {
		limits Limits
		caps   []Cap
	}{
		"day":   {Limits{UploadPerDay: 1 << 20}, []Cap{CapUploadDay}},
		"month": {Limits{UploadPerMonth: 1 << 20}, []Cap{CapUploadMonth}},
		"both":  {Limits{UploadPerDay: 1 << 20, UploadPerMonth: 1 << 20}, []Cap{CapUploadDay, CapUploadMonth}},
	} {
		t.Run(what, func(t *testing.T) {
			now := time.Unix(1000, 0)
			m := newTimeline(now, test.limits)
			m.ask(new(work), 1, 100)
			m.u.serve(now, &m.b)
			if len(m.sent) != 64 || m.refused != 36 {
				t.Errorf("%d blocks of 16 KiB went on a budget of 1 MiB and %d were refused, want 64 and 36", len(m.sent), m.refused)
			}
			if got := m.b.uploads(); !slices.Equal(got, test.caps) {
				t.Errorf("held up by %v, want %v", got, test.caps)
			}
			m.b.used, m.b.sent = Used{}, 0 // the host says that a new day has begun
			m.ask(new(work), 1, 10)
			m.u.serve(now, &m.b)
			if len(m.sent) != 74 || m.b.uploads() != nil {
				t.Errorf("%d blocks went, want 74; held up by %v", len(m.sent), m.b.uploads())
			}
		})
	}
}

func TestPaceAllowsABurstAndThenItsRate(t *testing.T) {
	p := pace{every: time.Second, most: 3}
	now := time.Unix(1000, 0)
	allowed := func(tries int) (n int) {
		for range tries {
			if p.take(now) {
				n++
			}
		}
		return n
	}
	if got := allowed(10); got != 3 {
		t.Errorf("%d at once, want 3", got)
	}
	now = now.Add(2 * time.Second)
	if got := allowed(10); got != 2 {
		t.Errorf("%d two seconds later, want 2", got)
	}
}

func TestInboxIsBounded(t *testing.T) {
	var b inbox
	if got := b.put(make([]byte, 10)); got != inboxFirst {
		t.Errorf("first message: %v", got)
	}
	if got := b.put(make([]byte, maxInbox-10-2*letterhead)); got != inboxWaiting {
		t.Errorf("second message: %v", got)
	}
	if got := b.put([]byte{1}); got != inboxFull {
		t.Errorf("message over the bound: %v", got)
	}
	if got := b.put([]byte{1}); got != inboxWaiting {
		t.Errorf("another: %v: it was told before", got)
	}
	if got := len(b.take()); got != 2 {
		t.Errorf("%d messages, want 2", got)
	}
	var empty inbox
	for n := 0; empty.put(nil) != inboxFull; n++ {
		if n > maxInbox/letterhead {
			t.Fatal("messages without a byte are not bounded")
		}
	}
}
