//go:build !js

package rtc

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
)

// stranger is a peer that does with WebRTC what it likes.
type stranger struct {
	t       *testing.T
	pc      *webrtc.PeerConnection
	channel *webrtc.DataChannel // the one that ours has opened
	victim  *Conn
	end     *end
}

// meetStranger connects one of ours to a stranger, whose channel is open.
func meetStranger(t *testing.T) *stranger {
	t.Helper()
	s := offerTo(t)
	arrived := make(chan *webrtc.DataChannel, 1)
	s.pc.OnDataChannel(func(d *webrtc.DataChannel) {
		d.OnOpen(func() { arrived <- d }) // before, nothing can be sent
	})
	s.answer()
	s.channel = wait(t, "channel", arrived)
	wait(t, "open channel", s.end.opened)
	return s
}

// offerTo makes an offer of ours that a stranger may answer.
func offerTo(t *testing.T) *stranger {
	t.Helper()
	s := &stranger{t: t, end: newEnd()}
	own, err := newPeer(Config{})
	s.pc = own.PeerConnection
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.pc.Close() })
	var offer string
	if s.victim, offer, err = Offer(t.Context(), Config{}, s.end); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.victim.Close)
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stranger) answer() {
	s.t.Helper()
	gathered := webrtc.GatheringCompletePromise(s.pc)
	answer, err := s.pc.CreateAnswer(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.pc.SetLocalDescription(answer); err != nil {
		s.t.Fatal(err)
	}
	wait(s.t, "candidates", gathered)
	if err := s.victim.Accept(s.pc.LocalDescription().SDP); err != nil {
		s.t.Fatal(err)
	}
}

func TestHostileChannels(t *testing.T) {
	for name, attack := range map[string]func(s *stranger){
		"text": func(s *stranger) { _ = s.channel.SendText("hello") },
		"many channels": func(s *stranger) {
			for range 200 {
				if _, err := s.pc.CreateDataChannel("more", nil); err != nil {
					return
				}
			}
		},
		"channels that come and go": func(s *stranger) {
			for range 200 {
				d, err := s.pc.CreateDataChannel("more", nil)
				if err != nil {
					return
				}
				_ = d.Close()
			}
		},
		"the channel is closed":    func(s *stranger) { _ = s.channel.Close() },
		"the connection is closed": func(s *stranger) { _ = s.pc.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			s := meetStranger(t)
			attack(s)
			wait(t, "end of the connection", s.end.closed)
		})
	}
}

// What is too long for one of our messages comes whole or ends the connection,
// and never takes more memory than it has.
func TestMessagesOfAnyLength(t *testing.T) {
	for _, size := range []int{0, 1, small - 1, small, MaxMessage, MaxMessage + 1, 256 << 10, 1 << 20} {
		s := meetStranger(t)
		if err := s.channel.Send(bytes.Repeat([]byte{7}, size)); err != nil {
			continue // not even pion sends it
		}
		select {
		case got := <-s.end.messages:
			if len(got) != size || cap(got) > max(size, room) {
				t.Errorf("a message of %d bytes came as %d in %d", size, len(got), cap(got))
			}
			Recycle(got)
		case <-s.end.closed:
			if size <= MaxMessage {
				t.Errorf("a message of %d bytes ended the connection", size)
			}
		case <-time.After(time.Minute):
			t.Errorf("nothing came of a message of %d bytes", size)
		}
		s.victim.Close()
	}
}

func TestSmallMessagesThatWaitAreSmall(t *testing.T) {
	s := meetStranger(t)
	const count = 4000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	go func() {
		for range count {
			if s.channel.Send([]byte{1}) != nil {
				return
			}
		}
	}()
	var waiting [][]byte
	for len(waiting) < count {
		waiting = append(waiting, wait(t, "message", s.end.messages))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("%d messages of one byte hold %d MiB", len(waiting), grown>>20)
	}
}

// A connection that never opens costs what its owner lets it cost: nothing is
// told, and Close ends it.
func TestHalfOpenConnections(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 8 {
		s := offerTo(t) // never answered
		s.victim.Close()
		wait(t, "end of the connection", s.end.closed)
		_ = s.pc.Close()
	}
	victim, far := newEnd(), newEnd()
	theirs, offer, err := Offer(t.Context(), Config{}, far)
	if err != nil {
		t.Fatal(err)
	}
	ours, _, err := Answer(t.Context(), Config{}, offer, victim) // whose answer is never used
	if err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	ours.Close()
	wait(t, "end of the connection", victim.closed)
	if len(victim.opened) != 0 {
		t.Error("it was said to be open")
	}
	for end := time.Now().Add(time.Minute); runtime.NumGoroutine() > before+4; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines are left, there were %d", runtime.NumGoroutine(), before)
		}
	}
}

func TestHostileOffers(t *testing.T) {
	_, good, err := Offer(t.Context(), Config{}, newEnd())
	if err != nil {
		t.Fatal(err)
	}
	for name, sdp := range map[string]string{
		"16 KiB of junk":       strings.Repeat("\x00v=0\r\na=", 2000),
		"16 KiB of candidates": good + strings.Repeat("a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n", 360),
		"no fingerprint":       strings.ReplaceAll(good, "a=fingerprint", "a=finger"),
		"video too":            good + strings.Repeat("m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:9\r\na=rtpmap:96 VP8/90000\r\n", 100),
		"half of it":           good[:len(good)/2],
		"twice":                good + good,
	} {
		t.Run(name, func(t *testing.T) {
			victim := newEnd()
			c, _, err := Answer(t.Context(), Config{Gather: 100 * time.Millisecond}, sdp, victim)
			if err != nil {
				return
			}
			c.Close()
			wait(t, "end of the connection", victim.closed)
		})
	}
}
