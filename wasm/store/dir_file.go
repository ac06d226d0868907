//go:build !js

package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// dataFile is what a Dir knows of one of its data files.
type dataFile struct {
	mu      sync.Mutex // whoever writes has it, so that nobody takes a write of ours for somebody else's
	known   bool
	stamp   Stamp     // as we left it; zero where it is not there
	changes uint64    // how often it was seen not to be as we left it
	last    time.Time // when that was last; before it was, when the file itself was changed last
	touched bool      // has bytes that were not flushed; of those who have Dir.change
}

// path is where a data file is, below the disk's folder.
func (d *Dir) path(file int) string { return d.name + "/" + d.layout.names[file] }

// Changes returns how often the data files of a piece were seen to have been changed by somebody else, or by what broke the disk, since
// the store was opened, and when last. A piece that was verified while the number was the same, and some moments after that time, is as
// good as it was then, so far as the system tells of changes: it does so right before the bytes change. What somebody writes at the
// moment in which the store itself writes to the same file may go unnoticed.
func (d *Dir) Changes(ctx context.Context, index int) (changes uint64, last time.Time, err error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if err := d.ready(ctx); err != nil {
		return 0, last, err
	}
	err = d.layout.each(d.begin(index), d.info.PieceSize(index), func(file int, _, _ int64) error {
		if file == padding {
			return nil
		}
		f := &d.files[file]
		f.mu.Lock()
		defer f.mu.Unlock()
		err := d.look(file)
		changes += f.changes
		if f.last.After(last) {
			last = f.last
		}
		return err
	})
	if err != nil {
		return 0, last, fmt.Errorf("look at the files of piece %d: %w", index, err)
	}
	return changes, last, nil
}

// Look tells how often the data file that has one of info.Files was seen to have been changed by somebody else, and whether f, which
// Section gave, is still that file.
func (d *Dir) Look(file int, f *os.File) (changes uint64, same bool, err error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if err := d.ready(context.Background()); err != nil {
		return 0, false, err
	}
	err = d.layout.each(d.info.Files[file].Offset, min(1, d.info.Files[file].Length), func(in int, _, _ int64) error {
		if in == padding {
			return nil
		}
		ours := &d.files[in]
		ours.mu.Lock()
		defer ours.mu.Unlock()
		if err := d.look(in); err != nil {
			return err
		}
		stamp, err := StampOf(f)
		changes, same = ours.changes, stamp == ours.stamp
		return err
	})
	return changes, same, err
}

// look compares a data file with how we left it.
func (d *Dir) look(file int) error {
	stamp, err := d.stamp(file)
	if err != nil {
		return err
	}
	f := &d.files[file]
	if f.known && stamp == f.stamp {
		return nil
	}
	if f.known {
		f.changes++
		d.disk.pool.drop(d.path(file)) // another one may be in its place
		if stamp, err = d.stamp(file); err != nil {
			return err
		}
	}
	f.stamp, f.last = stamp, time.Now()
	if !f.known {
		f.last = time.Unix(0, max(stamp.Modified, stamp.Changed))
	}
	f.known = true
	return nil
}

func (d *Dir) stamp(file int) (stamp Stamp, err error) {
	err = d.disk.pool.use(d.path(file), false, func(f *os.File) (err error) {
		stamp, err = StampOf(f)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return Stamp{}, nil
	}
	return stamp, err
}

// writeFile writes to a data file, and makes it where it is not there.
func (d *Dir) writeFile(file int, at int64, bytes []byte) error {
	f := &d.files[file]
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := d.look(file); err != nil {
		return err
	}
	d.made = d.made || f.stamp == Stamp{}
	f.touched = true
	return d.disk.pool.use(d.path(file), true, func(opened *os.File) error {
		_, err := opened.WriteAt(bytes, at)
		stamp, stamping := StampOf(opened)
		f.stamp, f.known = stamp, stamping == nil
		return errors.Join(err, stamping)
	})
}

// flushFile makes what was written to a data file outlive a power loss.
func (d *Dir) flushFile(file int) error {
	if !d.files[file].touched {
		return nil
	}
	if err := d.disk.pool.use(d.path(file), false, (*os.File).Sync); gone(err) != nil {
		return err
	}
	d.files[file].touched = false
	return nil
}

// removeFiles removes every file of ours, and the directory if it is empty then.
func (d *Dir) removeFiles() error {
	for file := range d.files {
		if err := gone(d.disk.root.Remove(d.path(file))); err != nil {
			return err
		}
		d.files[file] = dataFile{changes: d.files[file].changes + 1}
	}
	if err := gone(d.disk.root.Remove(d.journal())); err != nil {
		return err
	}
	if entries, err := fs.ReadDir(d.disk.root.FS(), d.name); err != nil || len(entries) > 0 {
		return gone(err)
	}
	return gone(d.disk.root.Remove(d.name))
}

// gone is no error where the file is not there.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
