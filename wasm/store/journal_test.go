package store

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"fanseed/wasm/wire"
)

// diary is a journal with its file and with what it should say.
type diary struct {
	journal
	file              []byte
	trusted, doubtful wire.Bitfield
}

func newDiary(pieces int) *diary {
	info := torrentOf(1<<20, int64(pieces)<<20)
	d := &diary{journal: newJournal([20]byte{1, 2, 3}, info), trusted: wire.NewBitfield(pieces), doubtful: wire.NewBitfield(pieces)}
	d.file = d.image(d.trusted, d.doubtful)
	return d
}

func (d *diary) put(at int, bytes []byte) { copy(d.file[at:], bytes) }

func (d *diary) write(index int) {
	if d.full() {
		d.sync()
	}
	d.put(d.record(index, true))
	d.doubtful.Set(index)
}

func (d *diary) wrong(index int) {
	if d.full() {
		d.sync()
	}
	d.put(d.record(index, false))
	d.doubtful.Clear(index)
}

// sync is a checkpoint after which everything is trusted.
func (d *diary) sync() {
	for i := range d.trusted {
		d.trusted[i] |= d.doubtful[i]
	}
	clear(d.doubtful)
	d.put(d.checkpoint(d.trusted, d.doubtful))
}

// busy fills a diary at random.
func busy(pieces, steps int, random *rand.Rand) *diary {
	d := newDiary(pieces)
	for range steps {
		switch i := random.IntN(pieces); {
		case random.IntN(40) == 0:
			d.sync()
		case d.doubtful.Has(i):
			d.wrong(i)
		case !d.trusted.Has(i):
			d.write(i)
		}
	}
	return d
}

func TestJournalIsReadBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for steps := range 300 {
		d := busy(30, steps, random)
		again := newDiary(30).journal
		got := again.load(d.file)
		if !got.whole || !bytes.Equal(got.trusted, d.trusted) || !bytes.Equal(got.doubtful, d.doubtful) {
			t.Fatalf("after %d steps: got %x %x %v, want %x %x", steps, got.trusted, got.doubtful, got.whole, d.trusted, d.doubtful)
		}
		if again != d.journal {
			t.Fatalf("after %d steps it goes on at %+v, want %+v", steps, again, d.journal)
		}
	}
}

// lie tells what a journal must not say, whatever was done to its file.
func (d *diary) lie(file []byte) string {
	j := newDiary(d.pieces).journal
	c := j.load(file)
	for i := range d.pieces {
		switch {
		case c.trusted.Has(i) && !d.trusted.Has(i):
			return "trusts what is not trusted"
		case c.trusted.Has(i) && c.doubtful.Has(i):
			return "trusts and doubts a piece"
		}
	}
	return ""
}

// mistake tells what a journal must not say either whose damage can be seen: where it does not know of a piece, it must know that it does
// not.
func (d *diary) mistake(file []byte) string {
	j := newDiary(d.pieces).journal
	c := j.load(file)
	for i := range d.pieces {
		there := d.trusted.Has(i) || d.doubtful.Has(i)
		switch {
		case c.whole && c.doubtful.Has(i) && !there:
			return "claims what is not there, and to be whole"
		case c.whole && there && !c.trusted.Has(i) && !c.doubtful.Has(i):
			return "does not know of a piece, and claims to be whole"
		}
	}
	return d.lie(file)
}

func TestJournalDamaged(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, steps := range []int{0, 1, 5, 100, 500} {
		d := busy(30, steps, random)
		for length := range len(d.file) {
			if wrong := d.mistake(d.file[:length]); wrong != "" {
				t.Errorf("%d steps, %d of %d bytes: %s", steps, length, len(d.file), wrong)
			}
			if j := newDiary(30).journal; j.load(d.file[:length]).whole {
				t.Errorf("%d steps: %d of %d bytes are whole", steps, length, len(d.file))
			}
		}
		for bit := range 8 * len(d.file) {
			flipped := bytes.Clone(d.file)
			flipped[bit/8] ^= 1 << (bit % 8)
			if wrong := d.mistake(flipped); wrong != "" {
				t.Errorf("%d steps, bit %d flipped: %s", steps, bit, wrong)
			}
		}
		for range 2000 {
			mixed := bytes.Clone(d.file)
			for range 1 + random.IntN(4) {
				from, to := random.IntN(len(mixed)), random.IntN(len(mixed))
				copy(mixed[to:], mixed[from:min(len(mixed), from+1+random.IntN(64))])
			}
			if wrong := d.lie(mixed); wrong != "" {
				t.Errorf("%d steps, parts moved: %s", steps, wrong)
			}
		}
	}
}

// A checkpoint that is cut off anywhere leaves what was there before it, or the knowledge that nothing is known.
func TestJournalCheckpointTorn(t *testing.T) {
	d := busy(30, 200, rand.New(rand.NewPCG(5, 6)))
	before := bytes.Clone(d.file)
	at, half := d.checkpoint(d.trusted, d.doubtful)
	for n := range half {
		torn := bytes.Clone(before)
		copy(torn[at:], half[:n])
		if wrong := d.mistake(torn); wrong != "" {
			t.Errorf("%d bytes of a checkpoint: %s", n, wrong)
		}
	}
}

func TestJournalOfAnother(t *testing.T) {
	d := busy(30, 200, rand.New(rand.NewPCG(7, 8)))
	version := bytes.ReplaceAll(d.file, []byte(journalMagic), []byte("fanseed\x02"))
	torrent := bytes.ReplaceAll(d.file, d.infohash[:], slices.Repeat([]byte{9}, 20))
	for name, file := range map[string][]byte{"version": version, "torrent": torrent, "nothing": nil, "zeros": make([]byte, len(d.file))} {
		j := newDiary(30).journal
		if c := j.load(file); c.whole || c.trusted.Count() > 0 || c.doubtful.Count() > 0 {
			t.Errorf("%s: believes %+v", name, c)
		}
	}
	other := newDiary(31).journal
	if c := other.load(d.file); c.whole || c.trusted.Count() > 0 {
		t.Errorf("31 pieces: believes %+v", c)
	}
}

func FuzzJournal(f *testing.F) {
	d := busy(30, 100, rand.New(rand.NewPCG(9, 10)))
	f.Add(d.file)
	f.Fuzz(func(t *testing.T, file []byte) {
		j := newDiary(30).journal
		c := j.load(file)
		if !c.trusted.Valid(30) || !c.doubtful.Valid(30) || j.records > j.capacity {
			t.Errorf("claims %x %x, goes on at record %d", c.trusted, c.doubtful, j.records)
		}
	})
}
