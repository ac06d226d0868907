package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
)

// Audited is how one seeder has served one audit. The same one again changes nothing; one of an account or a
// work that is not known, or of an epoch that is closed, is lost.
type Audited struct {
	Epoch   uint32
	Account [16]byte
	Work    [20]byte
	Passed  bool   // else it halves the account's reputation at the end of the epoch, and is in the public log
	Why     string // a word of the auditor's closed list
	Time    uint64 // Unix milliseconds
}

// ID names an audit, so that it is kept once.
func (a Audited) ID() [16]byte {
	b := binary.BigEndian.AppendUint32([]byte("audit\n"), a.Epoch)
	b = binary.BigEndian.AppendUint64(append(append(b, a.Account[:]...), a.Work[:]...), a.Time)
	sum := sha256.Sum256(b)
	return [16]byte(sum[:])
}

// Failed says how many audits of an epoch an account has failed.
type Failed struct {
	Account [16]byte
	Times   uint64
}

// Audited keeps how audits ended.
func (l *Ledger) Audited(ctx context.Context, list []Audited) error {
	_, err := l.writer.apply(ctx, Batch{Audits: list})
	return err
}
