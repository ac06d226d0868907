package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fanseed/signal/seedbox"
	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
)

// song is a work of one file, and its bytes.
type song struct {
	*metainfo.Torrent
	content []byte
}

const songPiece = 64 << 10

func newSong(seed byte, bytes int) song {
	content := make([]byte, bytes)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(content)
	info := &metainfo.Info{Name: "song", PieceLength: songPiece, Length: int64(bytes), Single: true,
		Files: []metainfo.File{{Path: []string{"song"}, Length: int64(bytes)}}}
	for begin := 0; begin < bytes; begin += songPiece {
		sum := sha1.Sum(content[begin:min(bytes, begin+songPiece)])
		info.Pieces = append(info.Pieces, sum[:]...)
	}
	return song{metainfo.New(info), content}
}

func (s song) hex() string { return hex.EncodeToString(s.Infohash[:]) }

// publisher is somebody else's box: it has works, and seeds them by WebRTC.
type publisher struct {
	*testing.T
	box  *seedbox.Box
	key  ed25519.PrivateKey
	stop func()
}

// publishes starts a publisher of songs, who registers them with the server over HTTP; query is that of each request.
func publishes(t *testing.T, s *server, query string, songs ...song) *publisher {
	t.Helper()
	_, key, _ := ed25519.GenerateKey(nil)
	p := &publisher{T: t, key: key}
	folder := t.TempDir()
	shelf, err := seedbox.OpenShelf(filepath.Join(folder, "shelf"), slog.New(slog.DiscardHandler))
	p.must(err)
	for _, song := range songs {
		p.fill(shelf, song)
	}
	p.box, err = seedbox.NewBox(seedbox.BoxConfig{
		Shelf: shelf, Record: filepath.Join(folder, "wanted.json"), Server: s.origins[0], Dial: s.public.accept.Addr().String(), Key: key,
		Budget: math.MaxInt64 / 2, Works: works{s.listing, s.db}, Counts: s.hub.Counts, Log: slog.New(slog.DiscardHandler),
	})
	p.must(err)
	for _, song := range songs {
		p.register(s, song, query)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.box.Run(ctx) }()
	p.stop = sync.OnceFunc(func() {
		cancel()
		p.must(<-ended)
		p.must(shelf.Close())
	})
	t.Cleanup(p.stop)
	return p
}

func (p *publisher) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *publisher) fill(shelf *seedbox.Shelf, s song) {
	p.Helper()
	c, err := shelf.Open(p.Context(), s.Infohash, s.Info, s.Torrent)
	p.must(err)
	view, err := c.View("publisher", nil, nil)
	p.must(err)
	defer view.Close()
	for i := range s.Info.NumPieces() {
		p.must(view.Put(p.Context(), i, s.content[i*songPiece:min(len(s.content), (i+1)*songPiece)]))
	}
}

// register publishes a song as the page does.
func (p *publisher) register(s *server, work song, query string) {
	p.Helper()
	r, err := http.NewRequest("POST", s.origins[0]+"/v1/works"+query, bytes.NewReader(work.Bytes()))
	p.must(err)
	r.Header.Set("Authorization", authorize(p.key, s.origins[0], r, work.Bytes()))
	response, err := http.DefaultClient.Do(r)
	p.must(err)
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		body, _ := io.ReadAll(response.Body)
		p.Fatalf("publish: %d %s", response.StatusCode, body)
	}
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: never", what)
		}
	}
}

// becomes waits for the state of the server's copy.
func becomes(t *testing.T, s *server, work song, want seedbox.State) {
	t.Helper()
	eventually(t, "the server's copy is "+string(want), func() bool { return copyOf(s.copies.Box, work) == want })
}

// copyOf is the state of a box's copy.
func copyOf(b *seedbox.Box, work song) seedbox.State {
	state, _ := b.Copy(work.Infohash)
	return state
}

// served gets a file from a webseed that the server's answer names.
func served(t *testing.T, s *server, work song) []byte {
	t.Helper()
	_, answer := request(t, "GET", s.origins[0]+"/v1/works/"+work.hex()+".torrent")
	torrent, err := metainfo.Parse([]byte(answer))
	if err != nil || len(torrent.Webseeds) != 1 {
		t.Fatalf("the torrent: %v, %v", torrent, err)
	}
	status, body := request(t, "GET", torrent.Webseeds[0]+"song")
	if status != http.StatusOK {
		t.Fatalf("webseed: %d %s", status, body)
	}
	return []byte(body)
}

func TestCopyOutlivesThePublisher(t *testing.T) {
	o := flags(t)
	s, stop := run(t, o)
	work := newSong(1, 3<<20+5)
	p := publishes(t, s, "", work)
	becomes(t, s, work, seedbox.Whole)
	p.stop()
	if !bytes.Equal(served(t, s, work), work.content) {
		t.Error("the webseed gave something else")
	}
	if _, answer := request(t, "GET", s.origins[0]+"/v1/works/"+work.hex()); !strings.Contains(answer, `"copy":{"state":"whole","progress":1}`) || !strings.Contains(answer, "ws=") {
		t.Errorf("the work: %s", answer)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}

	s, stop = run(t, o)
	defer stop()
	becomes(t, s, work, seedbox.Whole)
	if !bytes.Equal(served(t, s, work), work.content) {
		t.Error("after a restart the webseed gave something else")
	}
	if status, body := request(t, "DELETE", "http://"+s.admin.accept.Addr().String()+"/works/"+work.hex()); status != 204 {
		t.Fatalf("takedown: %d %s", status, body)
	}
	if status, _ := request(t, "GET", s.origins[0]+seedbox.WebseedPath+work.hex()+"/song"); status != 404 {
		t.Errorf("after the takedown the webseed answers %d", status)
	}
	becomes(t, s, work, seedbox.None)
	if len(s.copies.shelf.Copies()) != 0 {
		t.Error("the copy is still there")
	}
}

func TestServerPaysAndEarnsNothing(t *testing.T) {
	s, stop := run(t, flags(t))
	defer stop()
	work := newSong(1, 1<<20)
	p := publishes(t, s, "", work)
	becomes(t, s, work, seedbox.Whole)
	eventually(t, "the publisher is credited by the server", func() bool { return p.confirmed(s, p.box.Account()) == 1<<20 })
	counts(t, s, 1<<20, 0)
	p.stop()
	fan := publishes(t, s, "")
	fan.must(fan.box.Pull(work.Torrent, fan.box.Account()))
	eventually(t, "the server's copy comes to a fan", func() bool { return copyOf(fan.box, work) == seedbox.Whole })
	counts(t, s, 1<<20, 1<<20)
	fan.stop()
	if got := fan.confirmed(s, s.copies.Account()); got != 0 {
		t.Errorf("the server was credited for %d bytes", got)
	}
}

// counts waits until the operator's counters say what the copies have got and given over WebRTC.
func counts(t *testing.T, s *server, received, sent int64) {
	t.Helper()
	want := [...]string{fmt.Sprintf("\nfanseed_copies_received_bytes_total %d\n", received), fmt.Sprintf("\nfanseed_copies_sent_bytes_total %d\n", sent)}
	eventually(t, fmt.Sprintf("%q", want), func() bool {
		_, metrics := request(t, "GET", "http://"+s.admin.accept.Addr().String()+"/metrics")
		return strings.Contains(metrics, want[0]) && strings.Contains(metrics, want[1])
	})
}

// confirmed is for how many bytes an account was credited.
func (p *publisher) confirmed(s *server, account [16]byte) uint64 {
	p.Helper()
	statement, err := s.ledger.Statement(p.Context(), account)
	p.must(err)
	return statement.Bytes
}

func TestPublisherWantsNoCopy(t *testing.T) {
	o := flags(t)
	s, stop := run(t, o)
	work, other := newSong(1, 1<<20), newSong(2, 1<<20)
	p := publishes(t, s, "?copy=false", work, other)
	becomes(t, s, work, seedbox.Declined)
	p.register(s, other, "") // changed their mind
	becomes(t, s, other, seedbox.Whole)
	publishes(t, s, "?copy=false", other) // by somebody else, who has no say
	becomes(t, s, other, seedbox.Whole)
	p.register(s, other, "?copy=false") // and again
	becomes(t, s, other, seedbox.Declined)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	s, stop = run(t, o)
	defer stop()
	becomes(t, s, work, seedbox.Declined)
	becomes(t, s, other, seedbox.Declined)
	if _, answer := request(t, "GET", s.origins[0]+"/v1/works/"+work.hex()); !strings.Contains(answer, `"copy":{"state":"declined"`) || strings.Contains(answer, "ws=") {
		t.Errorf("the work: %s", answer)
	}
}

func TestCopiesKeepTheirBudget(t *testing.T) {
	s, stop := run(t, flags(t, "-seedbox-disk", "2MiB"))
	defer stop()
	first, second, third, large := newSong(1, 1<<20), newSong(2, 1<<20), newSong(3, 1<<20), newSong(4, 2<<20+1)
	fan := publishes(t, s, "", first)
	becomes(t, s, first, seedbox.Whole)
	alone := publishes(t, s, "", second)
	becomes(t, s, second, seedbox.Whole)
	alone.stop() // the server alone has the second now

	publishes(t, s, "", large)
	becomes(t, s, large, seedbox.NoRoom)
	publishes(t, s, "", third)
	becomes(t, s, third, seedbox.Whole)
	becomes(t, s, first, seedbox.NoRoom) // others seed it
	becomes(t, s, second, seedbox.Whole)
	if used := s.copies.shelf.Used(); used > 2<<20 {
		t.Errorf("%d bytes are used", used)
	}
	fan.stop()
	if !bytes.Equal(served(t, s, second), second.content) {
		t.Error("what only the server has is not right")
	}
}

// authorize signs a request.
func authorize(key ed25519.PrivateKey, origin string, r *http.Request, body []byte) string {
	now := uint64(time.Now().UnixMilli())
	signature := ed25519.Sign(key, ticket.RequestMessage(origin, r.Method, r.URL.RequestURI(), now, sha256.Sum256(body)))
	return fmt.Sprintf("Fanseed key=%x,time=%d,signature=%x", []byte(key.Public().(ed25519.PublicKey)), now, signature)
}

func TestDamageIsFetchedAgain(t *testing.T) {
	o := flags(t)
	s, stop := run(t, o)
	defer stop()
	work := newSong(1, 1<<20)
	publishes(t, s, "", work)
	becomes(t, s, work, seedbox.Whole)
	if !bytes.Equal(served(t, s, work), work.content) {
		t.Fatal("the webseed gave something else")
	}
	damage(t, filepath.Join(o.data, "copies", work.hex()), work)
	eventually(t, "the damage is repaired", func() bool {
		body, err := whatIsServed(s.origins[0] + seedbox.WebseedPath + work.hex() + "/song")
		if err == nil && !bytes.Equal(body, work.content) {
			t.Fatal("damage was served")
		}
		return err == nil
	})
	becomes(t, s, work, seedbox.Whole)
}

// damage changes a byte of a copy's data file.
func damage(t *testing.T, folder string, work song) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if b, err := os.ReadFile(path); err == nil && bytes.Equal(b, work.content) {
			b[len(b)/2]++
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("the data is not there")
}

// whatIsServed gets a file that may not be there at the moment.
func whatIsServed(url string) ([]byte, error) {
	response, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(response.Status)
	}
	return io.ReadAll(response.Body)
}

// Works that were published while the server kept no copies get theirs when it does.
func TestCopiesOfWhatWasThereBefore(t *testing.T) {
	o := flags(t, "-seedbox", "off")
	s, stop := run(t, o)
	work := newSong(1, 1<<20)
	_, key, _ := ed25519.GenerateKey(nil)
	p := &publisher{T: t, key: key}
	p.register(s, work, "")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	o.seedbox.mode = "web"
	s, stop = run(t, o)
	defer stop()
	becomes(t, s, work, seedbox.Pulling)
	publishes(t, s, "", work)
	becomes(t, s, work, seedbox.Whole)
}

func TestCopiesOfOnePublisher(t *testing.T) {
	s, stop := run(t, flags(t, "-seedbox-each", "2MiB"))
	defer stop()
	first, second, third, another := newSong(1, 1<<20), newSong(2, 1<<20), newSong(3, 1), newSong(4, 1<<20)
	publishes(t, s, "", first, second, third)
	becomes(t, s, first, seedbox.Whole)
	becomes(t, s, second, seedbox.Whole)
	becomes(t, s, third, seedbox.NoRoom)
	publishes(t, s, "", another)
	becomes(t, s, another, seedbox.Whole)
}
