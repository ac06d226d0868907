package wire_test

import (
	"testing"

	"fanseed/wasm/wire"
)

const blockSize = 16 << 10

func pieceMessage() []byte {
	return wire.Message{Kind: wire.KindPiece, Index: 1, Begin: blockSize, Data: make([]byte, blockSize)}.Append(nil)
}

// decodePiece feeds one piece message in parts of a size.
func decodePiece(d *wire.Decoder, stream []byte, size int) (decoded int) {
	for at := 0; at < len(stream); at += size {
		d.Feed(stream[at:min(at+size, len(stream))])
		for {
			m, ok, err := d.Next()
			if err != nil {
				panic(err)
			}
			if !ok {
				break
			}
			decoded += len(m.Data)
		}
	}
	return decoded
}

// Sizes of the parts in which a piece message may arrive: as one, with a short end, and as packets.
var parts = map[string]int{"whole": blockSize + wire.PieceHeaderSize, "16384": blockSize, "1200": 1200}

func BenchmarkDecodePiece(b *testing.B) {
	stream := pieceMessage()
	for name, size := range parts {
		b.Run(name, func(b *testing.B) {
			var d wire.Decoder
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				decodePiece(&d, stream, size)
			}
		})
	}
}

func BenchmarkEncodePiece(b *testing.B) {
	m := wire.Message{Kind: wire.KindPiece, Index: 1, Data: make([]byte, blockSize)}
	buffer := m.Append(nil)
	b.SetBytes(int64(len(buffer)))
	b.ReportAllocs()
	for b.Loop() {
		buffer = m.Append(buffer[:0])
	}
}

func BenchmarkEncodeRequest(b *testing.B) {
	m := wire.Message{Kind: wire.KindRequest, Index: 1, Begin: 2, Length: blockSize}
	buffer := m.Append(nil)
	b.ReportAllocs()
	for b.Loop() {
		buffer = m.Append(buffer[:0])
	}
}

// In a steady stream of blocks nothing is allocated, however they are cut.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	stream := pieceMessage()
	for name, size := range parts {
		var d wire.Decoder
		if got := decodePiece(&d, stream, size); got != blockSize {
			t.Errorf("%s: %d bytes decoded, want %d", name, got, blockSize)
		}
		if n := testing.AllocsPerRun(100, func() { decodePiece(&d, stream, size) }); n != 0 {
			t.Errorf("decode, %s: %v allocations", name, n)
		}
	}
	m := wire.Message{Kind: wire.KindPiece, Index: 1, Data: make([]byte, blockSize)}
	buffer := m.Append(nil)
	if n := testing.AllocsPerRun(100, func() { buffer = m.Append(buffer[:0]) }); n != 0 {
		t.Errorf("encode: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { buffer = wire.AppendPieceHeader(buffer[:0], 1, 2, blockSize) }); n != 0 {
		t.Errorf("piece header: %v allocations", n)
	}
}
