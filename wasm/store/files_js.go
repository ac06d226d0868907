package store

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"
	"time"

	"fanseed/wasm/promise"
)

// promised calls a method that gives a promise and waits for it, whatever happens: a file handle that nobody waited for would stay
// locked.
func promised(v js.Value, method string, args ...any) (js.Value, error) {
	pending, err := call(v, method, args...)
	if err != nil {
		return pending, err
	}
	return promise.Await(context.Background(), pending)
}

// errorName is the name of a DOMException, or "".
func errorName(err error) string {
	var e js.Error
	if !errors.As(err, &e) {
		return ""
	}
	if name := e.Value.Get("name"); name.Type() == js.TypeString {
		return name.String()
	}
	return ""
}

func notFound(err error) bool { return errorName(err) == "NotFoundError" }

// named gives an error of the browser's storage its place among the package's own.
func named(err error) error {
	switch errorName(err) {
	case "QuotaExceededError":
		return fmt.Errorf("%w: %w", ErrFull, err)
	case "NotFoundError", "InvalidStateError", "NotReadableError":
		return fmt.Errorf("%w: %w", ErrLost, err)
	}
	return err
}

// patience is how long a file may stay locked: by a worker that is ending, or by a handle that is being closed.
const patience = 5 * time.Second

// unlocked repeats a call for as long as a lock is in its way.
func unlocked(ctx context.Context, f func() (js.Value, error)) (js.Value, error) {
	for deadline := time.Now().Add(patience); ; {
		v, err := f()
		if errorName(err) != "NoModificationAllowedError" || time.Now().After(deadline) {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// rootName is the directory that has one directory for each torrent, named by its infohash.
const rootName = "fanseed"

// openRoot opens the directory of all torrents in the origin's private file system (https://fs.spec.whatwg.org).
func openRoot() (js.Value, error) {
	storage := js.Global().Get("navigator")
	if storage.Type() == js.TypeObject {
		storage = storage.Get("storage")
	}
	if storage.Type() != js.TypeObject || storage.Get("getDirectory").Type() != js.TypeFunction {
		return storage, errors.New("this browser has no private file system")
	}
	origin, err := promised(storage, "getDirectory")
	if err != nil {
		return origin, err
	}
	return directory(origin, rootName, true)
}

func directory(parent js.Value, name string, create bool) (js.Value, error) {
	return promised(parent, "getDirectoryHandle", name, creating(create))
}

func creating(create bool) js.Value {
	o := js.Global().Get("Object").New()
	o.Set("create", create)
	return o
}

// openFile opens a file of a directory for this worker alone.
func openFile(ctx context.Context, dir js.Value, name string, create bool) (js.Value, error) {
	file, err := promised(dir, "getFileHandle", name, creating(create))
	if err != nil {
		return file, err
	}
	return unlocked(ctx, func() (js.Value, error) { return promised(file, "createSyncAccessHandle") })
}

// snapshot gives a file of a directory as a File.
func snapshot(dir js.Value, name string) (js.Value, error) {
	file, err := promised(dir, "getFileHandle", name)
	if err != nil {
		return file, err
	}
	return promised(file, "getFile")
}

// removeEntry removes a file, or a directory with everything in it. It is no error that it is not there.
func removeEntry(ctx context.Context, parent js.Value, name string) error {
	o := js.Global().Get("Object").New()
	o.Set("recursive", true)
	_, err := unlocked(ctx, func() (js.Value, error) { return promised(parent, "removeEntry", name, o) })
	if notFound(err) {
		return nil
	}
	return err
}

// entries lists the names in a directory.
func entries(dir js.Value) (names []string, err error) {
	keys, err := call(dir, "keys")
	for err == nil {
		var next js.Value
		if next, err = promised(keys, "next"); err != nil || next.Get("done").Bool() {
			break
		}
		names = append(names, next.Get("value").String())
	}
	return names, err
}
