//go:build !js

package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"fanseed/wasm/metainfo"
)

// Disk is a folder of the file system with a directory for each torrent, named by its infohash. Nothing outside of the folder is ever
// opened, not even where somebody has put a link into it.
type Disk struct {
	root   *os.Root
	budget *Budget
	pool   *pool
}

// OpenDisk opens a folder, and makes it where there is none. Its stores are paid for from budget, all together.
func OpenDisk(folder string, budget *Budget) (*Disk, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of stores: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("open the folder of stores: %w", err)
	}
	return &Disk{root: root, budget: budget, pool: newPool(root)}, nil
}

// Close closes every file. The stores must be closed.
func (d *Disk) Close() error {
	d.pool.drop("")
	return d.root.Close()
}

// Open opens the store of a torrent with what an earlier run has left. No other store of the torrent may be open.
func (d *Disk) Open(ctx context.Context, infohash [20]byte, info *metainfo.Info) (*Dir, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := openDir(d, infohash, info)
	if err != nil {
		return nil, fmt.Errorf("open stored pieces: %w", err)
	}
	return s, nil
}

// List gives the infohashes of the torrents that have a directory, in order.
func (d *Disk) List() (infohashes [][20]byte, err error) {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list stored torrents: %w", err)
	}
	for _, entry := range entries {
		if b, err := hex.DecodeString(entry.Name()); err == nil && len(b) == 20 && entry.IsDir() {
			infohashes = append(infohashes, [20]byte(b))
		}
	}
	return infohashes, nil
}

// Remove removes the directory of a torrent, whose store must not be open.
func (d *Disk) Remove(infohash [20]byte) error {
	if err := d.root.RemoveAll(hex.EncodeToString(infohash[:])); err != nil {
		return fmt.Errorf("remove a stored torrent: %w", err)
	}
	return nil
}

// Taken returns how many bytes of the disk the directory of a torrent takes.
func (d *Disk) Taken(infohash [20]byte) (bytes int64, err error) {
	entries, err := fs.ReadDir(d.root.FS(), hex.EncodeToString(infohash[:]))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			bytes += taken(info)
		}
	}
	return bytes, err
}

// Root returns the folder, for files of others beside the stores' own: a Dir has files named by numbers, and its journal.
func (d *Disk) Root() *os.Root { return d.root }

// named gives an error of the file system its place among the package's own.
func named(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, io.ErrShortWrite):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	return err
}
