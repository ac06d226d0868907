package seedbox

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/go-json-experiment/json"
)

// readRecord reads which works are wanted; where nothing was ever kept, none is.
func readRecord(path string) (map[[20]byte]*wish, error) {
	wishes, named := map[[20]byte]*wish{}, map[string]*wish{}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return wishes, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &named)
	}
	if err != nil {
		return nil, err
	}
	for name, w := range named {
		infohash, err := hex.DecodeString(name)
		if err != nil || len(infohash) != 20 || w == nil {
			return nil, fmt.Errorf("%q is not a work", name)
		}
		wishes[[20]byte(infohash)] = w
	}
	return wishes, nil
}

// writeRecord keeps which works are wanted: a process that is killed leaves the record of before or this one.
func writeRecord(path string, wishes map[[20]byte]*wish) error {
	named := make(map[string]*wish, len(wishes))
	for infohash, w := range wishes {
		if !w.gone {
			named[hex.EncodeToString(infohash[:])] = w
		}
	}
	b, err := json.Marshal(named)
	if err != nil {
		return err
	}
	if err := writeSynced(path+".new", b); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// writeSynced writes a file that outlives a power cut once it has another's name.
func writeSynced(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}
