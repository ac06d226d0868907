package store_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall/js"
	"testing"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
	"fanseed/wasm/store/storetest"
)

// newBlob returns a Blob with the given bytes.
func newBlob(content []byte) js.Value {
	array := js.Global().Get("Uint8Array").New(len(content))
	js.CopyBytesToJS(array, content)
	return js.Global().Get("Blob").New([]any{array})
}

// publish returns a store over one Blob per file.
func publish(info *metainfo.Info, content []byte) (*store.Blobs, error) {
	var files []any
	for _, f := range info.Files {
		files = append(files, newBlob(content[:f.Length]))
		content = content[f.Length:]
	}
	return store.NewBlobs(info, js.ValueOf(files))
}

func TestBlobs(t *testing.T) {
	storetest.Run(t, storetest.Backend{OpenFilled: func(info *metainfo.Info, content []byte) (store.Store, error) {
		return publish(info, content)
	}})
}

// The Blobs need not end where the files do.
func TestBlobsCutElsewhere(t *testing.T) {
	storetest.Run(t, storetest.Backend{OpenFilled: func(info *metainfo.Info, content []byte) (store.Store, error) {
		return store.NewBlobs(info, js.ValueOf([]any{newBlob(content[:1]), newBlob(content[1:])}))
	}})
}

// album is a torrent of three files, one of them empty, in pieces of four bytes.
func album() (*metainfo.Info, []byte) {
	return &metainfo.Info{
		Name: "album", PieceLength: 4, Length: 10,
		Files: []metainfo.File{
			{Path: []string{"a"}, Length: 3},
			{Path: []string{"b"}},
			{Path: []string{"c"}, Length: 7},
		},
		Pieces: make([]byte, 3*metainfo.HashSize),
	}, []byte("0123456789")
}

func TestNewBlobsRefuses(t *testing.T) {
	info, content := album()
	a, b, c := newBlob(content[:3]), newBlob(nil), newBlob(content[3:])
	for name, files := range map[string][]any{
		"none":     {},
		"too few":  {a, b},
		"too many": {a, b, c, a},
		"no Blob":  {a, b, map[string]any{"size": 7}},
		"null":     {a, nil, c},
	} {
		if _, err := store.NewBlobs(info, js.ValueOf(files)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// settle waits for a promise.
func settle(t *testing.T, promise js.Value) js.Value {
	t.Helper()
	settled := make(chan js.Value, 1)
	done := js.FuncOf(func(_ js.Value, args []js.Value) any {
		settled <- args[0]
		return nil
	})
	defer done.Release()
	promise.Call("then", done, done)
	return <-settled
}

func TestBlobOfContent(t *testing.T) {
	info, content := album()
	published, err := publish(info, content)
	if err != nil {
		t.Fatal(err)
	}
	memory := store.NewMemory(info, store.NewBudget(info.Length))
	for i := range info.NumPieces() {
		begin := int64(i) * info.PieceLength
		if err := memory.Put(context.Background(), i, content[begin:begin+info.PieceSize(i)]); err != nil {
			t.Fatal(err)
		}
	}
	for name, s := range map[string]store.Blobber{"published": published, "memory": memory} {
		for offset := range info.Length + 1 {
			for length := range info.Length - offset + 1 {
				blob, err := s.Blob(offset, length, "audio/flac")
				if err != nil {
					t.Fatalf("%s: %d bytes at %d: %v", name, length, offset, err)
				}
				if got, want := settle(t, blob.Call("text")).String(), string(content[offset:offset+length]); got != want {
					t.Errorf("%s: %d bytes at %d are %q, want %q", name, length, offset, got, want)
				}
				if got := blob.Get("type").String(); got != "audio/flac" {
					t.Errorf("%s: type %q", name, got)
				}
			}
		}
		for _, c := range [][2]int64{{-1, 1}, {0, -1}, {0, 11}, {10, 1}, {11, 0}, {1 << 62, 1 << 62}} {
			if _, err := s.Blob(c[0], c[1], ""); err == nil {
				t.Errorf("%s: %d bytes at %d were accepted", name, c[1], c[0])
			}
		}
	}
}

// What was saved outlives the store.
func TestBlobOutlivesMemory(t *testing.T) {
	info, content := album()
	memory := store.NewMemory(info, store.NewBudget(info.Length))
	if err := memory.Put(context.Background(), 1, content[4:8]); err != nil {
		t.Fatal(err)
	}
	if _, err := memory.Blob(3, 5, ""); err == nil || !strings.Contains(err.Error(), "piece 0") {
		t.Errorf("a range with a missing piece: %v", err)
	}
	blob, err := memory.Blob(4, 4, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := memory.Close(); err != nil {
		t.Fatal(err)
	}
	if got := settle(t, blob.Call("text")).String(); got != "4567" {
		t.Errorf("%q after the store was closed", got)
	}
	if _, err := memory.Blob(4, 4, ""); err == nil {
		t.Error("a closed store made a blob")
	}
}

// A published file that changed on the disk must not be served.
func TestBlobsOfChangedFile(t *testing.T) {
	if js.Global().Get("require").IsUndefined() {
		t.Skip("needs the files of Node")
	}
	path := filepath.Join(t.TempDir(), "song")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	file := settle(t, js.Global().Call("require", "node:fs").Call("openAsBlob", path))
	s, err := store.NewBlobs(song(100), js.ValueOf([]any{file}))
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 10)
	if err := s.ReadAt(context.Background(), 0, 90, dst); err != nil || string(dst) != "xxxxxxxxxx" {
		t.Fatalf("%q, %v", dst, err)
	}
	if err := os.WriteFile(path, []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.ReadAt(context.Background(), 0, 90, dst); err == nil {
		t.Errorf("read %q from a file that changed", dst)
	}
}
