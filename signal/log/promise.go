package log

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
)

const promisePrefix = "fanseed promise v1\n"

// PromiseSize is the length in bytes of a promise with its signature.
const (
	promiseMessage = len(promisePrefix) + 32 + 8
	PromiseSize    = promiseMessage + 64
)

// Promise says that a record will be in the log. Who holds one that was not kept can prove it to anybody: no tree that was signed after By
// may lack the record.
type Promise struct {
	Leaf      Hash   // of the record
	By        uint64 // Unix milliseconds
	Signature [64]byte
}

// Promise signs that a record will be in the log by a time in Unix milliseconds.
func (s *Signer) Promise(leaf Hash, by uint64) Promise {
	p := Promise{Leaf: leaf, By: by}
	p.Signature = [64]byte(ed25519.Sign(s.private, p.message(nil)))
	return p
}

// Promised verifies a promise's signature. An error is ErrSignature.
func (k Key) Promised(p Promise) error {
	if len(k.public) == 0 || !ed25519.Verify(k.public, p.message(nil), p.Signature[:]) {
		return fmt.Errorf("%w %s", ErrSignature, k)
	}
	return nil
}

// message is what is signed. No checkpoint begins like it, since no log's name has a space.
func (p Promise) message(dst []byte) []byte {
	dst = append(dst, promisePrefix...)
	dst = append(dst, p.Leaf[:]...)
	return binary.BigEndian.AppendUint64(dst, p.By)
}

// Append appends the PromiseSize bytes of the promise to dst: "fanseed promise v1\n" | leaf 32 | by u64 | signature 64, big-endian.
func (p Promise) Append(dst []byte) []byte { return append(p.message(dst), p.Signature[:]...) }

// ParsePromise reads one whole promise. It does not verify the signature. An error is ErrPromise.
func ParsePromise(b []byte) (Promise, error) {
	if len(b) != PromiseSize || string(b[:len(promisePrefix)]) != promisePrefix {
		return Promise{}, fmt.Errorf("%w, of %d bytes", ErrPromise, PromiseSize)
	}
	b = b[len(promisePrefix):]
	return Promise{Leaf: Hash(b[:32]), By: binary.BigEndian.Uint64(b[32:]), Signature: [64]byte(b[40:])}, nil
}
