package seed

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-json-experiment/json"

	"fanseed/wasm/node"
)

// receipts are what was earned at one server and not settled yet, in a file: they outlive a process that is killed. A power cut may lose the
// last ones.
type receipts struct {
	path string
	log  *slog.Logger
	kept map[[16]byte]node.Receipt
}

// openReceipts reads what earlier runs have left. Receipts of one server are worth nothing at another.
func openReceipts(folder, origin string, log *slog.Logger) (*receipts, error) {
	sum := sha256.Sum256([]byte(origin))
	r := &receipts{path: filepath.Join(folder, "receipts-"+hex.EncodeToString(sum[:8])+".json"), log: log, kept: map[[16]byte]node.Receipt{}}
	b, err := os.ReadFile(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	var list []node.Receipt
	if err == nil {
		err = json.Unmarshal(b, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("read the receipts in %s: %w", r.path, err)
	}
	for _, one := range list {
		r.kept[one.Serial] = one
	}
	return r, nil
}

// list returns them all.
func (r *receipts) list() []node.Receipt { return slices.Collect(maps.Values(r.kept)) }

func (r *receipts) keep(one node.Receipt) {
	r.kept[one.Serial] = one
	r.write()
}

func (r *receipts) forget(serial [16]byte) {
	if _, known := r.kept[serial]; known {
		delete(r.kept, serial)
		r.write()
	}
}

// write replaces the file: it has all that was there before, or all that is there now.
func (r *receipts) write() {
	b, err := json.Marshal(r.list())
	if err == nil {
		err = os.WriteFile(r.path+".new", b, 0o600)
	}
	if err == nil {
		err = os.Rename(r.path+".new", r.path)
	}
	if err != nil {
		r.log.Error("receipts are not kept; if this process is killed, they are lost", "err", err)
	}
}
