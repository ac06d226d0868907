package node

import (
	"testing"
	"time"
)

// serveAll lets an uploads queue run over virtual time, and returns how many
// blocks had gone after each step.
func serveAll(u *uploads, start time.Time, steps int, step time.Duration) (sent []int) {
	gone := 0
	for i := range steps {
		before := len(u.queue)
		u.serve(start.Add(time.Duration(i)*step), &Node{parts: Parts{Host: silentHost{}}})
		gone += before - len(u.queue)
		sent = append(sent, gone)
	}
	return sent
}

type silentHost struct{}

func (silentHost) Changed(Snapshot) {}
func (silentHost) Removed([20]byte) {}
func (silentHost) Keep(Receipt)     {}
func (silentHost) Forget([16]byte)  {}
func (silentHost) Sent(bytes int64) {}

func queued(u *uploads, blocks int) {
	for range blocks {
		u.add(16<<10, func() {})
	}
}

func TestUploadRateIsKept(t *testing.T) {
	start := time.Unix(1000, 0)
	var u uploads
	u.limit(start, Limits{UploadRate: 1 << 20})
	queued(&u, 1000)
	sent := serveAll(&u, start, 101, 100*time.Millisecond) // ten seconds
	blocks := sent[len(sent)-1]
	if got, most := blocks*16<<10, 10<<20+(256<<10)+16<<10; got < 9<<20 || got > most {
		t.Errorf("%d bytes in ten seconds at 1 MiB/s, want 9 MiB to %d", got, most)
	}
}

func TestUnlimitedSendsAtOnce(t *testing.T) {
	var u uploads
	u.limit(time.Unix(1000, 0), Limits{})
	queued(&u, 500)
	if got := serveAll(&u, time.Unix(1000, 0), 1, 0); got[0] != 500 {
		t.Errorf("%d of 500 blocks went", got[0])
	}
	if got := u.deadline(time.Unix(1000, 0)); !got.IsZero() {
		t.Errorf("an empty queue is due at %v", got)
	}
}

func TestDayBudgetEndsAndBeginsAgain(t *testing.T) {
	now := time.Unix(1000, 0)
	var u uploads
	u.limit(now, Limits{UploadPerDay: 1 << 20})
	queued(&u, 100)
	if got := serveAll(&u, now, 5, time.Second); got[4] != 64 {
		t.Errorf("%d blocks of 16 KiB went on a budget of 1 MiB, want 64", got[4])
	}
	if got := u.deadline(now); !got.IsZero() {
		t.Errorf("a used-up budget is due at %v", got)
	}
	u.today, u.untold = 0, 0 // the host says that a new day has begun
	if got := serveAll(&u, now, 1, 0); got[0] != 36 {
		t.Errorf("%d blocks went on the new day, want the 36 that waited", got[0])
	}
}

func TestInboxIsBounded(t *testing.T) {
	var b inbox
	if got := b.put(make([]byte, 10)); got != inboxFirst {
		t.Errorf("first message: %v", got)
	}
	if got := b.put(make([]byte, maxInbox-10)); got != inboxWaiting {
		t.Errorf("second message: %v", got)
	}
	if got := b.put([]byte{1}); got != inboxFull {
		t.Errorf("message over the bound: %v", got)
	}
	if got := len(b.take()); got != 2 {
		t.Errorf("%d messages, want 2", got)
	}
	if got := b.put([]byte{1}); got != inboxFirst {
		t.Errorf("message after the inbox was read: %v", got)
	}
}
