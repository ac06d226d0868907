package store

import (
	"encoding/binary"
	"hash/crc32"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// journal is the form of the file that says which pieces are in the data files beside it. It has two halves, which are written in turn,
// so that a crash at any point leaves one whole. Each half is
//
//	magic, infohash, number of pieces, generation
//	bitfield of the pieces that are trusted: their bytes were flushed before this was written
//	bitfield of the pieces that are doubtful: their bytes may be there
//	CRC-32 of the above
//	records, each of which says that a piece was written or that its bytes are wrong, with a CRC-32 bound to its place
//
// Only the bitfields speak of trust, never a record: whatever becomes of the records, nothing is trusted that was not flushed.
type journal struct {
	infohash   [20]byte
	pieces     int
	capacity   int    // records of a half
	generation uint32 // of the half that is written now; its lowest bit says which half that is
	records    int    // in it
}

const (
	journalMagic  = "fanseed\x01" // the last byte is the version
	journalHeader = len(journalMagic) + 20 + 4 + 4
	recordSize    = 8
	syncEvery     = 32 << 20 // bytes after which data files are flushed: about 15 ms of work
)

func newJournal(infohash [20]byte, info *metainfo.Info) journal {
	return journal{infohash: infohash, pieces: info.NumPieces(), capacity: int(max(64, min(2048, syncEvery/info.PieceLength)))}
}

func (j *journal) bitfields() int { return journalHeader + 2*len(wire.NewBitfield(j.pieces)) }

// half is the size of a half in bytes.
func (j *journal) half() int { return j.bitfields() + 4 + j.capacity*recordSize }

// size is the size of the file in bytes.
func (j *journal) size() int { return 2 * j.half() }

// begin is where the half of a generation begins.
func (j *journal) begin(generation uint32) int { return int(generation&1) * j.half() }

// full tells that there is no room for another record before the next checkpoint.
func (j *journal) full() bool { return j.records == j.capacity }

// checkpoint begins the other half and gives its bytes and where they go. They must be flushed before the next checkpoint.
func (j *journal) checkpoint(trusted, doubtful wire.Bitfield) (at int, half []byte) {
	j.generation++
	j.records = 0
	half = make([]byte, 0, j.half())
	half = append(append(half, journalMagic...), j.infohash[:]...)
	half = binary.BigEndian.AppendUint32(half, uint32(j.pieces))
	half = binary.BigEndian.AppendUint32(half, j.generation)
	half = append(append(half, trusted...), doubtful...)
	half = binary.BigEndian.AppendUint32(half, crc32.ChecksumIEEE(half))
	return j.begin(j.generation), half[:j.half()]
}

// image gives the bytes of a whole new file, of which one half is a checkpoint.
func (j *journal) image(trusted, doubtful wire.Bitfield) []byte {
	at, half := j.checkpoint(trusted, doubtful)
	image := make([]byte, j.size())
	copy(image[at:], half)
	return image
}

// record gives the next record and where it goes. The journal must not be full.
func (j *journal) record(index int, written bool) (at int, record []byte) {
	value := uint32(index+1) << 1 // never zero, which is no record
	if written {
		value |= 1
	}
	at = j.begin(j.generation) + j.bitfields() + 4 + j.records*recordSize
	record = binary.BigEndian.AppendUint32(nil, value)
	record = binary.BigEndian.AppendUint32(record, j.sum(value))
	j.records++
	return at, record
}

// sum is the checksum of the record that comes next.
func (j *journal) sum(value uint32) uint32 {
	var b [32]byte
	copy(b[:], j.infohash[:])
	binary.BigEndian.PutUint32(b[20:], j.generation)
	binary.BigEndian.PutUint32(b[24:], uint32(j.records))
	binary.BigEndian.PutUint32(b[28:], value)
	return crc32.ChecksumIEEE(b[:])
}

// claims is what a journal says.
type claims struct {
	trusted, doubtful wire.Bitfield
	whole             bool // nothing is damaged: pieces of which it does not speak are not there
}

// load reads a file and makes j go on where it ends. Of a file that cannot be read or is of another torrent nothing is believed.
func (j *journal) load(file []byte) claims {
	c := claims{trusted: wire.NewBitfield(j.pieces), doubtful: wire.NewBitfield(j.pieces)}
	if len(file) != j.size() {
		return c
	}
	newest, whole := j.newest(file)
	j.generation = newest
	if newest == 0 || !whole {
		return c // a half that is broken might have taken back what the other one says
	}
	half := file[j.begin(newest):][:j.half()]
	n := len(c.trusted)
	copy(c.trusted, half[journalHeader:])
	copy(c.doubtful, half[journalHeader+n:])
	c.whole = j.replay(half[j.bitfields()+4:], c.doubtful)
	for i := range c.doubtful {
		c.doubtful[i] &^= c.trusted[i]
	}
	return c
}

// newest finds the generation of the newest half, 0 where there is none, and tells whether the other half is what it must be: of the
// generation before it, or never written.
func (j *journal) newest(file []byte) (newest uint32, whole bool) {
	a, aZero := j.parse(file[:j.half()], 0)
	b, bZero := j.parse(file[j.half():], 1)
	if a < b {
		a, b, bZero = b, a, aZero
	}
	return a, bZero || b > 0 && a-b == 1
}

// parse gives the generation of a half, 0 for one that is broken, and tells whether it is nothing but zeros.
func (j *journal) parse(half []byte, which uint32) (generation uint32, zero bool) {
	head, sum := half[:j.bitfields()], half[j.bitfields():]
	if allZero(half) {
		return 0, true
	}
	generation = binary.BigEndian.Uint32(head[journalHeader-4:])
	switch {
	case crc32.ChecksumIEEE(head) != binary.BigEndian.Uint32(sum),
		string(head[:len(journalMagic)]) != journalMagic,
		[20]byte(head[len(journalMagic):]) != j.infohash,
		int(binary.BigEndian.Uint32(head[journalHeader-8:])) != j.pieces,
		generation&1 != which:
		return 0, false
	}
	return generation, false
}

// replay takes records into the bitfield of doubtful pieces, and tells whether they end in order: with zeros up to the end.
func (j *journal) replay(records []byte, doubtful wire.Bitfield) bool {
	for j.records = 0; !j.full(); j.records++ {
		value := binary.BigEndian.Uint32(records)
		index := int(value>>1) - 1
		if index < 0 || index >= j.pieces || binary.BigEndian.Uint32(records[4:]) != j.sum(value) {
			return allZero(records)
		}
		if value&1 == 1 {
			doubtful.Set(index)
		} else {
			doubtful.Clear(index)
		}
		records = records[recordSize:]
	}
	return true
}

func allZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}
