//go:build !js

package node

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"time"

	"fanseed/wasm/wire"
)

// fate is what becomes of an attacker.
type fate int

const (
	ends  fate = iota // dropped as soon as it is seen through
	fades             // dropped when its time is over
	stays             // bears nobody harm
)

// attack is one way to be a bad peer.
type attack struct {
	name string
	fate fate
	run  func(f *far)

	deaf  bool // reads nothing
	takes bool // what any peer may that does not pay: its share of the upload limit
}

// onSeeders are attacks on whoever is connected.
var onSeeders = []attack{
	{name: "garbage", run: func(f *far) { f.raw(noise(4000, 1)) }},
	{name: "another protocol", run: func(f *far) { f.raw([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")) }},
	{name: "another torrent", run: func(f *far) { f.raw(wire.NewHandshake([20]byte{9}, randomPeer()).Append(nil)) }},
	{name: "the engine's own peer id", run: func(f *far) { f.raw(wire.NewHandshake(f.torrent.Infohash, f.victim.peerID).Append(nil)) }},
	{name: "not a word", fate: fades, run: func(*far) {}},
	{name: "a handshake byte by byte", fate: fades, run: func(f *far) {
		for _, b := range wire.NewHandshake(f.torrent.Infohash, randomPeer()).Append(nil) {
			if !f.raw([]byte{b}) || !f.pause(2*time.Second) {
				return
			}
		}
	}},
	{name: "a message byte by byte for ever", fate: fades, run: func(f *far) {
		f.greet()
		f.raw([]byte{0, 16, 0, 0, byte(wire.KindBitfield)})
		for f.raw([]byte{0}) && f.pause(2*time.Second) {
		}
	}},
	{name: "half a message", fate: fades, run: func(f *far) {
		f.greet()
		f.raw(wire.Message{Kind: wire.KindPiece, Data: make([]byte, 16<<10)}.Append(nil)[:9000])
	}},
	{name: "a message of 4 GiB", run: func(f *far) { f.greet(); f.raw([]byte{0xff, 0xff, 0xff, 0xff, 7}) }},
	{name: "a bitfield too long", run: func(f *far) { f.greet(); f.say(wire.Message{Kind: wire.KindBitfield, Data: make([]byte, 4000)}) }},
	{name: "a bitfield too short", run: func(f *far) { f.greet(); f.say(wire.Message{Kind: wire.KindBitfield, Data: make([]byte, 2)}) }},
	{name: "a bitfield with spare bits", run: func(f *far) {
		f.greet()
		f.say(wire.Message{Kind: wire.KindBitfield, Data: bytes.Repeat([]byte{0xff}, (f.torrent.Info.NumPieces()+7)/8)})
	}},
	{name: "two bitfields", run: func(f *far) { f.greet(); f.say(f.bits(), f.bits()) }},
	{name: "have of no piece", run: func(f *far) { f.greet(); f.say(wire.Message{Kind: wire.KindHave, Index: 1 << 31}) }},
	{name: "have flood", run: floodOf(wire.Message{Kind: wire.KindHave, Index: 3})},
	{name: "keep-alive flood", run: floodOf(wire.Message{Kind: wire.KindKeepAlive})},
	{name: "interest that flaps", run: func(f *far) { f.greet(); f.flap(wire.KindInterested, wire.KindNotInterested) }},
	{name: "choking that flaps", run: func(f *far) { f.greet(); f.flap(wire.KindUnchoke, wire.KindChoke) }},
	{name: "messages of one byte", run: func(f *far) {
		f.greet()
		for flap := []byte{0, 0, 0, 1, byte(wire.KindInterested), 0, 0, 0, 1, byte(wire.KindNotInterested)}; ; {
			for i := range flap {
				if !f.raw(flap[i : i+1]) {
					return
				}
			}
		}
	}},
	{name: "messages without a byte", fate: stays, run: func(f *far) {
		f.greet()
		for i := range 20_000 {
			if !f.raw([]byte{}) || i%1000 == 0 && !f.pause(time.Millisecond) {
				return
			}
		}
	}},

	{name: "a request beyond the end", run: func(f *far) { f.greet(); f.say(request(1<<30, 0, 16<<10)) }},
	{name: "a request of no bytes", run: func(f *far) { f.greet(); f.say(request(0, 0, 0)) }},
	{name: "a request of a whole MiB", run: func(f *far) { f.greet(); f.say(request(0, 0, 1<<20)) }},
	{name: "request flood", takes: true, run: floodOf(request(1, 0, 16<<10))},
	{name: "requests without end", fate: stays, takes: true, run: func(f *far) { f.take(1000, 16<<10) }},
	{name: "requests of all a piece has", fate: stays, takes: true, run: func(f *far) { f.take(1000, 64<<10) }},
	{name: "requests of one byte", fate: stays, takes: true, run: func(f *far) { f.take(4000, 1) }},
	{name: "requests and no reading", fate: fades, deaf: true, takes: true, run: func(f *far) { f.take(4000, 16<<10) }},
	{name: "cancel flood", run: floodOf(wire.Message{Kind: wire.KindCancel, Length: 16 << 10})},
	{name: "requests that are cancelled at once", takes: true, run: func(f *far) {
		f.greet()
		f.hear(wire.KindUnchoke)
		for i := uint32(0); ; i++ {
			r := request(i%8, 0, 16<<10)
			c := r
			c.Kind = wire.KindCancel
			if !f.say(r, c) {
				return
			}
		}
	}},

	{name: "reject flood", run: floodOf(wire.Message{Kind: wire.KindReject, Length: 16 << 10})},
	{name: "suggest flood", run: floodOf(wire.Message{Kind: wire.KindSuggest, Index: 5})},
	{name: "allowed-fast flood", run: floodOf(wire.Message{Kind: wire.KindAllowedFast, Index: 5})},
	{name: "a fast message that was not agreed on", run: func(f *far) {
		h := wire.NewHandshake(f.torrent.Infohash, randomPeer())
		h.Reserved = [8]byte{}
		f.raw(h.Append(nil))
		f.say(wire.Message{Kind: wire.KindHaveAll})
	}},

	{name: "10,000 extension messages", run: floodOf(wire.Message{Kind: wire.KindExtended, Ext: 77, Data: []byte("de")})},
	{name: "10,000 extended handshakes", run: floodOf(wire.Message{Kind: wire.KindExtended, Data: []byte("d1:md11:ut_metadatai3eee")})},
	{name: "an extended handshake of nested lists", run: func(f *far) { f.greet(); f.extended(0, strings.Repeat("l", 50_000)) }},
	{name: "metadata of 2 GiB", run: func(f *far) { f.greet(); f.extended(0, "d1:md11:ut_metadatai3ee13:metadata_sizei2147483647ee") }},
	{name: "metadata of less than nothing", run: func(f *far) { f.greet(); f.extended(0, "d1:md11:ut_metadatai3ee13:metadata_sizei-1ee") }},
	{name: "metadata request flood", run: func(f *far) {
		f.greet()
		f.extended(0, "d1:md11:ut_metadatai3eee")
		f.flood(wire.Message{Kind: wire.KindExtended, Ext: 1, Data: wire.Metadata{Type: wire.MetadataRequest}.Append(nil)}, 1<<20)
	}},

	{name: "hash request flood", run: func(f *far) {
		f.greet()
		for i := uint32(0); ; i++ {
			r := wire.HashRange{Root: f.torrent.Info.Files[0].Root, Index: i % 48 * 4, Length: 4}
			if !f.say(wire.Message{Kind: wire.KindHashRequest, Data: r.Append(nil)}) {
				return
			}
		}
	}},
	{name: "hashes that nobody asked for", run: func(f *far) {
		f.greet()
		r := wire.HashRange{Root: f.torrent.Info.Files[0].Root, Length: 4}
		f.flood(wire.Message{Kind: wire.KindHashes, Data: append(r.Append(nil), make([]byte, 4*32)...)}, 512)
	}},
	{name: "blocks that nobody asked for", run: func(f *far) {
		f.greet()
		f.flood(wire.Message{Kind: wire.KindPiece, Data: make([]byte, 16<<10)}, 512)
	}},

	{name: "a receipt of junk", run: func(f *far) { f.greet(); f.extended(2, "i7e") }},
	{name: "a forged receipt", takes: true, run: func(f *far) { f.owe(func(serial [16]byte) { f.credit(receiptOf(serial, 16<<10)) }) }},
	{name: "a receipt over the ticket's limit", takes: true, run: func(f *far) { f.owe(func(serial [16]byte) { f.credit(receiptOf(serial, 1<<53-1)) }) }},
	{name: "a receipt for what was not sent", takes: true, run: func(f *far) { f.owe(func(serial [16]byte) { f.credit(receiptOf(serial, 1<<29)) }) }},
	{name: "receipts of tickets that do not exist", run: func(f *far) {
		f.greet()
		for i := range 1 << 16 {
			if !f.credit(receiptOf([16]byte{byte(i), byte(i >> 8), 200}, uint64(1+i))) {
				return
			}
		}
	}},
	{name: "one receipt again and again", takes: true, run: func(f *far) {
		f.owe(func(serial [16]byte) {
			for range 1 << 16 {
				if !f.credit(receiptOf(serial, 1)) {
					return
				}
			}
		})
	}},
	{name: "closes at once", run: func(f *far) { f.greet(); f.conn.Close() }},
}

// onLeechers are attacks on whoever fetches.
var onLeechers = []attack{
	{name: "wrong blocks", run: func(f *far) {
		f.serve(func(m wire.Message) bool { return f.say(blockOf(m, noise(int(m.Length), 99))) })
	}},
	{name: "one wrong byte in a block", run: func(f *far) {
		f.serve(func(m wire.Message) bool {
			block := f.block(m)
			block[0] ^= 1
			return f.say(blockOf(m, block))
		})
	}},
	{name: "blocks of the wrong length", run: func(f *far) {
		f.serve(func(m wire.Message) bool { return f.say(blockOf(m, make([]byte, m.Length-1))) })
	}},
	{name: "blocks of other places", run: func(f *far) {
		f.serve(func(m wire.Message) bool {
			for i := range uint32(32) {
				if !f.say(blockOf(request(i, 0, 0), make([]byte, 16<<10))) {
					return false
				}
			}
			return true
		})
	}},
	{name: "unchokes and never answers", fate: stays, run: func(f *far) {
		f.serve(func(wire.Message) bool { return true })
	}},
	{name: "a block now and then", fate: stays, run: func(f *far) {
		f.serve(func(m wire.Message) bool { return f.say(blockOf(m, f.block(m))) && f.pause(5*time.Second) })
	}},
	{name: "rejects everything", fate: stays, run: func(f *far) {
		f.serve(func(m wire.Message) bool { m.Kind = wire.KindReject; return f.say(m) })
	}},
	{name: "allows fast and gives nothing", fate: stays, run: func(f *far) {
		f.greet()
		f.say(wire.Message{Kind: wire.KindHaveAll})
		for i := range f.torrent.Info.NumPieces() {
			f.say(wire.Message{Kind: wire.KindAllowedFast, Index: uint32(i)})
		}
		f.rest()
	}},
	{name: "chokes whenever it is asked", fate: stays, run: func(f *far) {
		f.serve(func(wire.Message) bool {
			return f.say(wire.Message{Kind: wire.KindChoke}) && f.pause(time.Second) && f.say(wire.Message{Kind: wire.KindUnchoke})
		})
	}},
	{name: "claims everything, piece by piece", fate: stays, run: func(f *far) {
		f.greet()
		for i := range f.torrent.Info.NumPieces() {
			if !f.say(wire.Message{Kind: wire.KindHave, Index: uint32(i)}) {
				return
			}
		}
		f.rest()
	}},
}

func request(index, begin, length uint32) wire.Message {
	return wire.Message{Kind: wire.KindRequest, Index: index, Begin: begin, Length: length}
}

func receiptOf(serial [16]byte, amount uint64) wire.Credit {
	return wire.Credit{Type: wire.CreditReceipt, Serial: serial, Amount: amount}
}

func blockOf(m wire.Message, data []byte) wire.Message {
	return wire.Message{Kind: wire.KindPiece, Index: m.Index, Begin: m.Begin, Data: data}
}

func floodOf(m wire.Message) func(f *far) {
	return func(f *far) { f.greet(); f.flood(m, 1<<20) }
}

// bits is the bitfield of somebody who has the first piece.
func (f *far) bits() wire.Message {
	bits := wire.NewBitfield(f.torrent.Info.NumPieces())
	bits.Set(0)
	return wire.Message{Kind: wire.KindBitfield, Data: bits}
}

func (f *far) block(m wire.Message) []byte {
	begin := int64(m.Index)*f.torrent.Info.PieceLength + int64(m.Begin)
	return bytes.Clone(f.data[begin : begin+int64(m.Length)])
}

func (f *far) flap(a, b wire.Kind) {
	for f.say(wire.Message{Kind: a}, wire.Message{Kind: b}) {
	}
}

// take asks for as much as it is allowed to, so often a second.
func (f *far) take(often int, length uint32) {
	f.greet()
	f.hearUnlessDeaf(wire.KindUnchoke)
	for f.pause(100 * time.Millisecond) {
		for range often / 10 {
			if !f.say(request(rand.Uint32N(40), 0, length)) {
				return
			}
		}
		for len(f.heard) > 0 {
			<-f.heard
		}
	}
}

func (f *far) hearUnlessDeaf(k wire.Kind) {
	if !f.deaf {
		f.hear(k)
	}
}

// serve pretends to have everything, and answers requests in its way.
func (f *far) serve(answer func(wire.Message) bool) {
	f.greet()
	f.say(wire.Message{Kind: wire.KindHaveAll}, wire.Message{Kind: wire.KindUnchoke})
	for {
		m, ok := f.hear(wire.KindRequest)
		if !ok || !answer(m) {
			return
		}
	}
}

// owe takes a block on a ticket, and pays in its way.
func (f *far) owe(pay func(serial [16]byte)) {
	f.greet()
	f.extended(0, "d1:md10:fs_receipti5eee")
	serial := f.ticketed()
	f.credit(wire.Credit{Type: wire.CreditHello, Version: 1, Serial: serial})
	f.hear(wire.KindUnchoke)
	f.say(request(0, 0, 16<<10))
	f.hear(wire.KindPiece)
	pay(serial)
}
