//go:build !js

package node

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

func TestDownloadRateIsKept(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{DownloadRate: 1 << 20})
	a.share(true)
	torrent, data := a.seed(w, 4<<20, 64<<10, 51)
	b.join(torrent)
	eventually(t, "it begins", func() bool { return b.downloaded(torrent.Infohash) > 0 })
	before, from := b.downloaded(torrent.Infohash), time.Now()
	for b.downloaded(torrent.Infohash) < 3<<20 {
		time.Sleep(10 * time.Millisecond)
	}
	got, most := b.downloaded(torrent.Infohash)-before, int64(time.Since(from).Seconds()*(1<<20))+512<<10
	if got > most {
		t.Errorf("%d bytes came, at most %d may in that time", got, most)
	}
	if err := b.SetLimits(t.Context(), Limits{}); err != nil {
		t.Fatal(err)
	}
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
}

func TestAMonthsDownloadBudgetHoldsAndIsShown(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{}), newEngine(t, w, Limits{DownloadPerMonth: 1 << 20})
	a.share(true)
	torrent, data := a.seed(w, 12<<20, 64<<10, 52)
	b.join(torrent)
	eventually(t, "the cap is shown", func() bool { return slices.Equal(b.snapshotOf(torrent.Infohash).Caps, []Cap{CapDownloadMonth}) })
	eventually(t, "nothing is under way", func() bool {
		before := b.downloaded(torrent.Infohash)
		time.Sleep(200 * time.Millisecond)
		return b.downloaded(torrent.Infohash) == before
	})
	if got := b.downloaded(torrent.Infohash); got >= 12<<20 {
		t.Errorf("%d bytes came on a budget of 1 MiB", got)
	}
	if got := b.snapshotOf(torrent.Infohash); got.State != Downloading || got.Err != nil {
		t.Errorf("it is %q, %v: a budget is no error", got.State, got.Err)
	}
	if got := b.receivedTold(); got < 1<<20 {
		t.Errorf("the host was told of %d bytes", got)
	}
	if err := b.SetLimits(t.Context(), Limits{}); err != nil {
		t.Fatal(err)
	}
	if got := b.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
	eventually(t, "the cap is gone", func() bool { return b.snapshotOf(torrent.Infohash).Caps == nil })
}

func TestADaysUploadBudgetHoldsAndIsShown(t *testing.T) {
	w := newWorld(t)
	a, b := newEngine(t, w, Limits{UploadPerDay: 1 << 20}), newEngine(t, w, Limits{})
	a.share(true)
	torrent, data := a.seed(w, 4<<20, 64<<10, 53)
	b.join(torrent)
	eventually(t, "the cap is shown", func() bool { return slices.Equal(a.snapshotOf(torrent.Infohash).Caps, []Cap{CapUploadDay}) })
	if got := b.downloaded(torrent.Infohash); got > 1<<20+16<<10 {
		t.Errorf("%d bytes went on a budget of 1 MiB", got)
	}
	if err := a.SetUsed(t.Context(), Used{}); err != nil { // midnight
		t.Fatal(err)
	}
	if err := a.SetLimits(t.Context(), Limits{}); err != nil {
		t.Fatal(err)
	}
	c := newEngine(t, w, Limits{})
	c.join(torrent)
	if got := c.contents(torrent); !bytes.Equal(got, data) {
		t.Error("the copy differs from the original")
	}
}
