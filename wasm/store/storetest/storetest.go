// Package storetest holds what every store.Store must do, as checks that run against any implementation of it.
//
// It promises that a store which passes keeps the contract in every point that can be seen from outside. It knows nothing of how a
// store works.
package storetest

import (
	"context"
	"testing"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// Backend opens the stores of one kind. A kind that can be written has Open, a read-only one OpenFilled instead. A kind that outlives its
// stores has Reopen; one that can be doubtful has Doubt too.
type Backend struct {
	Open        func(info *metainfo.Info) (store.Store, error)                 // empty, with room for everything
	OpenBounded func(info *metainfo.Info, bytes int64) (store.Store, error)    // empty, with room for so many bytes; nil if that cannot be had
	OpenFilled  func(info *metainfo.Info, content []byte) (store.Store, error) // with every piece of content; padding files are zeros in it

	// Reopen closes a store and opens what it has left.
	Reopen func(s store.Store, info *metainfo.Info) (store.Store, error)
	// Doubt ends a store in such a way that nothing is trusted any more of what it has left, and opens that.
	Doubt func(s store.Store, info *metainfo.Info) (store.Store, error)
}

// Run runs every check that applies to the backend as a subtest.
func Run(t *testing.T, b Backend) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if !c.applies(b) {
				t.Skip("does not apply to this backend")
			}
			if err := c.run(b); err != nil {
				t.Error(err)
			}
		})
	}
}

// Names returns the names of all checks.
func Names() []string {
	var names []string
	for _, c := range checks {
		names = append(names, c.name)
	}
	return names
}

// Verify runs one check, which must apply to the backend, and returns what it finds wrong. It panics when there is no check of that
// name.
func Verify(b Backend, name string) error {
	for _, c := range checks {
		if c.name == name {
			return c.run(b)
		}
	}
	panic("storetest: no check " + name)
}

// patience bounds one check, so that a store that hangs fails.
const patience = time.Minute

type check struct {
	name    string
	applies func(Backend) bool
	verify  func(*trial) error
}

func writable(b Backend) bool { return b.Open != nil }
func bounded(b Backend) bool  { return b.OpenBounded != nil }
func readOnly(b Backend) bool { return b.OpenFilled != nil }
func lasting(b Backend) bool  { return b.Reopen != nil }
func doubted(b Backend) bool  { return b.Doubt != nil }
func always(Backend) bool     { return true }

// run verifies the check on every sample.
func (c check) run(b Backend) error {
	for _, s := range samples() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		err := c.verify(&trial{ctx: ctx, backend: b, sample: s})
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}
