package proof_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"fanseed/signal/proof"
	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
)

// take gives a check an answer and returns how many blocks it did not ask for.
func take(k *proof.Check, answer []block) (unasked int) {
	for _, b := range answer {
		if !k.Take(b.index, b.begin, b.path, b.bytes) {
			unasked++
		}
	}
	return unasked
}

func TestWhoHasAllPasses(t *testing.T) {
	each(t, func(t *testing.T, c content) {
		for nonce := range byte(8) {
			ch := c.challenge(proof.MaxLeaves, nonce)
			k := c.check(ch)
			answer := c.answer(ch)
			if k.Left() != len(answer) || k.Asked() != ch.Count || ch.Count == 0 {
				t.Fatalf("%d blocks of %d parts are expected, want %d of %d", k.Left(), k.Asked(), len(answer), ch.Count)
			}
			if unasked := take(k, answer); unasked != 0 || k.Passed() != k.Asked() || k.Left() != 0 {
				t.Fatalf("%d of %d passed, %d unasked, %d left", k.Passed(), k.Asked(), unasked, k.Left())
			}
			if again := take(k, answer); again != len(answer) || k.Passed() != k.Asked() {
				t.Fatalf("of the same again, %d blocks were taken", len(answer)-again)
			}
		}
	})
}

// Every leaf of every file is some part, and none is two.
func TestPartsAreAllBytesOnce(t *testing.T) {
	each(t, func(t *testing.T, c content) {
		parts := proof.NewParts(c.Info)
		var got, want []byte
		for n := range parts.Len() {
			p := parts.Part(n)
			got = append(got, c.piece(p.Piece)[p.Begin:p.Begin+p.Length]...)
		}
		for _, f := range c.Info.Content() {
			want = append(want, c.data[f.Offset:f.Offset+f.Length]...)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes in %d parts, want %d", len(got), parts.Len(), len(want))
		}
	})
}

func TestWhatIsMissingOrWrongDoesNotPass(t *testing.T) {
	each(t, func(t *testing.T, c content) {
		ch := c.challenge(proof.MaxLeaves, 1)
		answer := c.answer(ch)
		for at, b := range answer {
			for what, change := range map[string]func(b block) []block{
				"nothing":      func(b block) []block { return nil },
				"another byte": func(b block) []block { b.bytes = flip(b.bytes); return []block{b} },
				"a byte less":  func(b block) []block { b.bytes = b.bytes[1:]; return []block{b} },
				"a byte more":  func(b block) []block { b.bytes = append(bytes.Clone(b.bytes), 0); return []block{b} },
				"another path": func(b block) []block {
					b.path = flip(append(bytes.Clone(b.path), make([]byte, 32)...))
					return []block{b}
				},
			} {
				k := c.check(ch)
				take(k, slices.Concat(answer[:at], change(b), answer[at+1:]))
				if k.Passed() != k.Asked()-1 || k.Left() < 0 {
					t.Fatalf("%s in place of block %d: %d of %d passed, %d left", what, at, k.Passed(), k.Asked(), k.Left())
				}
			}
		}
	})
}

func flip(b []byte) []byte {
	b = bytes.Clone(b)
	b[0] ^= 1
	return b
}

// An answer is good for one nonce and one account alone.
func TestAnswersToOthersDoNotPass(t *testing.T) {
	for _, v := range []version{v2, hybrid} {
		c := build(v, 4*merkle.LeafSize, 1000*merkle.LeafSize)
		ch := c.challenge(proof.MaxLeaves, 1)
		for what, change := range map[string]func(*proof.Challenge){
			"an old challenge":  func(ch *proof.Challenge) { ch.Nonce[31]++ },
			"another's":         func(ch *proof.Challenge) { ch.PublicKey[31]++ },
			"another torrent's": func(ch *proof.Challenge) { ch.Infohash[19]++ },
		} {
			other := ch
			change(&other)
			k := c.check(ch)
			if take(k, c.answer(other)); k.Passed() > 2 { // by chance both ask for the same leaf
				t.Errorf("%s: %d of %d passed", what, k.Passed(), k.Asked())
			}
		}
	}
}

func TestOrder(t *testing.T) {
	c := build(v2, 4*merkle.LeafSize, 40*merkle.LeafSize)
	ch := c.challenge(4, 1)
	answer := c.answer(ch)
	k := c.check(ch)
	if unasked := take(k, []block{answer[2], answer[1], answer[3]}); unasked != 1 || k.Passed() != 2 || k.Left() != 0 {
		t.Errorf("%d unasked, %d passed, %d left", unasked, k.Passed(), k.Left())
	}
	for _, b := range []block{{index: -1}, {index: 4}, {index: 0, begin: 1}} {
		if c.check(ch).Take(b.index, b.begin, nil, []byte{0}) {
			t.Errorf("%+v was taken", b)
		}
	}
	one := build(v1, 128<<10, 1<<20)
	ch = one.challenge(4, 1)
	answer = one.answer(ch)
	k = one.check(ch)
	if unasked := take(k, []block{answer[1], answer[0], answer[0], answer[2]}); unasked != 3 || k.Left() != len(answer)-1 {
		t.Errorf("of one block in order, %d others were not taken and %d are left of %d", unasked, k.Left(), len(answer))
	}
	if take(k, answer[4:]); k.Passed() != 3 || k.Left() != 0 {
		t.Errorf("after a piece that was given up, %d passed and %d are left", k.Passed(), k.Left())
	}
}

func TestCount(t *testing.T) {
	info := func(pieceLength, length int64) *metainfo.Info {
		return &metainfo.Info{PieceLength: pieceLength, Length: length, Pieces: make([]byte, (length+pieceLength-1)/pieceLength*20)}
	}
	for _, c := range []struct {
		info *metainfo.Info
		want int
	}{
		{info(16<<10, 1), 1},
		{info(1<<20, 1<<30), 4},
		{info(3<<20, 1<<30), 1},
		{info(2<<20, 1<<30), 2},
		{info(16<<20, 1<<30), 1},
		{info(32<<20, 1<<30), 0},
		{build(v2, 16<<10, 3*merkle.LeafSize).Info, 3},
		{build(v2, 16<<10, 300*merkle.LeafSize).Info, 32},
	} {
		if got := proof.Count(c.info, 100); got != c.want {
			t.Errorf("pieces of %d bytes: %d are asked for, want %d", c.info.PieceLength, got, c.want)
		}
	}
}

// What is asked for is held against the standard library's HMAC.
func TestAskedIsAnHMAC(t *testing.T) {
	c := build(v2, 64<<10, 1<<20)
	for nonce := range byte(20) {
		ch := c.challenge(proof.MaxLeaves, nonce)
		for i, got := range ch.Asked(1_000_003) {
			h := hmac.New(sha256.New, ch.Nonce[:])
			_ = binary.Write(h, binary.BigEndian, struct {
				PublicKey [32]byte
				Infohash  [20]byte
				I         uint32
			}{ch.PublicKey, ch.Infohash, uint32(i)})
			if want := binary.BigEndian.Uint64(h.Sum(nil)) % 1_000_003; uint64(got) != want {
				t.Fatalf("nonce %d, %d: got %d, want %d", nonce, i, got, want)
			}
		}
	}
}

func TestNothingIsAskedOfNothing(t *testing.T) {
	if got := (proof.Challenge{Count: 8}).Asked(0); got != nil {
		t.Errorf("asked for %v", got)
	}
}

// FuzzCheck lets anybody answer anything: blocks of the right answer, of others, changed ones.
func FuzzCheck(f *testing.F) {
	contents := []content{
		build(v1, 64<<10, 300<<10), build(v2, 64<<10, 5, 100<<10, 300<<10), build(hybrid, 64<<10, 5, 100<<10, 300<<10),
	}
	f.Add(uint8(0), []byte{0, 0, 1, 0, 2, 0}, []byte("x"))
	f.Add(uint8(1), []byte{0, 0, 1, 9, 2, 1, 3, 2}, []byte("x"))
	f.Fuzz(func(t *testing.T, which uint8, moves, junk []byte) {
		c := contents[int(which)%len(contents)]
		ch := c.challenge(8, 1)
		right := c.answer(ch)
		k := c.check(ch)
		left := k.Left()
		good := map[int]bool{} // indexes of which a right block came
		for ; len(moves) >= 2; moves = moves[2:] {
			b := right[int(moves[0])%len(right)]
			switch moves[1] % 5 {
			case 1:
				b.bytes = junk
			case 2:
				b.path = junk
			case 3:
				b.begin = len(junk)
			case 4:
				b.index = int(moves[1])
			}
			taken := k.Take(b.index, b.begin, b.path, b.bytes)
			if k.Left() > left || k.Left() < 0 || taken == (k.Left() == left) {
				t.Fatalf("%d blocks are left, were %d; taken: %v", k.Left(), left, taken)
			}
			left = k.Left()
			for _, r := range right {
				good[r.index] = good[r.index] || r.index == b.index && bytes.Equal(r.bytes, b.bytes)
			}
		}
		most := 0
		for _, came := range good {
			if came {
				most++
			}
		}
		if k.Passed() > most {
			t.Fatalf("%d of %d passed, but the right blocks are of %d", k.Passed(), k.Asked(), most)
		}
	})
}
