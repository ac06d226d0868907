package log

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// MaxCheckpoint is the most bytes of a signed checkpoint.
const MaxCheckpoint = 16 << 10

// Checkpoint returns the signed checkpoint of a tree (C2SP tlog-checkpoint): a note of three lines, which are the log's name, the number of
// records and base64 of the root. A log never signs one that does not contain every earlier one.
func (s *Signer) Checkpoint(t Tree) ([]byte, error) {
	text := s.key.name + "\n" + strconv.FormatInt(t.N, 10) + "\n" + t.Hash.String() + "\n"
	signed, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return signed, nil
}

// Checkpoint verifies a signed checkpoint of the key's log. Signatures of other keys may stand beside the log's. An error is ErrSignature
// when the log did not sign it, and ErrCheckpoint when it is none, or has more lines than this log writes.
func (k Key) Checkpoint(signed []byte) (Tree, error) {
	if len(signed) > MaxCheckpoint {
		return Tree{}, fmt.Errorf("%w: it has %d bytes", ErrCheckpoint, len(signed))
	}
	n, err := note.Open(signed, note.VerifierList(k.verifier))
	if unsigned := new(note.UnverifiedNoteError); errors.As(err, &unsigned) {
		return Tree{}, fmt.Errorf("%w %s", ErrSignature, k)
	}
	if invalid := new(note.InvalidSignatureError); errors.As(err, &invalid) {
		return Tree{}, fmt.Errorf("%w %s", ErrSignature, k)
	}
	if err != nil {
		return Tree{}, fmt.Errorf("%w: %v", ErrCheckpoint, err)
	}
	return k.parse(n.Text)
}

func (k Key) parse(text string) (Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Tree{}, fmt.Errorf("%w: it has not three lines", ErrCheckpoint)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	root, wrong := base64.StdEncoding.Strict().DecodeString(lines[2])
	switch {
	case lines[0] != k.name:
		return Tree{}, fmt.Errorf("%w: it is of another log, %q", ErrCheckpoint, lines[0])
	case err != nil || size < 0 || size > MaxRecords || strconv.FormatInt(size, 10) != lines[1]:
		return Tree{}, fmt.Errorf("%w: %q is no number of records", ErrCheckpoint, lines[1])
	case wrong != nil || len(root) != len(Hash{}):
		return Tree{}, fmt.Errorf("%w: %q is no root", ErrCheckpoint, lines[2])
	case size == 0 && Hash(root) != Empty.Hash:
		return Tree{}, fmt.Errorf("%w: the root is not that of no records", ErrCheckpoint)
	}
	return Tree{N: size, Hash: Hash(root)}, nil
}
