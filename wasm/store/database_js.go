package store

import (
	"errors"
	"syscall/js"

	"fanseed/wasm/promise"
)

// One database of the origin holds the pieces of all torrents: a Uint8Array under the key [infohash in hex, index].
const (
	databaseName = "fanseed-pieces"
	piecesName   = "pieces"
)

func pieceKey(name string, index int) js.Value { return js.ValueOf([]any{name, index}) }

// keyRange has the keys of all pieces of a torrent: an array is greater than every number.
func keyRange(name string) js.Value {
	return js.Global().Get("IDBKeyRange").Call("bound", []any{name}, []any{name, []any{}})
}

// database is the connection to it. It ends when the site's data are cleared; then it is opened anew.
type database struct{ value js.Value }

// tryIndexedDB opens the database, and writes and removes a record in it.
func tryIndexedDB() (*database, error) {
	value, err := openDatabase()
	if err != nil {
		return nil, err
	}
	d, key := &database{value}, pieceKey("probe", 0)
	return d, d.change(func(pieces js.Value) (js.Value, error) {
		if v, err := call(pieces, "put", 0, key); err != nil {
			return v, err
		}
		return call(pieces, "delete", key)
	})
}

func openDatabase() (js.Value, error) {
	factory := js.Global().Get("indexedDB")
	if factory.Type() != js.TypeObject {
		return factory, errors.New("this browser has no database")
	}
	request, err := call(factory, "open", databaseName, 1)
	if err != nil {
		return request, err
	}
	upgrade := js.FuncOf(func(js.Value, []js.Value) any {
		request.Get("result").Call("createObjectStore", piecesName)
		return nil
	})
	defer upgrade.Release()
	request.Set("onupgradeneeded", upgrade)
	if err := happened(request, "onsuccess", "onerror"); err != nil {
		return js.Undefined(), err
	}
	return request.Get("result"), nil
}

// happened waits for the good or the bad event of a request or a transaction. It must follow the call that made it: no event comes before
// the thread is given up.
func happened(target js.Value, good, bad string) error {
	done := make(chan error, 1)
	hear := func(event string, err func() error) js.Func {
		f := js.FuncOf(func(js.Value, []js.Value) any {
			done <- err()
			return nil
		})
		target.Set(event, f)
		return f
	}
	ok := hear(good, func() error { return nil })
	fail := hear(bad, func() error { return promise.Thrown(target.Get("error")) })
	err := <-done
	target.Set(good, js.Null())
	target.Set(bad, js.Null())
	ok.Release()
	fail.Release()
	return err
}

// put puts a record.
func (d *database) put(key, value js.Value) error {
	err := d.change(func(pieces js.Value) (js.Value, error) { return call(pieces, "put", value, key) })
	if errorName(err) == "QuotaExceededError" {
		// Firefox lets the next transaction delete and nothing else, so that a page can make room. This is that one.
		_ = d.change(func(pieces js.Value) (js.Value, error) { return call(pieces, "delete", key) })
	}
	return err
}

// change makes one change to the pieces and waits until the transaction is complete.
func (d *database) change(write func(pieces js.Value) (js.Value, error)) error {
	transaction, pieces, err := d.begin("readwrite")
	if err != nil {
		return err
	}
	if _, err := write(pieces); err != nil {
		return err
	}
	return happened(transaction, "oncomplete", "onabort")
}

// ask makes one request for pieces or their keys and gives its result.
func (d *database) ask(method string, args ...any) (js.Value, error) {
	_, pieces, err := d.begin("readonly")
	if err != nil {
		return pieces, err
	}
	request, err := call(pieces, method, args...)
	if err != nil {
		return request, err
	}
	if err := happened(request, "onsuccess", "onerror"); err != nil {
		return js.Undefined(), err
	}
	return request.Get("result"), nil
}

func (d *database) begin(mode string) (transaction, pieces js.Value, err error) {
	transaction, err = call(d.value, "transaction", piecesName, mode)
	if errorName(err) == "InvalidStateError" {
		if d.value, err = openDatabase(); err == nil {
			transaction, err = call(d.value, "transaction", piecesName, mode)
		}
	}
	if err == nil {
		pieces, err = call(transaction, "objectStore", piecesName)
	}
	return transaction, pieces, err
}

// deleteAll deletes all pieces of a torrent.
func (d *database) deleteAll(name string) error {
	return d.change(func(pieces js.Value) (js.Value, error) { return call(pieces, "delete", keyRange(name)) })
}

// names lists the torrents that have pieces: it asks for the first key after those of the one before.
func (d *database) names() (names []string, err error) {
	after := []any{}
	for {
		key, err := d.ask("getKey", js.Global().Get("IDBKeyRange").Call("lowerBound", after))
		if err != nil || key.Type() != js.TypeObject {
			return names, err
		}
		name := key.Index(0).String()
		names = append(names, name)
		after = []any{name, []any{}}
	}
}
