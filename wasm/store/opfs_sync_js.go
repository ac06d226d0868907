package store

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"

	"fanseed/wasm/wire"
)

const journalName = "journal"

// failed says what was being done. After the loss of files nothing more is written: what the journal says must stay true.
func (o *OPFS) failed(what string, err error) error {
	o.lost = o.lost || errors.Is(err, ErrLost)
	return fmt.Errorf("%s in the private file system: %w", what, err)
}

// ensure makes the directory and an empty journal where there are none.
func (o *OPFS) ensure() error {
	if o.dir != nil {
		return nil
	}
	dir, err := directory(o.parent, o.name, true)
	if err != nil {
		return named(err)
	}
	file, err := openFile(context.Background(), dir, journalName, true)
	if err != nil {
		return named(err)
	}
	o.dir, o.logFile = &directoryOf{dir, o.layout.names}, file
	if err := o.renew(); err != nil {
		o.closeFiles()
		return err
	}
	return nil
}

// renew writes the journal anew, without the trust in anything.
func (o *OPFS) renew() error {
	image := o.log.image(wire.NewBitfield(o.info.NumPieces()), o.doubtful)
	if _, err := call(o.logFile, "truncate", len(image)); err != nil {
		return named(err)
	}
	return o.commit(0, image)
}

// commit writes to the journal and flushes it.
func (o *OPFS) commit(at int, bytes []byte) error {
	if err := o.append(at, bytes); err != nil {
		return err
	}
	_, err := call(o.logFile, "flush")
	return named(err)
}

// append writes to the journal.
func (o *OPFS) append(at int, bytes []byte) error {
	o.handles.mu.Lock()
	defer o.handles.mu.Unlock()
	return o.handles.writeAt(o.logFile, int64(at), bytes)
}

// record says that a piece was written, or that its bytes are wrong.
func (o *OPFS) record(index int, written bool) error {
	if o.log.full() {
		if err := o.sync(); err != nil {
			return err
		}
	}
	return o.append(o.log.record(index, written))
}

// sync flushes every data file that was written to, and then says in the journal that what is there can be trusted.
func (o *OPFS) sync() error {
	for file := range o.layout.names {
		if !o.touched[file] {
			continue
		}
		if err := o.handles.flush(o.dir, file); err != nil {
			return err
		}
		delete(o.touched, file)
	}
	if err := o.commit(o.log.checkpoint(o.have, o.doubtful)); err != nil {
		return err
	}
	o.unsynced = 0
	return o.dir.present() // a browser that clears a site's data lets open files be written on
}

// Blob implements Blobber. The Blob refers to the files and copies nothing; it stays good until the store is deleted.
func (o *OPFS) Blob(offset, length int64, mime string) (js.Value, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	parts, err := o.slices(offset, length)
	if err != nil {
		return js.Undefined(), o.failed("make a blob", err)
	}
	return newBlob(parts, mime)
}

func (o *OPFS) slices(offset, length int64) (parts []any, err error) {
	if err := o.ready(context.Background()); err != nil {
		return nil, err
	}
	if err := checkRange(o.info, offset, length); err != nil {
		return nil, err
	}
	for index := offset / o.info.PieceLength; length > 0 && index <= (offset+length-1)/o.info.PieceLength; index++ {
		if !o.have.Has(int(index)) {
			return nil, fmt.Errorf("piece %d: %w", index, ErrMissing)
		}
	}
	err = o.layout.each(offset, length, func(file int, at, n int64) error {
		if file == padding {
			parts = append(parts, zeros(n))
			return nil
		}
		whole, err := snapshot(o.dir.value, o.layout.names[file])
		if err == nil {
			parts = append(parts, whole.Call("slice", at, at+n))
		}
		return named(err)
	})
	return parts, err
}
