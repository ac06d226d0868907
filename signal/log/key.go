package log

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/mod/sumdb/note"

	"fanseed/signal/ticket"
)

// maxKey bounds a key's text, in bytes.
const maxKey = 512

// Key is the public key of a log, with the log's name. Its text is that of C2SP signed-note, "name+id+key": id is hex of the first four
// bytes of SHA-256(name | "\n" | 1 | public key), key base64 of 1 | public key.
type Key struct {
	name     string // the log's origin
	public   ed25519.PublicKey
	verifier note.Verifier
}

// NewKey names a public key. The origin is the server's host, such as fanseed.example or localhost:8080. An error is ErrKey.
func NewKey(origin string, public ed25519.PublicKey) (Key, error) {
	text, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %v", ErrKey, err)
	}
	return ParseKey(text)
}

// ParseKey reads the text of a key. An error is ErrKey; a key of small order is none, since anybody can sign with it.
func ParseKey(text string) (Key, error) {
	if len(text) > maxKey {
		return Key{}, fmt.Errorf("%w: its text has %d bytes", ErrKey, len(text))
	}
	verifier, err := note.NewVerifier(text)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %v", ErrKey, err)
	}
	public, err := base64.StdEncoding.DecodeString(strings.SplitN(text, "+", 3)[2]) // the verifier has read it: 1 and 32 bytes
	if err != nil || strings.ContainsFunc(verifier.Name(), hidden) {
		return Key{}, fmt.Errorf("%w: its name cannot be printed", ErrKey)
	}
	k := Key{verifier.Name(), public[1:], verifier}
	if ticket.SmallOrder([32]byte(k.public)) {
		return Key{}, fmt.Errorf("%w: it is of small order", ErrKey)
	}
	if k.String() != text {
		return Key{}, fmt.Errorf("%w: it has more than one text", ErrKey)
	}
	return k, nil
}

// hidden reports whether a terminal might do something else with r than show it.
func hidden(r rune) bool { return !unicode.IsPrint(r) }

// Origin returns the log's name.
func (k Key) Origin() string { return k.name }

// String returns the key's one text.
func (k Key) String() string {
	text, err := note.NewEd25519VerifierKey(k.name, k.public)
	if err != nil {
		return "" // of the zero Key
	}
	return text
}

// Signer signs for a log.
type Signer struct {
	key     Key
	private ed25519.PrivateKey
}

// NewSigner returns who signs with a key that nothing else is signed with. An error is ErrKey.
func NewSigner(origin string, private ed25519.PrivateKey) (*Signer, error) {
	key, err := NewKey(origin, private.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	return &Signer{key, private}, nil
}

// Key returns the public key.
func (s *Signer) Key() Key { return s.key }

// The methods of a note.Signer.

// Name returns the log's name.
func (s *Signer) Name() string { return s.key.name }

// KeyHash returns the key's id.
func (s *Signer) KeyHash() uint32 { return s.key.verifier.KeyHash() }

// Sign signs bytes. It never fails.
func (s *Signer) Sign(message []byte) ([]byte, error) { return ed25519.Sign(s.private, message), nil }
