package seedbox_test

import (
	"bytes"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fanseed/signal/seedbox"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/node"
	"fanseed/wasm/store"
)

// single is a work of one file.
func single(t *testing.T, name string, length int64) album {
	return newAlbum(t, hybrid, name, 64<<10, metainfo.File{Path: []string{name}, Length: length})
}

// get reads all of a work's first file.
func (e *engine) get(a album) []byte {
	e.t.Helper()
	var out []byte
	for length := a.Info.Size(); int64(len(out)) < length; {
		b, err := e.Read(e.t.Context(), a.Infohash, 0, int64(len(out)), length)
		if err != nil {
			e.t.Fatal(err)
		}
		out = append(out, b...)
	}
	return out
}

// What is published is copied from the artist's tab, who is credited for it. Then it lasts without the artist, and the server earns nothing.
func TestAPublishedWorkIsCopiedAndLasts(t *testing.T) {
	w := newWorld(t)
	b := w.box(t.TempDir(), 1<<30)
	artist, a := newEngine(w, node.Limits{}), single(t, "song.flac", 5<<20+123)
	b.Pull(w.publish(artist, a))
	b.becomes(a, seedbox.Whole)
	w.eventually("the artist is credited", func() bool { return w.confirmed(artist.key) == uint64(a.Info.Size()) })
	artist.end()
	fan := newEngine(w, node.Limits{})
	fan.fetch(a)
	if got := fan.get(a); !bytes.Equal(got, a.content[:a.Info.Size()]) {
		t.Error("the fan's copy differs from the original")
	}
	time.Sleep(100 * time.Millisecond) // for a receipt that must not come
	if got := w.confirmed(w.key); got != 0 {
		t.Errorf("the server was credited %d bytes", got)
	}
	if s, _ := b.Status(a.Infohash); s.Progress != 1 {
		t.Errorf("progress %v", s.Progress)
	}
}

// A run that ends while it fetches goes on where it was, and a copy that is whole is given after a restart without being fetched.
func TestACopyGoesOnAfterARestart(t *testing.T) {
	w, folder := newWorld(t), t.TempDir()
	artist, a := newEngine(w, node.Limits{UploadRate: 2 << 20}), single(t, "song.flac", 6<<20)
	b := w.box(folder, 1<<30)
	b.Pull(w.publish(artist, a))
	w.eventually("some is here", func() bool { s, _ := b.Status(a.Infohash); return s.Progress > 0.2 })
	b.end()
	before := artist.snapshot(a.Infohash).Uploaded
	b = w.box(folder, 1<<30)
	if s, _ := b.Status(a.Infohash); s.State != seedbox.Pulling || s.Progress < 0.2 {
		t.Errorf("after the restart: %+v", s)
	}
	b.becomes(a, seedbox.Whole)
	if sent := artist.snapshot(a.Infohash).Uploaded; sent > a.Info.Size()+1<<20 || sent == before {
		t.Errorf("the artist sent %d bytes of %d, %d before the restart", sent, a.Info.Size(), before)
	}
	b.end()
	artist.end()
	b = w.box(folder, 1<<30)
	b.becomes(a, seedbox.Whole)
	fan := newEngine(w, node.Limits{})
	fan.fetch(a)
	if got := fan.get(a); !bytes.Equal(got, a.content[:a.Info.Size()]) {
		t.Error("the fan's copy differs from the original")
	}
	if b.Received() > 100_000 {
		t.Errorf("%d bytes came after a restart with everything", b.Received())
	}
}

func TestADeclinedWorkIsNotCopied(t *testing.T) {
	w, folder := newWorld(t), t.TempDir()
	b := w.box(folder, 1<<30)
	artist, a, other := newEngine(w, node.Limits{}), single(t, "mine.flac", 1<<20), single(t, "other.flac", 1<<20)
	if err := b.Decline(a.Infohash); err != nil {
		t.Fatal(err)
	}
	b.Pull(w.publish(artist, a))
	b.Pull(w.publish(artist, other))
	b.becomes(other, seedbox.Whole)
	b.becomes(a, seedbox.Declined)
	b.end()
	b = w.box(folder, 1<<30)
	b.becomes(other, seedbox.Whole)
	b.becomes(a, seedbox.Declined)
	if b.Gives(a.Infohash) || !b.Gives(other.Infohash) {
		t.Error("the webseed is told of for the wrong work")
	}
	if err := b.Allow(a.Infohash); err != nil {
		t.Fatal(err)
	}
	b.becomes(a, seedbox.Whole)
	if err := b.Decline(a.Infohash); err != nil {
		t.Fatal(err)
	}
	b.becomes(a, seedbox.Declined)
	if used, whole := b.Used(); whole != 1 || used > other.Info.Size()+1<<10 {
		t.Errorf("%d copies take %d bytes", whole, used)
	}
}

// Where there is no room, a copy makes way that two others seed, and never one that fewer do.
func TestCopiesMakeWay(t *testing.T) {
	w := newWorld(t)
	b := w.box(t.TempDir(), 3<<20)
	artist, fan := newEngine(w, node.Limits{}), newEngine(w, node.Limits{})
	var songs []album
	for _, name := range []string{"one", "two", "three"} {
		a := single(t, name, 1<<20+500_000)
		songs = append(songs, a)
		b.Pull(w.publish(artist, a))
		if name != "three" {
			b.becomes(a, seedbox.Whole)
		}
	}
	b.becomes(songs[2], seedbox.NoRoom)
	fan.fetch(songs[1])
	fan.get(songs[1])
	w.eventually("two others seed the second", func() bool { n, _ := w.hub.Counts(songs[1].Infohash); return n == 3 })
	b.Pull(seedbox.Listed{Infohash: songs[2].Infohash, Length: songs[2].Info.Size()})
	b.becomes(songs[2], seedbox.Whole)
	b.becomes(songs[1], seedbox.Evicted)
	b.becomes(songs[0], seedbox.Whole)
	if used, whole := b.Used(); whole != 2 || used > 3<<20 {
		t.Errorf("%d copies take %d bytes", whole, used)
	}
}

// A file that is damaged on the disk is found when it is read, not served, and mended from those who have it.
func TestADamagedCopyIsMended(t *testing.T) {
	w, folder := newWorld(t), t.TempDir()
	b := w.box(folder, 1<<30)
	w.mux.Handle("/webseed/", b.Webseed(seedbox.WebseedConfig{Client: local}))
	artist, a := newEngine(w, node.Limits{}), single(t, "song.flac", 2<<20)
	b.Pull(w.publish(artist, a))
	b.becomes(a, seedbox.Whole)
	spoil(t, folder, 1<<20)
	if body, whole := w.download(a); whole || !bytes.HasPrefix(a.content, body) {
		t.Errorf("%d bytes were served", len(body))
	}
	b.becomes(a, seedbox.Whole)
	w.eventually("it is served whole", func() bool { body, _ := w.download(a); return bytes.Equal(body, a.content[:a.Info.Size()]) })
	if got := artist.snapshot(a.Infohash).Uploaded; got > a.Info.Size()+128<<10 {
		t.Errorf("%d bytes were fetched to mend one piece", got-a.Info.Size())
	}
}

// download gets a work of one file from the webseed; whole says that nothing was missing.
func (w *world) download(a album) (body []byte, whole bool) {
	response, err := http.Get(w.url + "/webseed/" + hex.EncodeToString(a.Infohash[:]) + "/" + a.Info.Name)
	if err != nil {
		return nil, false
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, false
	}
	body, err = io.ReadAll(response.Body)
	return body, err == nil
}

// spoil changes a byte of the largest file in a folder.
func spoil(t *testing.T, folder string, at int64) {
	t.Helper()
	var largest string
	var size int64
	_ = filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() && info.Size() > size {
			largest, size = path, info.Size()
		}
		return nil
	})
	f, err := os.OpenFile(largest, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

// A work whose seeder never comes does not keep others from their room.
func TestWhatNobodySeedsGivesUpItsRoom(t *testing.T) {
	w := newWorld(t)
	b := w.box(t.TempDir(), 3<<20)
	artist, lost, a := newEngine(w, node.Limits{}), single(t, "lost", 2<<20), single(t, "song", 2<<20)
	listed := w.publish(artist, lost)
	if err := artist.Stop(t.Context(), lost.Infohash); err != nil {
		t.Fatal(err)
	}
	b.Pull(listed)
	b.Pull(w.publish(artist, a))
	b.becomes(a, seedbox.NoRoom)
	b.Waited(t, lost.Infohash)
	b.Pull(seedbox.Listed{Infohash: a.Infohash, Length: a.Info.Size()})
	b.becomes(a, seedbox.Whole)
	b.becomes(lost, seedbox.NoRoom)
}

// A work that the operator removes is gone from the disk at once.
func TestTakedown(t *testing.T) {
	w, folder := newWorld(t), t.TempDir()
	b := w.box(folder, 1<<30)
	artist, a := newEngine(w, node.Limits{}), single(t, "song", 1<<20)
	b.Pull(w.publish(artist, a))
	b.becomes(a, seedbox.Whole)
	if err := w.list.Remove(t.Context(), a.Infohash); err != nil {
		t.Fatal(err)
	}
	w.hub.Revoke(a.Infohash, "a complaint")
	b.Remove(a.Infohash)
	if used, whole := b.Used(); used != 0 || whole != 0 {
		t.Errorf("%d copies take %d bytes", whole, used)
	}
	if _, known := b.Status(a.Infohash); known {
		t.Error("its state is still told")
	}
}

// What is not listed any more when the server starts is deleted.
func TestWhatIsNotListedIsDeleted(t *testing.T) {
	w, folder := newWorld(t), t.TempDir()
	b := w.box(folder, 1<<30)
	artist, a := newEngine(w, node.Limits{}), single(t, "song", 1<<20)
	b.Pull(w.publish(artist, a))
	b.becomes(a, seedbox.Whole)
	b.end()
	if err := w.list.Remove(t.Context(), a.Infohash); err != nil {
		t.Fatal(err)
	}
	b = w.box(folder, 1<<30)
	if used, _ := b.Used(); used != 0 {
		t.Errorf("%d bytes are left", used)
	}
}

// What a tab publishes reaches a stock client over TCP, and what a stock client alone has reaches a tab: one swarm, by the server's copy.
func TestStockClientsAndTabsAreOneSwarm(t *testing.T) {
	w := newWorld(t)
	quiet := slog.New(slog.DiscardHandler)
	config := seedbox.StockConfig{Listen: "127.0.0.1:0", PrivateNets: true, Log: quiet}
	b := w.boxWith(t.TempDir(), 1<<30, &config)
	client, err := seedbox.NewStock(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	server := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(b.StockPort()))
	artist, a, other := newEngine(w, node.Limits{}), single(t, "tab.flac", 3<<20), single(t, "client.flac", 3<<20)

	b.Pull(w.publish(artist, a))
	fetched := store.NewMemory(a.Info, store.NewBudget(1<<30))
	if err := client.Add(a.Torrent, fetched); err != nil {
		t.Fatal(err)
	}
	w.eventually("the client has it", func() bool {
		client.Connect(a.Infohash, server) // again: the copy may not have begun
		return fetched.Have().Full(a.Info.NumPieces())
	})
	b.becomes(a, seedbox.Whole)

	if err := client.Add(other.Torrent, memory(t, other)); err != nil {
		t.Fatal(err)
	}
	listed := w.publish(artist, other)
	if err := artist.Delete(t.Context(), other.Infohash); err != nil {
		t.Fatal(err)
	}
	b.Pull(listed)
	w.eventually("the server has it", func() bool {
		client.Connect(other.Infohash, server)
		s, _ := b.Status(other.Infohash)
		return s.State == seedbox.Whole
	})
	fan := newEngine(w, node.Limits{})
	fan.fetch(other)
	if got := fan.get(other); !bytes.Equal(got, other.content[:other.Info.Size()]) {
		t.Error("the fan's copy differs from the original")
	}
}

// memory is a store that has everything.
func memory(t *testing.T, a album) store.Store {
	t.Helper()
	s := store.NewMemory(a.Info, store.NewBudget(1<<30))
	for i := range a.Info.NumPieces() {
		if err := s.Put(t.Context(), i, a.piece(i)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}
