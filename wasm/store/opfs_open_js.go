package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"syscall/js"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// openOPFS opens the store of a torrent below the directory of all, empty where there is none. What an earlier visit left is taken from
// the budget even where that has no room for it.
func openOPFS(ctx context.Context, parent js.Value, h *handles, infohash [20]byte, info *metainfo.Info, budget *Budget) (*OPFS, error) {
	o := &OPFS{
		info: info, name: hex.EncodeToString(infohash[:]), parent: parent, handles: h, budget: budget,
		layout: newLayout(info, least), log: newJournal(infohash, info), touched: map[int]bool{},
		have: wire.NewBitfield(info.NumPieces()), doubtful: wire.NewBitfield(info.NumPieces()),
	}
	o.made = make([]bool, len(o.layout.names))
	dir, err := directory(parent, o.name, false)
	if notFound(err) {
		return o, nil
	}
	if err == nil {
		o.logFile, err = openFile(ctx, dir, journalName, true)
	}
	if err != nil {
		return nil, fmt.Errorf("open the private file system: %w", err)
	}
	o.dir = &directoryOf{dir, o.layout.names}
	if err := o.recall(); err != nil {
		o.closeFiles()
		return nil, fmt.Errorf("open the private file system: %w", err)
	}
	return o, nil
}

// recall finds out which pieces an earlier visit has left.
func (o *OPFS) recall() error {
	file, err := o.readJournal()
	if err != nil {
		return err
	}
	c := o.log.load(file)
	sizes, err := o.sizes(c)
	if err != nil {
		return err
	}
	gone := false // the journal speaks of what is not there
	for i := range o.info.NumPieces() {
		claimed := c.trusted.Has(i) || c.doubtful.Has(i)
		switch there := (claimed || !c.whole) && o.reached(i, sizes); {
		case !there:
			gone = gone || claimed
			continue
		case c.trusted.Has(i):
			o.have.Set(i)
		default:
			o.doubtful.Set(i)
			o.doubts++
		}
		o.held += o.size(i)
	}
	o.budget.hold(o.held)
	o.markMade()
	if !c.whole {
		return o.rewrite()
	}
	if gone {
		return o.commit(o.log.checkpoint(o.have, o.doubtful))
	}
	return nil
}

// rewrite puts a whole journal in the place of a damaged one.
func (o *OPFS) rewrite() error {
	if err := o.renew(); err != nil {
		return err
	}
	return o.commit(o.log.checkpoint(o.have, o.doubtful))
}

// readJournal reads the whole journal, or nothing of one that has a wrong size.
func (o *OPFS) readJournal() ([]byte, error) {
	size, err := call(o.logFile, "getSize")
	if err != nil {
		return nil, err
	}
	if size.Int() != o.log.size() {
		return nil, nil
	}
	file := make([]byte, o.log.size())
	o.handles.mu.Lock()
	defer o.handles.mu.Unlock()
	return file, o.handles.readAt(o.logFile, 0, file)
}

// sizes gives how large the data files are that can hold pieces: those of claimed pieces, or all.
func (o *OPFS) sizes(c claims) ([]int64, error) {
	wanted := make([]bool, len(o.layout.names))
	for i := range o.info.NumPieces() {
		if !c.whole || c.trusted.Has(i) || c.doubtful.Has(i) {
			o.mark(wanted, i)
		}
	}
	sizes := make([]int64, len(wanted))
	errs := make([]error, len(wanted))
	var group sync.WaitGroup
	const atOnce = 16
	for first := range atOnce {
		group.Go(func() {
			for file := first; file < len(wanted); file += atOnce {
				if wanted[file] {
					sizes[file], errs[file] = o.sizeOf(file)
				}
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return sizes, nil
}

func (o *OPFS) sizeOf(file int) (int64, error) {
	f, err := snapshot(o.dir.value, o.layout.names[file])
	if notFound(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return int64(f.Get("size").Float()), nil
}

// reached tells whether data files of these sizes have all bytes of a piece.
func (o *OPFS) reached(index int, sizes []int64) bool {
	reached := true
	_ = o.layout.each(o.begin(index), o.info.PieceSize(index), func(file int, at, n int64) error {
		reached = reached && (file == padding || at+n <= sizes[file])
		return nil
	})
	return reached
}

// mark sets what stands for the data files of a piece.
func (o *OPFS) mark(files []bool, index int) {
	_ = o.layout.each(o.begin(index), o.info.PieceSize(index), func(file int, _, _ int64) error {
		if file != padding {
			files[file] = true
		}
		return nil
	})
}

func (o *OPFS) markMade() {
	for i := range o.info.NumPieces() {
		if o.have.Has(i) || o.doubtful.Has(i) {
			o.mark(o.made, i)
		}
	}
}
