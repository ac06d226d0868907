package seedbox

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

func TestRecord(t *testing.T) {
	folder := t.TempDir()
	a, b, c := [20]byte{1}, [20]byte{2}, [20]byte{3}
	r, decided, err := openRecord(folder)
	if err != nil || len(decided) > 0 {
		t.Fatal(decided, err)
	}
	for _, d := range []struct {
		infohash [20]byte
		word     string
	}{{a, refused}, {b, gone}, {a, noted}, {c, refused}, {b, refused}} {
		if err := r.note(d.infohash, d.word); err != nil {
			t.Fatal(err)
		}
	}
	_ = r.close()
	path := filepath.Join(folder, recordName)
	f, _ := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	_, _ = f.WriteString("not a line\n0102 declined\n0400000000000000000000000000000000000000 declin") // a crash
	_ = f.Close()
	want := map[[20]byte]string{b: refused, c: refused}
	for range 2 { // the second time without what counts no more
		r, decided, err = openRecord(folder)
		if err != nil || !maps.Equal(decided, want) {
			t.Fatalf("read %v, %v", decided, err)
		}
		_ = r.close()
	}
	if text, _ := os.ReadFile(path); len(text) != 2*len("0200000000000000000000000000000000000000 declined\n") {
		t.Errorf("the file has %d bytes", len(text))
	}
}
