package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall/js"
	"testing"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/store/storetest"
)

// onlyInBrowser skips a test of what Node does not have. web/test/gowasm.test.ts runs it in browsers.
func onlyInBrowser(t *testing.T) {
	t.Helper()
	if !js.Global().Get("process").Get("versions").IsUndefined() {
		t.Skip("needs a browser")
	}
}

const unlimited = 1 << 62

var infohashes uint64

// newInfohash returns one that no other test uses, nor another run in the same origin.
func newInfohash() (infohash [20]byte) {
	infohashes++
	binary.BigEndian.PutUint64(infohash[:], infohashes)
	binary.BigEndian.PutUint64(infohash[8:], uint64(time.Now().UnixNano()))
	return infohash
}

// directory opens the directory of a torrent.
func directory(t *testing.T, infohash [20]byte) js.Value {
	t.Helper()
	origin := settle(t, js.Global().Get("navigator").Get("storage").Call("getDirectory"))
	return settle(t, settle(t, origin.Call("getDirectoryHandle", "fanseed")).Call("getDirectoryHandle", hex.EncodeToString(infohash[:])))
}

func create() js.Value { return js.ValueOf(map[string]any{"create": true}) }

// content reads a file of a torrent's directory.
func content(t *testing.T, infohash [20]byte, name string) []byte {
	t.Helper()
	file := settle(t, settle(t, directory(t, infohash).Call("getFileHandle", name)).Call("getFile"))
	array := js.Global().Get("Uint8Array").New(settle(t, file.Call("arrayBuffer")))
	b := make([]byte, array.Length())
	js.CopyBytesToGo(b, array)
	return b
}

// overwrite replaces a file of a torrent's directory.
func overwrite(t *testing.T, infohash [20]byte, name string, content []byte) {
	t.Helper()
	handle := settle(t, settle(t, directory(t, infohash).Call("getFileHandle", name, create())).Call("createSyncAccessHandle"))
	handle.Call("truncate", 0)
	array := js.Global().Get("Uint8Array").New(len(content))
	js.CopyBytesToJS(array, content)
	handle.Call("write", array, map[string]any{"at": 0})
	handle.Call("close")
}

func remove(t *testing.T, infohash [20]byte, name string) {
	t.Helper()
	settle(t, directory(t, infohash).Call("removeEntry", name))
}

// onDisk is an Opener that must have found the private file system.
func onDisk(t *testing.T, budget int64) *store.Opener {
	t.Helper()
	onlyInBrowser(t)
	o := store.NewOpener(store.NewBudget(budget))
	if o.Kind() != store.InOPFS {
		t.Fatalf("stores are in %s", o.Kind())
	}
	return o
}

func open(t *testing.T, o *store.Opener, infohash [20]byte, info *metainfo.Info) store.Blobber {
	t.Helper()
	s, err := o.Open(t.Context(), infohash, info)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// backend makes the conformance suite run on what an Opener opens. spoil damages what a closed store has left, so that it is doubtful.
func backend(o *store.Opener, bounded func(bytes int64) *store.Opener, spoil func(infohash [20]byte)) storetest.Backend {
	of := map[store.Store][20]byte{}
	openWith := func(o *store.Opener, infohash [20]byte, info *metainfo.Info) (store.Store, error) {
		s, err := o.Open(context.Background(), infohash, info)
		of[s] = infohash
		return s, err
	}
	again := func(s store.Store, info *metainfo.Info, before func([20]byte)) (store.Store, error) {
		if err := s.Close(); err != nil {
			return nil, err
		}
		before(of[s])
		return openWith(o, of[s], info)
	}
	b := storetest.Backend{
		Open: func(info *metainfo.Info) (store.Store, error) { return openWith(o, newInfohash(), info) },
		OpenBounded: func(info *metainfo.Info, bytes int64) (store.Store, error) {
			return openWith(bounded(bytes), newInfohash(), info)
		},
		Reopen: func(s store.Store, info *metainfo.Info) (store.Store, error) {
			return again(s, info, func([20]byte) {})
		},
	}
	if spoil != nil {
		b.Doubt = func(s store.Store, info *metainfo.Info) (store.Store, error) { return again(s, info, spoil) }
	}
	return b
}

func TestOPFS(t *testing.T) {
	o := onDisk(t, unlimited)
	bounded := func(bytes int64) *store.Opener { return onDisk(t, bytes) }
	storetest.Run(t, backend(o, bounded, func(infohash [20]byte) { overwrite(t, infohash, "journal", []byte("fanseed\x02")) }))
}

// A torrent of three files, the last of which has a data file of its own.
const (
	bookPiece  = 256 << 10
	bookPieces = 30
)

func book() *metainfo.Info {
	info := &metainfo.Info{Name: "book", PieceLength: bookPiece, Length: bookPieces*bookPiece - 1000}
	for i, length := range []int64{100_000, 0, 5 << 20} {
		info.Files = append(info.Files, metainfo.File{Path: []string{fmt.Sprint(i)}, Length: length})
	}
	info.Files = append(info.Files, metainfo.File{Path: []string{"3"}, Length: info.Length - 100_000 - 5<<20})
	info.Pieces = make([]byte, bookPieces*metainfo.HashSize)
	return info
}

// piece is the content of a piece of any torrent.
func piece(info *metainfo.Info, index int) []byte {
	size := info.PieceSize(index)
	b := make([]byte, 0, size+8)
	random := rand.NewPCG(uint64(index), uint64(info.PieceLength))
	for int64(len(b)) < size {
		b = binary.LittleEndian.AppendUint64(b, random.Uint64()|1)
	}
	return b[:size]
}

func put(t *testing.T, s store.Store, info *metainfo.Info, indexes ...int) {
	t.Helper()
	for _, i := range indexes {
		if err := s.Put(t.Context(), i, piece(info, i)); err != nil {
			t.Fatal(err)
		}
	}
}

func whole(t *testing.T, s store.Store, info *metainfo.Info, index int) bool {
	t.Helper()
	b := make([]byte, info.PieceSize(index))
	if err := s.ReadAt(t.Context(), index, 0, b); err != nil {
		t.Errorf("read piece %d: %v", index, err)
	}
	return bytes.Equal(b, piece(info, index))
}

// honest tells whether every piece that is there is right, and every piece that was put is there or doubtful, and right. It settles
// the doubtful ones.
func honest(t *testing.T, s store.Store, info *metainfo.Info, was func(index int) bool) (have, doubtful int) {
	t.Helper()
	haves, doubts := s.Have(), s.Doubtful()
	for i := range info.NumPieces() {
		there := haves.Has(i) || doubts.Has(i)
		if was(i) && !there {
			t.Errorf("piece %d was put and is not there", i)
		}
		if haves.Has(i) && doubts.Has(i) {
			t.Errorf("piece %d is both there and doubtful", i)
		}
		right := there && whole(t, s, info, i)
		if (haves.Has(i) || was(i)) && !right {
			t.Errorf("piece %d is wrong", i)
		}
		if err := s.Settle(t.Context(), i, right); err != nil {
			t.Error(err)
		}
	}
	return haves.Count(), doubts.Count()
}

func TestOPFSDamagedJournal(t *testing.T) {
	o, info, infohash := onDisk(t, unlimited), book(), newInfohash()
	s := open(t, o, infohash, info)
	put(t, s, info, 0, 3, 29, 17, 22, 9)
	was := s.Have()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	journal := content(t, infohash, "journal")
	random := rand.New(rand.NewPCG(1, 2))
	var damaged [][]byte
	for range 12 {
		damaged = append(damaged, journal[:random.IntN(len(journal))])
		flipped := bytes.Clone(journal)
		for range 1 + random.IntN(3) {
			flipped[random.IntN(len(flipped))] ^= 1 << random.IntN(8)
		}
		damaged = append(damaged, flipped)
	}
	damaged = append(damaged, nil, make([]byte, len(journal)), append(bytes.Clone(journal), 0), bytes.Repeat([]byte{0xff}, len(journal)))
	for i, d := range damaged {
		overwrite(t, infohash, "journal", d)
		s := open(t, o, infohash, info)
		honest(t, s, info, was.Has)
		if got := s.Have(); !bytes.Equal(got, was) {
			t.Errorf("damage %d: has %x after it was settled, want %x", i, got, was)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, o, infohash, info)
		if have, doubtful := honest(t, s, info, was.Has); have != 6 || doubtful != 0 {
			t.Errorf("damage %d: %d pieces are there and %d doubtful after it was mended", i, have, doubtful)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	remove(t, infohash, "journal")
	s = open(t, o, infohash, info)
	defer s.Close()
	if have, doubtful := honest(t, s, info, was.Has); have != 0 || doubtful < 6 {
		t.Errorf("without a journal %d pieces are there and %d doubtful", have, doubtful)
	}
}

// What was deleted, cut off, or is of another torrent is not there, and the rest is.
func TestOPFSDamagedFiles(t *testing.T) {
	o, info, infohash := onDisk(t, unlimited), book(), newInfohash()
	all := func(int) bool { return true }
	fill := func() {
		s := open(t, o, infohash, info)
		for i := range info.NumPieces() {
			put(t, s, info, i)
		}
		if have, _ := honest(t, s, info, all); have != bookPieces {
			t.Fatalf("has %d pieces", have)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	fill()
	overwrite(t, infohash, "0", content(t, infohash, "0")[:3*bookPiece-1])
	s := open(t, o, infohash, info)
	lastOfFirst := int((100_000 + 5<<20) / bookPiece)
	if have, doubtful := honest(t, s, info, func(i int) bool { return i < 2 || i > lastOfFirst }); have != bookPieces-lastOfFirst+1 || doubtful > 0 {
		t.Errorf("cut off: %d pieces, %d doubtful", have, doubtful)
	}
	s.Close()
	fill()
	remove(t, infohash, "3")
	s = open(t, o, infohash, info)
	if have, doubtful := honest(t, s, info, func(i int) bool { return i < lastOfFirst }); have != lastOfFirst || doubtful > 0 {
		t.Errorf("deleted: %d pieces, %d doubtful", have, doubtful)
	}
	put(t, s, info, bookPieces-1) // makes the file as long as it was
	s.Close()
	s = open(t, o, infohash, info)
	defer s.Close()
	if have, doubtful := honest(t, s, info, func(i int) bool { return i < lastOfFirst || i == bookPieces-1 }); have != lastOfFirst+1 || doubtful > 0 {
		t.Errorf("deleted and begun again: %d pieces, %d doubtful", have, doubtful)
	}
}

// Files that go away while a store is open are told, what the journal says stays true, and the store can be opened again.
func TestOPFSLost(t *testing.T) {
	o, info, infohash := onDisk(t, unlimited), book(), newInfohash()
	s := open(t, o, infohash, info)
	put(t, s, info, 1, 25)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o, infohash, info) // no data file is open yet
	remove(t, infohash, "3")
	if err := s.ReadAt(t.Context(), 25, 0, make([]byte, 1)); !errors.Is(err, store.ErrLost) {
		t.Errorf("read: %v", err)
	}
	for what, err := range map[string]error{
		"put": s.Put(t.Context(), 2, piece(info, 2)), "read": s.ReadAt(t.Context(), 1, 0, make([]byte, 1)), "delete": s.Delete(t.Context()),
	} {
		if !errors.Is(err, store.ErrLost) {
			t.Errorf("%s after that: %v", what, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s = open(t, o, infohash, info)
	if have, doubtful := honest(t, s, info, func(i int) bool { return i == 1 }); have != 1 || doubtful != 0 {
		t.Errorf("opened again: %d pieces, %d doubtful", have, doubtful)
	}
	put(t, s, info, 25)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o, infohash, info)
	remove(t, infohash, "3")
	if err := s.Put(t.Context(), 26, piece(info, 26)); !errors.Is(err, store.ErrLost) {
		t.Errorf("put into a file that is gone: %v", err)
	}
	s.Close()
}

// A directory can be open once. Who comes second waits for a while.
func TestOPFSIsLocked(t *testing.T) {
	info, infohash := book(), newInfohash()
	first := open(t, onDisk(t, unlimited), infohash, info)
	put(t, first, info, 4)
	o := onDisk(t, unlimited)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if s, err := o.Open(ctx, infohash, info); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("opened %v, %v", s, err)
	}
	time.AfterFunc(100*time.Millisecond, func() { first.Close() })
	second := open(t, o, infohash, info)
	defer second.Close()
	honest(t, second, info, func(i int) bool { return i == 4 })
}

func TestOpenerListsAndRemoves(t *testing.T) {
	o := onDisk(t, 3*bookPiece)
	testListAndRemove(t, o)
}

func testListAndRemove(t *testing.T, o *store.Opener) {
	info, a, b := book(), newInfohash(), newInfohash()
	listed := func(infohash [20]byte) bool {
		list, err := o.List()
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			if x == infohash {
				return true
			}
		}
		return false
	}
	for _, infohash := range [][20]byte{a, b} {
		s := open(t, o, infohash, info)
		if listed(infohash) {
			t.Error("a torrent without a piece is listed")
		}
		put(t, s, info, 7)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !listed(a) || !listed(b) {
		t.Error("a torrent with a piece is not listed")
	}
	for range 2 {
		if err := o.Remove(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if listed(a) || !listed(b) {
		t.Error("not exactly what was removed is gone")
	}
	s := open(t, o, b, info)
	put(t, s, info, 8, 9)
	if err := s.Put(t.Context(), 10, piece(info, 10)); !errors.Is(err, store.ErrFull) {
		t.Errorf("what was there when the store was opened does not count: %v", err)
	}
	if err := s.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, s, info, 8, 9, 10)
	s.Close()
}

// A piece that was lost is not there, not after its store was opened again either, until it is put again.
func TestOPFSLose(t *testing.T) {
	o, info, infohash := onDisk(t, unlimited), book(), newInfohash()
	s := open(t, o, infohash, info)
	put(t, s, info, 1, 2, 3)
	lose := func(index int) {
		t.Helper()
		if err := s.(interface {
			Lose(context.Context, int) error
		}).Lose(t.Context(), index); err != nil {
			t.Fatal(err)
		}
	}
	lose(2)
	lose(2)
	lose(7)
	for range 2 {
		if err := s.ReadAt(t.Context(), 2, 0, make([]byte, 1)); !errors.Is(err, store.ErrMissing) {
			t.Errorf("read a lost piece: %v", err)
		}
		if have := s.Have(); have.Count() != 2 || !have.Has(1) || !have.Has(3) || s.Doubtful().Count() != 0 {
			t.Errorf("has %x", have)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, o, infohash, info)
	}
	put(t, s, info, 2)
	if !whole(t, s, info, 2) {
		t.Error("the new piece is wrong")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
