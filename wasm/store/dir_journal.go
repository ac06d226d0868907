//go:build !js

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"fanseed/wasm/wire"
)

const journalName = "journal"

// write writes a piece and then its record. Before the record is there nothing claims that the piece is.
func (d *Dir) write(index int, piece []byte) error {
	if err := d.ensure(); err != nil {
		return err
	}
	if d.stale { // or the journal would trust what is half written
		if err := d.sync(); err != nil {
			return err
		}
	}
	err := d.layout.each(d.begin(index), int64(len(piece)), func(file int, at, n int64) error {
		bytes := piece[:n]
		piece = piece[n:]
		if file == padding {
			return nil
		}
		return d.missing(d.writeFile(file, at, bytes))
	})
	if err != nil {
		return err
	}
	return d.record(index, true)
}

// keep counts a piece as there, and so many bytes more as held.
func (d *Dir) keep(index int, size int64) error {
	d.mu.Lock()
	d.have.Set(index)
	d.settled(index)
	d.held += size
	d.mu.Unlock()
	d.unsynced += d.info.PieceSize(index)
	if d.unsynced >= syncEvery || d.whole() {
		return d.sync()
	}
	return nil
}

// whole tells that there is nothing more to put.
func (d *Dir) whole() bool { return d.doubts == 0 && d.have.Full(d.info.NumPieces()) }

func (d *Dir) settled(index int) {
	if d.doubtful.Has(index) {
		d.doubtful.Clear(index)
		d.doubts--
	}
}

// touch has the data files of a piece flushed.
func (d *Dir) touch(index int) {
	_ = d.layout.each(d.begin(index), d.info.PieceSize(index), func(file int, _, _ int64) error {
		if file != padding {
			d.files[file].touched = true
		}
		return nil
	})
}

// forget takes a doubtful piece back.
func (d *Dir) forget(index int) error {
	if err := d.record(index, false); err != nil {
		return err
	}
	d.free(index)
	return nil
}

// free counts a piece as not there.
func (d *Dir) free(index int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settled(index)
	d.have.Clear(index)
	d.held -= d.size(index)
	d.disk.budget.give(d.size(index))
}

// ensure opens the journal, and makes it and the directory where they are not there.
func (d *Dir) ensure() (err error) {
	if d.logFile != nil {
		return nil
	}
	if d.exists {
		d.logFile, err = d.disk.root.OpenFile(d.journal(), os.O_RDWR, 0)
		return d.missing(err)
	}
	if err := d.disk.root.Mkdir(d.name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return named(err)
	}
	if d.logFile, err = d.disk.root.OpenFile(d.journal(), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return named(err)
	}
	if err := d.renew(); err != nil {
		d.closeJournal()
		return err
	}
	d.exists = true
	return nil
}

func (d *Dir) journal() string { return d.name + "/" + journalName }

// missing notes that the directory was deleted. After that nothing more is written: what a journal says must stay true.
func (d *Dir) missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.lost = true
	}
	return named(err)
}

// renew writes the journal anew, without the trust in anything, and makes the directory outlive a power loss.
func (d *Dir) renew() error {
	image := d.log.image(wire.NewBitfield(d.info.NumPieces()), d.doubtful)
	if err := d.logFile.Truncate(int64(len(image))); err != nil {
		return named(err)
	}
	if err := d.commit(0, image); err != nil {
		return err
	}
	return errors.Join(d.flushDirectory("."), d.flushDirectory(d.name))
}

// flushDirectory makes the names in a directory outlive a power loss, where the system can.
func (d *Dir) flushDirectory(name string) error {
	f, err := d.disk.root.Open(name)
	if err != nil {
		return d.missing(err)
	}
	defer f.Close()
	_ = f.Sync() // not every system has this for directories
	return nil
}

// commit writes to the journal and flushes it.
func (d *Dir) commit(at int, bytes []byte) error {
	if err := d.append(at, bytes); err != nil {
		return err
	}
	return named(d.logFile.Sync())
}

// append writes to the journal.
func (d *Dir) append(at int, bytes []byte) error {
	_, err := d.logFile.WriteAt(bytes, int64(at))
	return named(err)
}

// record says that a piece was written, or that its bytes are wrong.
func (d *Dir) record(index int, written bool) error {
	if err := d.ensure(); err != nil {
		return err
	}
	if d.log.full() {
		if err := d.sync(); err != nil {
			return err
		}
	}
	return d.append(d.log.record(index, written))
}

// sync flushes every data file that was written to, and then says in the journal that what is there can be trusted.
func (d *Dir) sync() error {
	if err := d.ensure(); err != nil {
		return err
	}
	for file := range d.files {
		if err := d.flushFile(file); err != nil {
			return named(err)
		}
	}
	if d.made {
		if err := d.flushDirectory(d.name); err != nil {
			return err
		}
		d.made = false
	}
	if err := d.commit(d.log.checkpoint(d.have, d.doubtful)); err != nil {
		return err
	}
	d.unsynced, d.stale = 0, false
	if err := d.present(); err != nil {
		return err
	}
	if d.whole() {
		d.closeJournal()
	}
	return nil
}

// present tells whether the journal is still where it was: a file that was deleted can be written on.
func (d *Dir) present() error {
	ours, err := d.logFile.Stat()
	if err != nil {
		return named(err)
	}
	there, err := d.disk.root.Stat(d.journal())
	if err == nil && !os.SameFile(ours, there) {
		err = fmt.Errorf("another journal: %w", fs.ErrNotExist)
	}
	return d.missing(err)
}

func (d *Dir) closeJournal() {
	if d.logFile != nil {
		_ = d.logFile.Close()
		d.logFile = nil
	}
}

// closeFiles closes every file.
func (d *Dir) closeFiles() {
	d.disk.pool.drop(d.name + "/")
	d.closeJournal()
}

func (d *Dir) remove() error {
	d.closeFiles()
	d.exists = false
	return d.removeFiles()
}
