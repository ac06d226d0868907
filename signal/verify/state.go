package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"fanseed/signal/log"
)

// ErrState is of a file that is not what this package keeps.
var ErrState = errors.New("not what was kept of a log")

const (
	statePrefix = "fanseed log state v1\n"
	maxState    = 1<<10 + log.MaxCheckpoint
)

// State is what is kept of a log from one visit to the next: its key, and the newest checkpoint, with which its server can be convicted.
//
// Its form is the line "fanseed log state v1", the text of the key on a line, and the signed checkpoint.
type State struct {
	Key    log.Key
	Tree   log.Tree
	Signed []byte
}

// Known reports whether anything was kept.
func (s State) Known() bool { return len(s.Signed) > 0 }

// Append appends the state's one form to dst.
func (s State) Append(dst []byte) []byte {
	dst = append(append(dst, statePrefix...), s.Key.String()...)
	return append(append(dst, '\n'), s.Signed...)
}

// ParseState reads a state and verifies its checkpoint. An error is ErrState.
func ParseState(b []byte) (State, error) {
	rest, ok := bytes.CutPrefix(b, []byte(statePrefix))
	text, signed, found := bytes.Cut(rest, []byte("\n"))
	if !ok || !found || len(b) > maxState {
		return State{}, fmt.Errorf("%w: it has not its form", ErrState)
	}
	key, err := log.ParseKey(string(text))
	if err != nil {
		return State{}, fmt.Errorf("%w: %v", ErrState, err)
	}
	tree, err := key.Checkpoint(signed)
	if err != nil {
		return State{}, fmt.Errorf("%w: %v", ErrState, err)
	}
	return State{key, tree, signed}, nil
}

// readState reads a state's file. Where there is none, nothing was kept.
func readState(path string) (State, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, maxState+1))
	if err != nil {
		return State{}, err
	}
	s, err := ParseState(b)
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// writeState writes a state's file: after a crash it is the old one or the new.
func writeState(path string, s State) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // nothing is left to remove where it was renamed
	_, err = file.Write(s.Append(nil))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
