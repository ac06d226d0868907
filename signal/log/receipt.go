package log

import (
	"crypto/sha256"
	"encoding/binary"
)

const receiptPrefix = "fanseed log receipt v1\n"

// Receipt is a settled receipt as its seeder knows it. The log has only Hash of it: who does not know the salt, which is random, learns
// nothing of a serial or an amount.
type Receipt struct {
	Salt   [16]byte
	Serial [16]byte // the ticket's
	Amount uint64   // bytes, cumulative
	Epoch  uint32   // in which the increase counts
}

// Hash returns SHA-256("fanseed log receipt v1\n" | salt 16 | serial 16 | amount u64 | epoch u32), integers big-endian.
func (r Receipt) Hash() [32]byte {
	b := append(make([]byte, 0, len(receiptPrefix)+16+16+8+4), receiptPrefix...)
	b = append(b, r.Salt[:]...)
	b = append(b, r.Serial[:]...)
	b = binary.BigEndian.AppendUint64(b, r.Amount)
	return sha256.Sum256(binary.BigEndian.AppendUint32(b, r.Epoch))
}

// Record is what the log has of the receipt. Its Leaf is what a promise names.
func (r Receipt) Record() Record {
	hash := r.Hash()
	return Record{KindReceipt, []line{hexes("hash", hash[:])}}
}
