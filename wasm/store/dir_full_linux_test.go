package store_test

import (
	"errors"
	"syscall"
	"testing"

	"fanseed/wasm/store"
)

// A disk that is full costs the piece that was being put, and no other.
func TestDirOnAFullDisk(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=4m"); err != nil {
		t.Skip("no small disk can be had:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	disk, info, infohash := openDisk(t, folder, unlimited), files(256<<10, 8<<20), newInfohash()
	s := openDir(t, disk, infohash, info)
	n, err := 0, error(nil)
	for ; err == nil && n < info.NumPieces(); n++ {
		err = s.Put(t.Context(), n, piece(info, n))
	}
	n--
	if !errors.Is(err, store.ErrFull) || n < 8 {
		t.Fatalf("after %d pieces: %v", n, err)
	}
	if got := len(settleAll(t, s, info)); got != n {
		t.Errorf("has %d pieces, want %d", got, n)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s = openDir(t, disk, infohash, info)
	if got := len(settleAll(t, s, info)); got != n {
		t.Errorf("opened again it has %d pieces, want %d", got, n)
	}
	if err := s.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, s, info, 20)
	if !whole(t, s, info, 20) {
		t.Error("a piece that was put once there was room is wrong")
	}
}
