package wire_test

import (
	"bytes"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"fanseed/wasm/wire"
)

// drain returns copies of all messages that can be read now.
func drain(d *wire.Decoder) (all []wire.Message, err error) {
	for {
		m, ok, err := d.Next()
		if !ok || err != nil {
			return all, err
		}
		m.Data = bytes.Clone(m.Data)
		all = append(all, m)
	}
}

// decode feeds stream in parts of the given size. Each part is overwritten once it has been read, since it was only lent.
func decode(d *wire.Decoder, stream []byte, size int) (all []wire.Message, err error) {
	for len(stream) > 0 {
		part := bytes.Clone(stream[:min(size, len(stream))])
		stream = stream[len(part):]
		d.Feed(part)
		got, err := drain(d)
		all = append(all, got...)
		if err != nil {
			return all, err
		}
		for i := range part {
			part[i] = 0xdb
		}
	}
	return all, nil
}

// conversation holds every kind of message, short and long, one after the other.
func conversation() (all []wire.Message, stream []byte) {
	block := make([]byte, 16<<10)
	for i := range block {
		block[i] = byte(i * 7)
	}
	for _, c := range messages {
		all = append(all, c.message, wire.Message{Kind: wire.KindPiece, Index: 1, Data: block})
	}
	all = append(all, wire.Message{Kind: wire.KindBitfield, Data: make([]byte, 100<<10)})
	for _, m := range all {
		stream = m.Append(stream)
	}
	return all, stream
}

func TestDecoderInParts(t *testing.T) {
	want, stream := conversation()
	for _, size := range []int{1, 2, 3, 4, 5, 7, 13, 68, 1000, 16 << 10, 16397, 65536, len(stream)} {
		got, err := decode(new(wire.Decoder), stream, size)
		if err != nil {
			t.Fatalf("parts of %d bytes: %v", size, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("parts of %d bytes: %d messages differ from the %d sent", size, len(got), len(want))
		}
	}
}

func TestDecoderWholeFramesAreNotCopied(t *testing.T) {
	stream := wire.Message{Kind: wire.KindPiece, Data: []byte("block")}.Append(nil)
	var d wire.Decoder
	d.Feed(stream)
	m, ok, err := d.Next()
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if &m.Data[0] != &stream[wire.PieceHeaderSize] {
		t.Error("the block was copied")
	}
	if cap(m.Data) != len(m.Data) {
		t.Error("appending to the block would overwrite what follows")
	}
}

func TestDecoderRefuses(t *testing.T) {
	cases := []struct{ name, hex, want string }{
		{"long frame", "00104001", "at most"},
		{"longest frame there is", "ffffffff", "at most"},
		{"choke with payload", "00000002 00 00", "choke message with 1 bytes"},
		{"short have", "00000004 04 000000", "have message with 3 bytes"},
		{"long have", "00000006 04 0000000000", "have message with 5 bytes"},
		{"short request", "0000000c 06 0000000100004000000040", "request message with 11 bytes"},
		{"long cancel", "0000000e 08 00000001000000020000000300", "cancel message with 13 bytes"},
		{"short reject", "00000001 10", "reject message with 0 bytes"},
		{"piece without begin", "00000005 07 00000001", "piece message with 4 bytes"},
		{"long port", "00000004 09 1ae100", "port message with 3 bytes"},
		{"have all with payload", "00000002 0e 00", "have all message with 1 bytes"},
		{"extended without id", "00000001 14", "extended message with 0 bytes"},
		{"unknown", "00000001 0a", "unknown message 10"},
		{"short hash request", "00000030 15 " + leaves[:len(leaves)-2], "hash request message with 47 bytes"},
		{"long hash reject", "00000032 17 " + leaves + "00", "hash reject message with 49 bytes"},
		{"hashes without range", "00000021 16 " + twoHashes[:len(twoHashes)/2], "hashes message with 32 bytes"},
		{"hashes and a half", "00000070 16 " + leaves + twoHashes[:len(twoHashes)-2], "hashes message with 111 bytes"},
		{"too many hashes", "00004671 16 " + leaves + strings.Repeat(twoHashes, 281), "hashes message with 18032 bytes"},
		{"after the messages of version 2", "00000001 18", "unknown message 24"},
		{"keep-alive's own kind", "00000001 ff", "message 255"},
	}
	for _, c := range cases {
		var d wire.Decoder
		d.Feed(unhex(c.hex))
		_, ok, err := d.Next()
		if ok || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", c.name, err, c.want)
		}
	}
}

func TestDecoderErrorIsFinal(t *testing.T) {
	var d wire.Decoder
	d.Feed(unhex("00000001 00 00000001 0a"))
	if got, err := drain(&d); len(got) != 1 || err == nil {
		t.Fatalf("%d messages, %v; want one and an error", len(got), err)
	}
	_, _, first := d.Next()
	d.Feed(unhex("00000001 00"))
	if _, ok, err := d.Next(); ok || err != first {
		t.Errorf("after the error: %v, %v; want %v", ok, err, first)
	}
}

func TestDecoderMaxFrame(t *testing.T) {
	for _, size := range []int{1, 3, 1000} {
		d := wire.Decoder{MaxFrame: 20}
		fits := wire.Message{Kind: wire.KindExtended, Data: make([]byte, 18)}.Append(nil)
		if got, err := decode(&d, fits, size); len(got) != 1 || err != nil {
			t.Errorf("parts of %d: %d messages, %v; want a frame of 20 bytes to fit", size, len(got), err)
		}
		long := wire.Message{Kind: wire.KindExtended, Data: make([]byte, 19)}.Append(nil)
		if got, err := decode(&d, long, size); len(got) != 0 || err == nil {
			t.Errorf("parts of %d: %d messages, %v; want a frame of 21 bytes refused", size, len(got), err)
		}
	}
	var d wire.Decoder
	whole := wire.Message{Kind: wire.KindBitfield, Data: make([]byte, wire.DefaultMaxFrame-1)}.Append(nil)
	if got, err := decode(&d, whole, 64<<10); len(got) != 1 || err != nil {
		t.Errorf("longest frame: %d messages, %v", len(got), err)
	}
}

// A peer that announces a long frame and sends little of it must not make us allocate the whole.
func TestDecoderAllocatesWhatArrived(t *testing.T) {
	header := unhex("00100000 05 ff")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var d wire.Decoder
	d.Feed(header)
	if _, ok, err := d.Next(); ok || err != nil {
		t.Fatal(ok, err)
	}
	runtime.ReadMemStats(&after)
	got := after.TotalAlloc - before.TotalAlloc
	if got > 256<<10 {
		t.Errorf("%d bytes allocated for 6 that arrived", got)
	}
}

func TestDecoderPanicsWhenFedTooEarly(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an unread chunk was replaced in silence")
		}
	}()
	var d wire.Decoder
	d.Feed([]byte{0})
	d.Feed([]byte{0})
}

func TestNextHandshake(t *testing.T) {
	h := wire.NewHandshake([20]byte{1}, [20]byte{2})
	stream := h.Append(nil)
	stream = wire.Message{Kind: wire.KindHaveAll}.Append(stream)
	for size := 1; size <= len(stream); size++ {
		got, messages, err := decodeStream(stream, size)
		if err != nil || got != h || fmt.Sprint(messages) != "[have all]" {
			t.Fatalf("parts of %d bytes: %+v, %v, %v", size, got, messages, err)
		}
	}
}

// decodeStream reads a stream from its handshake on.
func decodeStream(stream []byte, size int) (h wire.Handshake, kinds []wire.Kind, err error) {
	var d wire.Decoder
	opened := false
	for at := 0; at < len(stream); at += size {
		d.Feed(stream[at:min(at+size, len(stream))])
		if !opened {
			if h, opened, err = d.NextHandshake(); err != nil {
				return h, kinds, err
			}
		}
		if !opened {
			continue
		}
		messages, err := drain(&d)
		if err != nil {
			return h, kinds, err
		}
		for _, m := range messages {
			kinds = append(kinds, m.Kind)
		}
	}
	return h, kinds, nil
}

func TestNextHandshakeRefusesAtOnce(t *testing.T) {
	for _, opening := range []string{"GET / HTTP/1.1", "\x13BitTorrent protocoL", "\x14", "\x13Bit torrent"} {
		for size := 1; size <= len(opening); size++ {
			if _, _, err := decodeStream([]byte(opening), size); err == nil {
				t.Errorf("%q in parts of %d bytes was not refused", opening, size)
			}
		}
	}
}
