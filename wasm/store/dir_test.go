//go:build !js

package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/store/storetest"
)

const unlimited = 1 << 62

func openDisk(t *testing.T, folder string, budget int64) *store.Disk {
	t.Helper()
	d, err := store.OpenDisk(folder, store.NewBudget(budget))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

var infohashes uint64

func newInfohash() (infohash [20]byte) {
	infohashes++
	binary.BigEndian.PutUint64(infohash[:], infohashes)
	return infohash
}

// of says where a store is.
type place struct {
	disk     *store.Disk
	infohash [20]byte
}

// backend makes the conformance suite run on directories. spoil damages what a closed store has left, so that it is doubtful.
func backend(t *testing.T, spoil func(directory string)) storetest.Backend {
	folder := t.TempDir()
	disk := openDisk(t, folder, unlimited)
	of := map[store.Store]place{}
	open := func(disk *store.Disk, infohash [20]byte, info *metainfo.Info) (store.Store, error) {
		s, err := disk.Open(context.Background(), infohash, info)
		of[s] = place{disk, infohash}
		return s, err
	}
	again := func(s store.Store, info *metainfo.Info, before func(string)) (store.Store, error) {
		if err := s.Close(); err != nil {
			return nil, err
		}
		infohash := of[s].infohash
		before(filepath.Join(folder, hex.EncodeToString(infohash[:])))
		return open(of[s].disk, infohash, info)
	}
	return storetest.Backend{
		Open: func(info *metainfo.Info) (store.Store, error) { return open(disk, newInfohash(), info) },
		OpenBounded: func(info *metainfo.Info, bytes int64) (store.Store, error) {
			return open(openDisk(t, t.TempDir(), bytes), newInfohash(), info)
		},
		Reopen: func(s store.Store, info *metainfo.Info) (store.Store, error) { return again(s, info, func(string) {}) },
		Doubt:  func(s store.Store, info *metainfo.Info) (store.Store, error) { return again(s, info, spoil) },
	}
}

func TestDir(t *testing.T) {
	storetest.Run(t, backend(t, func(directory string) {
		if err := os.WriteFile(filepath.Join(directory, "journal"), []byte("fanseed\x02"), 0o600); err != nil {
			t.Error(err)
		}
	}))
}

// Without its journal everything that may be there is doubtful.
func TestDirWithoutJournal(t *testing.T) {
	storetest.Run(t, backend(t, func(directory string) {
		if err := os.Remove(filepath.Join(directory, "journal")); err != nil {
			t.Error(err)
		}
	}))
}

// files is a torrent of files of the given lengths.
func files(pieceLength int64, lengths ...int64) *metainfo.Info {
	info := &metainfo.Info{Name: "files", PieceLength: pieceLength}
	for i, length := range lengths {
		info.Files = append(info.Files, metainfo.File{Path: []string{fmt.Sprint(i)}, Length: length})
	}
	info.Length = metainfo.Lay(info.Files)
	info.Pieces = make([]byte, (info.Length+pieceLength-1)/pieceLength*metainfo.HashSize)
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

func openDir(t *testing.T, d *store.Disk, infohash [20]byte, info *metainfo.Info) *store.Dir {
	t.Helper()
	s, err := d.Open(t.Context(), infohash, info)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// settleAll settles every doubtful piece, and tells which pieces are there then. What is there without doubt must be right.
func settleAll(t *testing.T, s store.Store, info *metainfo.Info) (have []int) {
	t.Helper()
	for i := range info.NumPieces() {
		switch {
		case s.Have().Has(i):
			if !whole(t, s, info, i) {
				t.Errorf("piece %d is there and wrong", i)
			}
		case s.Doubtful().Has(i):
			if err := s.Settle(t.Context(), i, whole(t, s, info, i)); err != nil {
				t.Error(err)
			}
		}
		if s.Have().Has(i) {
			have = append(have, i)
		}
	}
	return have
}

// However the journal is damaged, what is there is right, and what was put is found again.
func TestDirDamagedJournal(t *testing.T) {
	folder, info, infohash := t.TempDir(), files(64<<10, 100_000, 0, 5<<20, 300_000), newInfohash()
	disk := openDisk(t, folder, unlimited)
	s := openDir(t, disk, infohash, info)
	want := []int{0, 3, 9, 17, 22, info.NumPieces() - 1}
	put(t, s, info, want...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(folder, hex.EncodeToString(infohash[:]), "journal")
	journal, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	damaged := [][]byte{nil, make([]byte, len(journal)), append(bytes.Clone(journal), 0), bytes.Repeat([]byte{0xff}, len(journal))}
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		flipped := bytes.Clone(journal)
		for range 1 + random.IntN(3) {
			flipped[random.IntN(len(flipped))] ^= 1 << random.IntN(8)
		}
		damaged = append(damaged, flipped, journal[:random.IntN(len(journal))])
	}
	for i, d := range damaged {
		if err := os.WriteFile(name, d, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, when := range []string{"damaged", "mended"} {
			s := openDir(t, disk, infohash, info)
			if when == "mended" && s.Doubtful().Count() > 0 {
				t.Errorf("damage %d: there are doubts after it was mended", i)
			}
			if got := settleAll(t, s, info); !slices.Equal(got, want) {
				t.Errorf("damage %d, %s: has %v, want %v", i, when, got, want)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What was deleted or cut off is not there, and the rest is.
func TestDirDamagedFiles(t *testing.T) {
	folder, info, infohash := t.TempDir(), files(64<<10, 5<<20, 5<<20), newInfohash()
	disk := openDisk(t, folder, unlimited)
	s := openDir(t, disk, infohash, info)
	for i := range info.NumPieces() {
		put(t, s, info, i)
	}
	s.Close()
	directory := filepath.Join(folder, hex.EncodeToString(infohash[:]))
	if err := errors.Join(os.Truncate(filepath.Join(directory, "0"), 3<<20-1), os.Remove(filepath.Join(directory, "1"))); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s = openDir(t, disk, infohash, info)
		if got := settleAll(t, s, info); len(got) != 3<<20/(64<<10)-1 {
			t.Errorf("has %d pieces", len(got))
		}
		if got, want := s.Held(), int64(len(settleAll(t, s, info)))*info.PieceLength; got != want {
			t.Errorf("holds %d bytes, want %d", got, want)
		}
		s.Close()
	}
	s = openDir(t, disk, infohash, info)
	for i := range info.NumPieces() {
		put(t, s, info, i)
	}
	if got := settleAll(t, s, info); len(got) != info.NumPieces() {
		t.Errorf("has %d pieces after all were put again", len(got))
	}
}

// A piece that was lost is not there, not after the process was killed either, until it is put again.
func TestDirLose(t *testing.T) {
	folder, info, infohash := t.TempDir(), files(64<<10, 1<<20), newInfohash()
	disk := openDisk(t, folder, unlimited)
	s := openDir(t, disk, infohash, info)
	put(t, s, info, 1, 2, 3)
	s.Close()
	s = openDir(t, disk, infohash, info)
	if err := errors.Join(s.Lose(t.Context(), 2), s.Lose(t.Context(), 7)); err != nil {
		t.Fatal(err)
	}
	if err := s.ReadAt(t.Context(), 2, 0, make([]byte, 1)); !errors.Is(err, store.ErrMissing) {
		t.Errorf("read a lost piece: %v", err)
	}
	if got, want := s.Held(), int64(2*64<<10); got != want {
		t.Errorf("holds %d bytes, want %d", got, want)
	}
	s = openDir(t, openDisk(t, folder, unlimited), infohash, info) // the other one is never closed, as when its process was killed
	if got, want := settleAll(t, s, info), []int{1, 3}; !slices.Equal(got, want) {
		t.Errorf("has %v, want %v", got, want)
	}
	put(t, s, info, 2)
	if !whole(t, s, info, 2) {
		t.Error("the new piece is wrong")
	}
}

// Changes counts what others do to the files, and not what the store does.
func TestDirChanges(t *testing.T) {
	folder, info, infohash := t.TempDir(), files(64<<10, 4<<20, 4<<20), newInfohash()
	s := openDir(t, openDisk(t, folder, unlimited), infohash, info)
	for i := range info.NumPieces() {
		put(t, s, info, i)
	}
	last := info.NumPieces() - 1
	count := func(index int) uint64 {
		t.Helper()
		n, _, err := s.Changes(t.Context(), index)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	name := filepath.Join(folder, hex.EncodeToString(infohash[:]), "0")
	before, other := count(0), count(last)
	steps := []struct {
		what string
		do   func() error
	}{
		{"written", func() error {
			f, err := os.OpenFile(name, os.O_RDWR, 0)
			if err == nil {
				_, err = f.WriteAt([]byte{1}, 5)
				f.Close()
			}
			return err
		}},
		{"cut off", func() error { return os.Truncate(name, 100) }},
		{"replaced", func() error {
			return errors.Join(os.WriteFile(name+".new", make([]byte, 100), 0o600), os.Rename(name+".new", name))
		}},
		{"removed", func() error { return os.Remove(name) }},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		after := count(0)
		if after == before {
			t.Errorf("that the file was %s is not noticed", step.what)
		}
		if again := count(0); again != after {
			t.Errorf("that the file was %s is noticed again", step.what)
		}
		before = after
	}
	if got := count(last); got != other {
		t.Error("another file was changed too")
	}
	if err := s.Lose(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	put(t, s, info, 0)
	if got := count(0); got != before {
		t.Error("a write of the store's own counts")
	}
	if !whole(t, s, info, 0) {
		t.Error("the new piece is wrong")
	}
}

// Somebody removes the directory under a store, which then writes nothing more.
func TestDirRemoved(t *testing.T) {
	folder, info, infohash := t.TempDir(), files(1<<20, 80<<20), newInfohash()
	disk := openDisk(t, folder, unlimited)
	s := openDir(t, disk, infohash, info)
	put(t, s, info, 0, 1)
	if err := disk.Remove(infohash); err != nil {
		t.Fatal(err)
	}
	var err error
	for i := 2; err == nil && i < info.NumPieces(); i++ {
		err = s.Put(t.Context(), i, piece(info, i))
	}
	if !errors.Is(err, store.ErrLost) {
		t.Errorf("got %v, want %v", err, store.ErrLost)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s = openDir(t, disk, infohash, info)
	if got := settleAll(t, s, info); len(got) > 0 {
		t.Errorf("has %v", got)
	}
	put(t, s, info, 4)
	if !whole(t, s, info, 4) {
		t.Error("the first new piece is wrong")
	}
}

// Whatever a torrent calls its files, nothing is made outside of its directory, and a link that lies there is not followed.
func TestDirStaysInside(t *testing.T) {
	folder := t.TempDir()
	outside := filepath.Join(folder, "outside")
	if err := os.WriteFile(outside, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, infohash := files(64<<10, 200_000), newInfohash()
	directory := filepath.Join(folder, "stores", hex.EncodeToString(infohash[:]))
	if err := errors.Join(os.MkdirAll(directory, 0o700), os.Symlink("../../outside", filepath.Join(directory, "0"))); err != nil {
		t.Fatal(err)
	}
	disk := openDisk(t, filepath.Join(folder, "stores"), unlimited)
	s, err := disk.Open(t.Context(), infohash, info)
	if err == nil {
		err = s.Put(t.Context(), 0, piece(info, 0))
		s.Close()
	}
	if err == nil {
		t.Error("a piece was written through a link")
	}
	if got, err := os.ReadFile(outside); err != nil || string(got) != "mine" {
		t.Errorf("the file outside is %q, %v", got, err)
	}
}

// A torrent of many files opens few at a time, and one that is whole and at rest none.
func TestDirOpensFewFiles(t *testing.T) {
	lengths := slices.Repeat([]int64{4 << 20}, 200)
	info, infohash := files(4<<20, lengths...), newInfohash()
	disk := openDisk(t, t.TempDir(), unlimited)
	before := descriptors(t)
	s := openDir(t, disk, infohash, info)
	for i := range 200 {
		put(t, s, info, i)
	}
	if got := descriptors(t) - before; got > 130 {
		t.Errorf("%d files are open", got)
	}
	s.Close()
	var stores []*store.Dir
	for range 100 {
		infohash, small := newInfohash(), files(64<<10, 100_000)
		s := openDir(t, disk, infohash, small)
		put(t, s, small, 0, 1)
		s.Close()
		stores = append(stores, openDir(t, disk, infohash, small))
	}
	if got := descriptors(t) - before; got > 0 {
		t.Errorf("%d files are open for %d stores at rest", got, len(stores))
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("the system does not tell which files are open")
	}
	return len(entries)
}

// A section is where a file of the torrent lies, also inside of a shared data file.
func TestDirSection(t *testing.T) {
	info, infohash := files(16, 5, 0, 40, 20), newInfohash()
	info.Files[3].Padding = true
	s := openDir(t, openDisk(t, t.TempDir(), unlimited), infohash, info)
	var content []byte
	for i := range info.NumPieces() {
		put(t, s, info, i)
		content = append(content, piece(info, i)...)
	}
	for i, want := range map[int]string{0: string(content[:5]), 2: string(content[5:45])} {
		f, at, err := s.Section(i)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, info.Files[i].Length)
		if _, err := f.ReadAt(got, at); err != nil || string(got) != want {
			t.Errorf("file %d is %q, %v, want %q", i, got, err, want)
		}
		f.Close()
	}
	for _, i := range []int{1, 3} {
		if _, _, err := s.Section(i); !errors.Is(err, io.EOF) {
			t.Errorf("file %d without bytes: %v", i, err)
		}
	}
}
