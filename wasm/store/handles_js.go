package store

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"syscall/js"
)

const (
	maxHandles = 64      // data files that are open at a time, of all stores together
	windowSize = 1 << 20 // bytes that are moved at a time
)

// handles are the data files that are open. Opening one takes milliseconds, so the one that was not used for longest is closed first.
//
// Bytes pass through one array of JavaScript, which is used again and again. A view on the memory of WebAssembly itself would save the
// copy, which was measured to cost nothing beside the write, and it breaks whenever that memory grows.
type handles struct {
	mu     sync.Mutex
	open   []handle // the one that was used last comes last
	array  js.Value
	window js.Value // the first bytes of array
	size   int      // of window
	at     js.Value // {at: …}
}

type handle struct {
	dir   *directoryOf
	file  int
	value js.Value // a FileSystemSyncAccessHandle
}

// directoryOf is the directory of one torrent.
type directoryOf struct {
	value js.Value
	names []string // of the data files
}

func newHandles() *handles {
	return &handles{array: js.Global().Get("Uint8Array").New(windowSize), at: js.Global().Get("Object").New()}
}

// present tells whether the directory is still there.
func (d *directoryOf) present() error {
	_, err := promised(d.value, "getFileHandle", journalName)
	return named(err)
}

// close closes files of the directory. Where the site's data were cleared it only forgets them: Chromium lets them be written on, and never
// returns from closing them.
func (d *directoryOf) close(files ...js.Value) {
	if d.present() != nil {
		return
	}
	for _, file := range files {
		_, _ = call(file, "close")
	}
}

// use calls f with an open data file.
func (h *handles) use(dir *directoryOf, file int, create bool, f func(js.Value) error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.open, func(o handle) bool { return o.dir == dir && o.file == file })
	if i < 0 {
		if err := h.make(dir, file, create); err != nil {
			return err
		}
		i = len(h.open) - 1
	}
	o := h.open[i]
	h.open = append(slices.Delete(h.open, i, i+1), o)
	return f(o.value)
}

func (h *handles) make(dir *directoryOf, file int, create bool) error {
	if len(h.open) == maxHandles {
		h.open[0].dir.close(h.open[0].value)
		h.open = slices.Delete(h.open, 0, 1)
	}
	value, err := openFile(context.Background(), dir.value, dir.names[file], create)
	if err != nil {
		return named(err)
	}
	h.open = append(h.open, handle{dir, file, value})
	return nil
}

// closeAll closes the files of a directory.
func (h *handles) closeAll(dir *directoryOf) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var files []js.Value
	h.open = slices.DeleteFunc(h.open, func(o handle) bool {
		if o.dir == dir {
			files = append(files, o.value)
		}
		return o.dir == dir
	})
	dir.close(files...)
}

// read fills dst from a place in a data file.
func (h *handles) read(dir *directoryOf, file int, at int64, dst []byte) error {
	return h.use(dir, file, false, func(value js.Value) error { return h.readAt(value, at, dst) })
}

// write writes to a place in a data file.
func (h *handles) write(dir *directoryOf, file int, create bool, at int64, src []byte) error {
	return h.use(dir, file, create, func(value js.Value) error { return h.writeAt(value, at, src) })
}

// flush makes what was written to a data file outlive a power loss.
func (h *handles) flush(dir *directoryOf, file int) error {
	return h.use(dir, file, false, func(value js.Value) error {
		_, err := call(value, "flush")
		return named(err)
	})
}

func (h *handles) readAt(value js.Value, at int64, dst []byte) error {
	for len(dst) > 0 {
		n := min(len(dst), windowSize)
		if got, err := h.move(value, "read", at, n); err != nil {
			return err
		} else if got != n {
			return fmt.Errorf("%w: %w", ErrLost, io.ErrUnexpectedEOF)
		}
		js.CopyBytesToGo(dst[:n], h.window)
		at, dst = at+int64(n), dst[n:]
	}
	return nil
}

func (h *handles) writeAt(value js.Value, at int64, src []byte) error {
	for len(src) > 0 {
		n := min(len(src), windowSize)
		h.cut(n)
		js.CopyBytesToJS(h.window, src[:n])
		if put, err := h.move(value, "write", at, n); err != nil {
			return err
		} else if put != n {
			return fmt.Errorf("%w: %w", ErrFull, io.ErrShortWrite)
		}
		at, src = at+int64(n), src[n:]
	}
	return nil
}

// move calls read or write for the first n bytes of the array.
func (h *handles) move(value js.Value, method string, at int64, n int) (int, error) {
	h.cut(n)
	h.at.Set("at", at)
	moved, err := call(value, method, h.window, h.at)
	if err != nil {
		return 0, named(err)
	}
	return moved.Int(), nil
}

// cut makes window n bytes long.
func (h *handles) cut(n int) {
	if h.size != n {
		h.window, h.size = h.array.Call("subarray", 0, n), n
	}
}
