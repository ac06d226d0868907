//go:build !js

package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// Source is a person's own file as it was before it was hashed.
type Source struct {
	Path  string
	Stamp Stamp
}

// Look takes down a file that is going to be hashed.
func Look(path string) (Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return Source{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", path)
	}
	if err != nil {
		return Source{}, err
	}
	return Source{path, stampOf(info)}, nil
}

// Files is a Store of all pieces of a torrent that reads them from a person's own files, so that they are seeded without a copy. It
// refuses to Put, and never writes; Delete forgets the files and leaves them alone.
//
// A read fails with ErrLost when the file has changed since its Source was taken, so far as the system tells of changes.
type Files struct {
	info *metainfo.Info

	mu      sync.RWMutex
	sources []Source         // of each of info.Files
	open    map[int]*os.File // those that were read last, at most maxOpenSources
	deleted bool
	closed  bool
}

var _ Store = (*Files)(nil)

// maxOpenSources is how many files of one torrent are open at a time.
const maxOpenSources = 64

// NewFiles returns a store over one Source for each of info.Files; those of padding, and of files without bytes, are not looked at.
// ErrLost says that a file has changed already.
func NewFiles(info *metainfo.Info, sources []Source) (*Files, error) {
	if len(sources) != len(info.Files) {
		return nil, fmt.Errorf("%d files for a torrent of %d", len(sources), len(info.Files))
	}
	f := &Files{info: info, sources: sources, open: map[int]*os.File{}}
	for i, file := range info.Files {
		if file.Padding || file.Length == 0 {
			continue
		}
		if sources[i].Stamp.Size != file.Length {
			return nil, fmt.Errorf("%s has %d bytes, not %d", sources[i].Path, sources[i].Stamp.Size, file.Length)
		}
		if now, err := Look(sources[i].Path); err != nil || now.Stamp != sources[i].Stamp {
			return nil, fmt.Errorf("%s has changed since it was hashed: %w", sources[i].Path, errors.Join(ErrLost, err))
		}
	}
	return f, nil
}

var errReadOnlyFiles = errors.New("a person's own files are never written")

// Put implements Store: it always fails.
func (f *Files) Put(ctx context.Context, index int, _ []byte) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return fmt.Errorf("store piece %d: %w", index, errors.Join(f.ready(ctx), errReadOnlyFiles))
}

// ReadAt implements Store.
func (f *Files) ReadAt(ctx context.Context, index, begin int, dst []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.readAt(ctx, index, begin, dst); err != nil {
		return fmt.Errorf("read piece %d from its files: %w", index, err)
	}
	return nil
}

func (f *Files) readAt(ctx context.Context, index, begin int, dst []byte) error {
	if err := f.ready(ctx); err != nil {
		return err
	}
	if err := checkRead(f.info, index, begin, len(dst)); err != nil {
		return err
	}
	if f.deleted {
		return ErrMissing
	}
	offset := int64(index)*f.info.PieceLength + int64(begin)
	for i := f.info.FileAt(offset); len(dst) > 0; i++ {
		file := &f.info.Files[i]
		n := min(int64(len(dst)), file.Offset+file.Length-offset)
		if err := f.read(i, offset-file.Offset, dst[:n]); err != nil {
			return err
		}
		offset, dst = offset+n, dst[n:]
	}
	return nil
}

// read reads bytes of a file, and looks only then whether it is still what it was.
func (f *Files) read(file int, at int64, dst []byte) error {
	if f.info.Files[file].Padding {
		clear(dst)
		return nil
	}
	if len(dst) == 0 {
		return nil
	}
	opened, err := f.opened(file)
	if err == nil {
		_, err = opened.ReadAt(dst, at)
	}
	var stamp Stamp
	if err == nil {
		stamp, err = StampOf(opened)
	}
	if err != nil {
		return named(err)
	}
	if stamp != f.sources[file].Stamp {
		return fmt.Errorf("%s has changed since it was hashed: %w", f.sources[file].Path, ErrLost)
	}
	return nil
}

// opened returns an open file. Where too many are, any of them is closed.
func (f *Files) opened(file int) (*os.File, error) {
	if opened := f.open[file]; opened != nil {
		return opened, nil
	}
	if len(f.open) >= maxOpenSources {
		for i, opened := range f.open {
			_ = opened.Close()
			delete(f.open, i)
			break
		}
	}
	opened, err := os.Open(f.sources[file].Path)
	if err == nil {
		f.open[file] = opened
	}
	return opened, err
}

// Have implements Store.
func (f *Files) Have() wire.Bitfield {
	f.mu.RLock()
	defer f.mu.RUnlock()
	have := wire.NewBitfield(f.info.NumPieces())
	for i := range f.info.NumPieces() {
		if !f.deleted && !f.closed {
			have.Set(i)
		}
	}
	return have
}

// Doubtful implements Store: there are none.
func (f *Files) Doubtful() wire.Bitfield { return wire.NewBitfield(f.info.NumPieces()) }

// Settle implements Store.
func (f *Files) Settle(ctx context.Context, index int, _ bool) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if err := f.ready(ctx); err != nil {
		return fmt.Errorf("settle piece %d of files: %w", index, err)
	}
	return nil
}

// Delete implements Store.
func (f *Files) Delete(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.ready(ctx); err != nil {
		return fmt.Errorf("forget files: %w", err)
	}
	f.deleted = true
	f.closeAll()
	return nil
}

// Close implements Store.
func (f *Files) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.closeAll()
	return nil
}

func (f *Files) closeAll() {
	for i, opened := range f.open {
		_ = opened.Close()
		delete(f.open, i)
	}
}

func (f *Files) ready(ctx context.Context) error {
	if f.closed {
		return ErrClosed
	}
	return ctx.Err()
}
