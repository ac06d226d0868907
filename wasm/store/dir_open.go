//go:build !js

package store

import (
	"encoding/hex"
	"errors"
	"io/fs"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// openDir opens the store of a torrent, empty where there is none. What an earlier run left is taken from the budget even where that has
// no room for it.
func openDir(disk *Disk, infohash [20]byte, info *metainfo.Info) (*Dir, error) {
	d := &Dir{
		disk: disk, info: info, name: hex.EncodeToString(infohash[:]),
		layout: newLayout(info, least), log: newJournal(infohash, info),
		have: wire.NewBitfield(info.NumPieces()), doubtful: wire.NewBitfield(info.NumPieces()),
	}
	d.files = make([]dataFile, len(d.layout.names))
	file, err := d.readJournal()
	switch {
	case errors.Is(err, fs.ErrNotExist) && !d.hasData():
		return d, nil
	case err == nil || errors.Is(err, fs.ErrNotExist):
		d.exists = err == nil
		err = d.recall(file)
	}
	d.closeJournal()
	if err != nil {
		return nil, err
	}
	return d, nil
}

// readJournal reads the whole journal, or nothing of one that has a wrong size.
func (d *Dir) readJournal() ([]byte, error) {
	f, err := d.disk.root.Open(d.journal())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() != int64(d.log.size()) {
		return nil, err
	}
	file := make([]byte, d.log.size())
	_, err = f.ReadAt(file, 0)
	return file, err
}

// hasData tells whether there is a data file.
func (d *Dir) hasData() bool {
	for file := range d.files {
		if _, err := d.disk.root.Stat(d.path(file)); err == nil {
			return true
		}
	}
	return false
}

// recall finds out which pieces an earlier run has left.
func (d *Dir) recall(file []byte) error {
	c := d.log.load(file)
	sizes, err := d.sizes(c)
	if err != nil {
		return err
	}
	gone := false // the journal speaks of what is not there
	for i := range d.info.NumPieces() {
		claimed := c.trusted.Has(i) || c.doubtful.Has(i)
		switch there := (claimed || !c.whole) && d.reached(i, sizes); {
		case !there:
			gone = gone || claimed
			continue
		case c.trusted.Has(i):
			d.have.Set(i)
		default:
			d.doubtful.Set(i)
			d.doubts++
		}
		d.held += d.size(i)
	}
	if err := d.mend(c.whole, gone); err != nil {
		return err
	}
	d.disk.budget.hold(d.held)
	return nil
}

// mend puts a whole journal in the place of a damaged one, and a true one in the place of one that speaks of what is gone.
func (d *Dir) mend(whole, gone bool) error {
	if whole && !gone {
		return nil
	}
	if err := d.ensure(); err != nil {
		return err
	}
	if !whole {
		if err := d.renew(); err != nil {
			return err
		}
	}
	return d.commit(d.log.checkpoint(d.have, d.doubtful))
}

// sizes gives how large the data files are that can hold pieces: those of claimed pieces, or all.
func (d *Dir) sizes(c claims) ([]int64, error) {
	wanted := make([]bool, len(d.files))
	for i := range d.info.NumPieces() {
		if !c.whole || c.trusted.Has(i) || c.doubtful.Has(i) {
			d.mark(wanted, i)
		}
	}
	sizes := make([]int64, len(wanted))
	for file := range wanted {
		if !wanted[file] {
			continue
		}
		info, err := d.disk.root.Stat(d.path(file))
		if gone(err) != nil {
			return nil, err
		}
		if err == nil {
			sizes[file] = info.Size()
		}
	}
	return sizes, nil
}

// reached tells whether data files of these sizes have all bytes of a piece.
func (d *Dir) reached(index int, sizes []int64) bool {
	reached := true
	_ = d.layout.each(d.begin(index), d.info.PieceSize(index), func(file int, at, n int64) error {
		reached = reached && (file == padding || at+n <= sizes[file])
		return nil
	})
	return reached
}

// mark sets what stands for the data files of a piece.
func (d *Dir) mark(files []bool, index int) {
	_ = d.layout.each(d.begin(index), d.info.PieceSize(index), func(file int, _, _ int64) error {
		if file != padding {
			files[file] = true
		}
		return nil
	})
}
