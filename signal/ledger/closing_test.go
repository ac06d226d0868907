package ledger

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"testing"
	"time"

	"fanseed/signal/reward"
	"fanseed/signal/ticket"
)

// crowded is an epoch in which many seeders gave a leecher of their own as much as any ticket allows, and stayed; the n-th one n minutes.
func crowded(seeders int) *Facts {
	song := [20]byte{1}
	f := &Facts{Treasury: 400_000_000, Works: []Work{{Infohash: song, Leaves: 1 << 30, Common: true}}}
	for n := range seeders {
		var seeder, leecher [16]byte
		binary.BigEndian.PutUint32(seeder[:], uint32(n))
		binary.BigEndian.PutUint32(leecher[:], uint32(n))
		leecher[15] = 1
		f.People = append(f.People, Person{Account: seeder, Reputation: reward.NewReputation}, Person{Account: leecher, Reputation: reward.NewReputation})
		f.Gave = append(f.Gave, Gave{Seeder: seeder, Leecher: leecher, Work: song, Bytes: 16*ticket.MaxLimit - uint64(n)})
		f.Stays = append(f.Stays, Stay{Account: seeder, Work: song, Minutes: uint64(n % 1440), Asked: 8, Passed: 8})
	}
	return f
}

// However much is claimed in an epoch, it can be closed: what counts for least is left out, and said.
func TestAnEpochOfAnySizeIsClosed(t *testing.T) {
	var said bytes.Buffer
	l := &Ledger{epochs: Epochs(24 * time.Hour), emission: 1_000_000, log: slog.New(slog.NewTextHandler(&said, nil))}
	const seeders = 5_000 // who have signed for more than 2⁵³ bytes together
	whole, err := l.closing(1, time.UnixMilli(0), crowded(seeders), maxTable)
	if err != nil || len(whole.Lines) != 2*seeders || whole.Bytes <= reward.MaxAmount || said.Len() > 0 {
		t.Fatalf("whole: %d lines, %d bytes, %v, %s", len(whole.Lines), whole.Bytes, err, said.String())
	}
	c, err := l.closing(1, time.UnixMilli(0), crowded(seeders), len(whole.Payouts)/3)
	if err != nil || max(len(c.Inputs), len(c.Payouts)) > len(whole.Payouts)/3 || c.Bytes != whole.Bytes || said.Len() == 0 {
		t.Fatalf("%d of %d bytes, %d of %d confirmed, %v, %s", len(c.Payouts), len(whole.Payouts), c.Bytes, whole.Bytes, err, said.String())
	}
	for _, line := range c.Lines {
		if n := binary.BigEndian.Uint32(line.Account[:]); line.Kind == reward.Bandwidth && n >= seeders/4 {
			t.Fatalf("one of the smallest is paid: %+v", line)
		}
	}
	again, err := reward.Recompute(c.Inputs)
	if err != nil || !bytes.Equal(again, c.Payouts) {
		t.Errorf("divided again: %v, %d bytes of %d", err, len(again), len(c.Payouts))
	}
	if none, err := l.closing(1, time.UnixMilli(0), crowded(2), 1); err != nil || len(none.Lines) != 0 {
		t.Errorf("with no room at all: %d lines, %v", len(none.Lines), err)
	}
}

// Thousands of boosts of a work are paid by one line for each seeder.
func TestManyBoostsAreFewLines(t *testing.T) {
	l := &Ledger{epochs: Epochs(24 * time.Hour), emission: 1_000_000, log: slog.New(slog.DiscardHandler)}
	f := crowded(10)
	const boosts = 3_000
	for n := range boosts {
		b := Boost{Work: [20]byte{1}, Price: 1_000, First: 1, Epochs: 1}
		binary.BigEndian.PutUint32(b.ID[:], uint32(n))
		f.Slices = append(f.Slices, Slice{b, 1, 980})
	}
	c, err := l.closing(1, time.UnixMilli(0), f, maxTable)
	if err != nil || len(c.Lines) != 30 {
		t.Fatalf("%d lines, %v", len(c.Lines), err)
	}
	paid := uint64(0)
	for _, line := range c.Lines {
		if line.Kind == reward.FromBoost {
			paid += line.Amount
		}
	}
	if paid != boosts*980 {
		t.Errorf("%d µ-credits of %d", paid, boosts*980)
	}
	for _, transfer := range c.Transfers {
		sum := int64(0)
		for _, e := range transfer.Entries {
			sum += e.Amount
		}
		if sum != 0 {
			t.Errorf("%s: the entries sum to %d", transfer.Key, sum)
		}
	}
}
