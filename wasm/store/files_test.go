//go:build !js

package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/store/storetest"
)

// own writes a person's files with the content of a torrent, and returns them as they are.
func own(t *testing.T, info *metainfo.Info, content []byte) []store.Source {
	t.Helper()
	folder := t.TempDir()
	sources := make([]store.Source, len(info.Files))
	for i, f := range info.Files {
		if f.Padding {
			continue
		}
		name := filepath.Join(folder, f.Path[len(f.Path)-1])
		err := os.WriteFile(name, content[f.Offset:f.Offset+f.Length], 0o600)
		if err == nil {
			sources[i], err = store.Look(name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return sources
}

func TestFiles(t *testing.T) {
	storetest.Run(t, storetest.Backend{OpenFilled: func(info *metainfo.Info, content []byte) (store.Store, error) {
		return store.NewFiles(info, own(t, info, content))
	}})
}

// A file that was changed after it was hashed is not read, however it was changed; the others are.
func TestFilesThatChange(t *testing.T) {
	info := files(16, 100, 100)
	long := time.Now().Add(-time.Hour)
	for what, change := range map[string]func(name string) error{
		"written": func(name string) error {
			f, err := os.OpenFile(name, os.O_RDWR, 0)
			if err == nil {
				_, err = f.WriteAt([]byte("changed"), 3)
				f.Close()
			}
			return err
		},
		"cut off": func(name string) error { return os.Truncate(name, 10) },
		"removed": os.Remove,
		"replaced by one that claims to be old": func(name string) error {
			return errors.Join(os.WriteFile(name+".new", make([]byte, 100), 0o600), os.Chtimes(name+".new", long, long), os.Rename(name+".new", name))
		},
	} {
		for when, read := range map[string]bool{"before it was read": false, "after it was read": true} {
			sources := own(t, info, make([]byte, 200))
			if err := os.Chtimes(sources[0].Path, long, long); err != nil {
				t.Fatal(err)
			}
			sources[0], _ = store.Look(sources[0].Path)
			s, err := store.NewFiles(info, sources)
			if err != nil {
				t.Fatal(err)
			}
			if read {
				if err := s.ReadAt(t.Context(), 0, 0, make([]byte, 16)); err != nil {
					t.Fatal(err)
				}
			}
			if err := change(sources[0].Path); err != nil {
				t.Fatal(err)
			}
			if err := s.ReadAt(t.Context(), 0, 0, make([]byte, 16)); !errors.Is(err, store.ErrLost) {
				t.Errorf("%s %s: got %v, want %v", what, when, err, store.ErrLost)
			}
			if err := s.ReadAt(t.Context(), 12, 0, make([]byte, 8)); err != nil {
				t.Errorf("%s %s: the other file: %v", what, when, err)
			}
			if _, err := store.NewFiles(info, sources); !errors.Is(err, store.ErrLost) {
				t.Errorf("%s %s: a store is made of it: %v", what, when, err)
			}
			s.Close()
		}
	}
}

func TestNewFilesRefuses(t *testing.T) {
	info := files(16, 100, 100)
	sources := own(t, info, make([]byte, 200))
	short := own(t, files(16, 100, 99), make([]byte, 200))
	for what, given := range map[string][]store.Source{"none": nil, "too few": sources[:1], "a short one": short} {
		if _, err := store.NewFiles(info, given); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	if _, err := store.Look(filepath.Dir(sources[0].Path)); err == nil {
		t.Error("a folder is taken for a file")
	}
}
