//go:build !js

package rtc

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"
)

// end is one side of a connection under test.
type end struct {
	opened, closed chan struct{}
	messages       chan []byte
	low            chan struct{}
}

func newEnd() *end {
	return &end{make(chan struct{}, 1), make(chan struct{}, 1), make(chan []byte, 4096), make(chan struct{}, 64)}
}

func (e *end) Opened()           { e.opened <- struct{}{} }
func (e *end) Received(m []byte) { e.messages <- m }
func (e *end) Low()              { e.low <- struct{}{} }
func (e *end) Closed()           { e.closed <- struct{}{} }

func wait[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(time.Minute):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

func connect(t *testing.T) (a, b *Conn, left, right *end) {
	t.Helper()
	left, right = newEnd(), newEnd()
	a, offer, err := Offer(t.Context(), Config{}, left)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	b, answer, err := Answer(t.Context(), Config{}, offer, right)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if err := a.Accept(answer); err != nil {
		t.Fatal(err)
	}
	wait(t, "open on the left", left.opened)
	wait(t, "open on the right", right.opened)
	return a, b, left, right
}

func TestMessagesArriveInOrderBothWays(t *testing.T) {
	a, b, left, right := connect(t)
	for i := range 300 {
		if err := a.Send(bytes.Repeat([]byte{byte(i)}, 1+i*7)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 300 {
		got := wait(t, "message", right.messages)
		if want := bytes.Repeat([]byte{byte(i)}, 1+i*7); !bytes.Equal(got, want) {
			t.Fatalf("message %d: %d bytes of %d, want %d of %d", i, len(got), got[0], len(want), want[0])
		}
		Recycle(got)
	}
	if err := b.Send(make([]byte, MaxMessage)); err != nil {
		t.Fatal(err)
	}
	if got := wait(t, "reply", left.messages); len(got) != MaxMessage {
		t.Errorf("reply has %d bytes, want %d", len(got), MaxMessage)
	}
	if err := a.Send(make([]byte, MaxMessage+1)); err == nil {
		t.Error("a message over MaxMessage was taken")
	}
}

func TestLowIsToldAfterAFullBuffer(t *testing.T) {
	a, _, left, _ := connect(t)
	for range 4 * lowWater / MaxMessage {
		if err := a.Send(make([]byte, MaxMessage)); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, "low-water event", left.low)
	if got := a.Buffered(); got > 4*lowWater {
		t.Errorf("%d bytes buffered after the event", got)
	}
}

func TestCloseIsToldOnceOnBothSides(t *testing.T) {
	a, _, left, right := connect(t)
	a.Close()
	a.Close()
	wait(t, "close on the left", left.closed)
	wait(t, "close on the right", right.closed)
	if len(left.closed) != 0 {
		t.Error("close was told twice")
	}
	if err := a.Send([]byte{1}); !errors.Is(err, ErrClosed) {
		t.Errorf("send after close: %v, want ErrClosed", err)
	}
}

func TestHostileDescriptionIsAnError(t *testing.T) {
	for _, sdp := range []string{"", "v=0", "\x00\xff", "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"} {
		if _, _, err := Answer(t.Context(), Config{Gather: time.Millisecond}, sdp, newEnd()); err == nil {
			t.Errorf("answered the offer %q", sdp)
		}
	}
	a, _, err := Offer(t.Context(), Config{}, newEnd())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.Accept("nonsense"); err == nil {
		t.Error("accepted nonsense as an answer")
	}
}

func TestOfferEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := newEnd()
	_, _, err := Offer(ctx, Config{Gather: time.Hour}, h)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("offer with an ended context: %v", err)
	}
}
