package store_test

import (
	"context"
	"syscall/js"
	"testing"

	"fanseed/wasm/store"
)

// arrayBuffers returns the bytes that JavaScript holds in ArrayBuffers, those included that are only waiting to be collected.
func arrayBuffers() int {
	return js.Global().Get("process").Call("memoryUsage").Get("arrayBuffers").Int()
}

// What a store held is free at once, not some day when the collectors of both languages have run.
func TestMemoryIsFreedAtOnce(t *testing.T) {
	if js.Global().Get("ArrayBuffer").Get("prototype").Get("transfer").IsUndefined() || js.Global().Get("process").Get("memoryUsage").IsUndefined() {
		t.Skip("this JavaScript engine cannot free an ArrayBuffer, or not tell")
	}
	const size = 8 << 20
	for name, free := range map[string]func(*store.Memory) error{
		"delete": func(m *store.Memory) error { return m.Delete(context.Background()) },
		"close":  (*store.Memory).Close,
	} {
		m := store.NewMemory(song(size), store.NewBudget(size))
		if err := m.Put(context.Background(), 0, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		held := arrayBuffers()
		if err := free(m); err != nil {
			t.Fatal(err)
		}
		if freed := held - arrayBuffers(); freed < size {
			t.Errorf("%s freed %d bytes at once, want %d", name, freed, size)
		}
	}
}
