package seedbox

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestRecordLasts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wanted.json")
	if wishes, err := readRecord(path); len(wishes) != 0 || err != nil {
		t.Errorf("before the first: %v, %v", wishes, err)
	}
	asked := time.Unix(1_800_000_000, 0).UTC()
	declined, waits := [20]byte{1}, [20]byte{2}
	err := writeRecord(path, map[[20]byte]*wish{declined: {Declined: true, Asked: asked}, waits: {Waits: true, Size: 7, Asked: asked, sent: 3}, {3}: {gone: true}})
	if err != nil {
		t.Fatal(err)
	}
	wishes, err := readRecord(path)
	if err != nil || len(wishes) != 2 {
		t.Fatalf("got %v, %v", wishes, err)
	}
	if got, want := *wishes[declined], (wish{Declined: true, Asked: asked}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, want := *wishes[waits], (wish{Waits: true, Size: 7, Asked: asked}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRecordIsNotGuessed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wanted.json")
	for _, text := range []string{"", "{", `{"zz":{}}`, `{"0000000000000000000000000000000000000000":null}`, `[]`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if wishes, err := readRecord(path); err == nil {
			t.Errorf("%q: got %v", text, wishes)
		}
	}
}
