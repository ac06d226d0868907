package store_test

import (
	"context"
	"syscall/js"
	"testing"

	"fanseed/wasm/store"
	"fanseed/wasm/store/storetest"
)

// without hides a property of JavaScript from what f does.
func without(object js.Value, name string, f func()) {
	hidden := js.ValueOf(map[string]any{"configurable": true})
	js.Global().Get("Object").Call("defineProperty", object, name, hidden)
	defer object.Delete(name)
	f()
}

// openerIn chooses where the browser does not grant anything better than a kind.
func openerIn(t *testing.T, kind store.Kind, budget int64) *store.Opener {
	t.Helper()
	o := store.NewOpener(store.NewBudget(budget))
	choose := func() {
		if got := o.Kind(); got != kind {
			t.Fatalf("stores are in %s, want %s", got, kind)
		}
	}
	storage := js.Global().Get("navigator").Get("storage")
	switch kind {
	case store.InOPFS:
		choose()
	case store.InIndexedDB:
		without(storage, "getDirectory", choose)
	case store.InMemory:
		without(storage, "getDirectory", func() { without(js.Global(), "indexedDB", choose) })
	}
	return o
}

func openers(t *testing.T) map[store.Kind]*store.Opener {
	t.Helper()
	all := map[store.Kind]*store.Opener{}
	for _, kind := range []store.Kind{store.InOPFS, store.InIndexedDB, store.InMemory} {
		all[kind] = openerIn(t, kind, unlimited)
	}
	return all
}

func TestIndexedDB(t *testing.T) {
	onlyInBrowser(t)
	o := openerIn(t, store.InIndexedDB, unlimited)
	bounded := func(bytes int64) *store.Opener { return openerIn(t, store.InIndexedDB, bytes) }
	storetest.Run(t, backend(o, bounded, nil))
}

func TestIndexedDBListsAndRemoves(t *testing.T) {
	onlyInBrowser(t)
	testListAndRemove(t, openerIn(t, store.InIndexedDB, 3*bookPiece))
}

// Where a browser grants nothing, as Node does not, pieces are in memory, and nothing is listed.
func TestOpenerInMemory(t *testing.T) {
	o := store.NewOpener(store.NewBudget(unlimited))
	if js.Global().Get("process").Get("versions").IsUndefined() {
		o = openerIn(t, store.InMemory, unlimited)
	}
	if got := o.Kind(); got != store.InMemory {
		t.Fatalf("stores are in %s", got)
	}
	s := open(t, o, [20]byte{1}, song(100))
	if err := s.Put(context.Background(), 0, make([]byte, 100)); err != nil {
		t.Error(err)
	}
	if list, err := o.List(); err != nil || len(list) != 0 {
		t.Errorf("lists %x, %v", list, err)
	}
	if err := o.Remove(context.Background(), [20]byte{1}); err != nil {
		t.Error(err)
	}
}
