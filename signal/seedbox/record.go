package seedbox

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// record remembers what was decided about works and cannot be told from the shelf: a file of lines, "infohash word", of which the last
// one counts. A decision is on the disk when note returns; a line that a crash has cut short was never made.
type record struct {
	mu   sync.Mutex
	file *os.File
}

// recordName is the file beside the shelf.
const recordName = "decisions"

// The words of a record.
const (
	noted   = "wanted" // as if nothing had been decided
	refused = "declined"
	gone    = "evicted"
)

// openRecord reads what was decided, and writes it anew without what counts no more.
func openRecord(folder string) (*record, map[[20]byte]string, error) {
	path := filepath.Join(folder, recordName)
	decided, err := readRecord(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	file, err := writeRecord(path, decided)
	if err != nil {
		return nil, nil, fmt.Errorf("write %s: %w", path, err)
	}
	return &record{file: file}, decided, nil
}

func readRecord(path string) (map[[20]byte]string, error) {
	decided := map[[20]byte]string{}
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return decided, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(b)) {
		name, word, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		infohash, err := hex.DecodeString(name)
		if !ok || err != nil || len(infohash) != 20 || !strings.HasSuffix(line, "\n") {
			continue
		}
		decided[[20]byte(infohash)] = word
		if word == noted {
			delete(decided, [20]byte(infohash))
		}
	}
	return decided, nil
}

// writeRecord writes the file beside the old one and puts it in its place.
func writeRecord(path string, decided map[[20]byte]string) (*os.File, error) {
	file, err := os.OpenFile(path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriter(file)
	for infohash, word := range decided {
		writeLine(w, infohash, word)
	}
	if err = errors.Join(w.Flush(), file.Sync()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

func writeLine(w io.Writer, infohash [20]byte, word string) {
	fmt.Fprintf(w, "%x %s\n", infohash, word)
}

// note remembers a decision.
func (r *record) note(infohash [20]byte, word string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var line strings.Builder
	writeLine(&line, infohash, word)
	if _, err := r.file.WriteString(line.String()); err != nil {
		return fmt.Errorf("note a decision: %w", err)
	}
	if err := r.file.Sync(); err != nil {
		return fmt.Errorf("note a decision: %w", err)
	}
	return nil
}

func (r *record) close() error { return r.file.Close() }
