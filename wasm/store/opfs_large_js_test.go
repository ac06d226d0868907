package store_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall/js"
	"testing"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// files makes a torrent of so many files of a length each, the first of them empty.
func files(pieceLength int64, n int, length int64) *metainfo.Info {
	info := &metainfo.Info{Name: "many", PieceLength: pieceLength, Length: int64(n-1) * length}
	for i := range n {
		f := metainfo.File{Path: []string{fmt.Sprint(i)}, Length: length}
		if i == 0 {
			f.Length = 0
		}
		info.Files = append(info.Files, f)
	}
	info.Pieces = make([]byte, (info.Length+pieceLength-1)/pieceLength*metainfo.HashSize)
	return info
}

// fill puts every piece in a random order, closes the store, opens it again, and finds everything there and right.
func fill(t *testing.T, o *store.Opener, infohash [20]byte, info *metainfo.Info) {
	t.Helper()
	s := open(t, o, infohash, info)
	put(t, s, info, rand.New(rand.NewPCG(1, 2)).Perm(info.NumPieces())...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o, infohash, info)
	defer s.Close()
	if have, doubtful := honest(t, s, info, func(int) bool { return true }); have != info.NumPieces() || doubtful > 0 {
		t.Errorf("has %d of %d pieces, and doubts %d", have, info.NumPieces(), doubtful)
	}
}

func TestOPFSTenThousandFiles(t *testing.T) {
	start := time.Now()
	fill(t, onDisk(t, unlimited), newInfohash(), files(16<<10, 10_001, 1500))
	t.Logf("10,000 files put, opened again and read in %v", time.Since(start))
}

func TestOPFSLargePieces(t *testing.T) {
	fill(t, onDisk(t, unlimited), newInfohash(), files(16<<20, 4, 11<<20))
}

// A hundred works of twenty files are open at once, with more files than may be open together.
func TestOPFSHundredWorks(t *testing.T) {
	const inFile = 4 // pieces
	o, info := onDisk(t, unlimited), files(1<<20, 21, inFile<<20)
	start := time.Now()
	var works []store.Blobber
	for i := range 100 {
		works = append(works, open(t, o, newInfohash(), info))
		put(t, works[i], info, i%20*inFile)
	}
	for i, s := range works {
		if i%20 == 7 {
			put(t, s, info, 0, 5*inFile, 13*inFile, 19*inFile)
		}
		if index := i % 20 * inFile; !s.Have().Has(index) || !whole(t, s, info, index) {
			t.Errorf("work %d has lost its piece", i)
		}
	}
	for _, s := range works {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("100 works opened, a piece of 1 MiB put and read in each, in %v", time.Since(start))
}

// A file larger than any memory: pieces far apart, and a Blob of all of it that is not read into memory.
func TestOPFSLargerThanMemory(t *testing.T) {
	o, infohash := onDisk(t, unlimited), newInfohash()
	info := song(6<<30 + 12345)
	info.PieceLength = 4 << 20
	info.Pieces = make([]byte, (info.Length+info.PieceLength-1)/info.PieceLength*metainfo.HashSize)
	s := open(t, o, infohash, info)
	last := info.NumPieces() - 1
	some := []int{last, 0, 1, last / 2, last - 1}
	before := memory()
	put(t, s, info, some...)
	for _, i := range some {
		if !whole(t, s, info, i) {
			t.Errorf("piece %d is wrong", i)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, o, infohash, info)
	was := map[int]bool{}
	for _, i := range some {
		was[i] = true
	}
	if have, doubtful := honest(t, s, info, func(i int) bool { return was[i] }); have != len(some) || doubtful > 0 {
		t.Errorf("opened again: %d pieces, %d doubtful", have, doubtful)
	}
	at := info.Length - 5
	blob, err := s.Blob(at, 5, "audio/flac")
	if err != nil {
		t.Fatal(err)
	}
	if got := bytesOf(t, blob); !bytes.Equal(got, piece(info, last)[info.PieceSize(last)-5:]) {
		t.Errorf("the last bytes as a blob are %x", got)
	}
	if grown := memory() - before; grown > 64<<20 {
		t.Errorf("memory grew by %d bytes", grown)
	}
	if err := s.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Close()
}

// memory is what WebAssembly has taken from the browser.
func memory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}

func bytesOf(t *testing.T, blob js.Value) []byte {
	t.Helper()
	array := js.Global().Get("Uint8Array").New(settle(t, blob.Call("arrayBuffer")))
	b := make([]byte, array.Length())
	js.CopyBytesToGo(b, array)
	return b
}

// Blobs of every kind of store have the bytes that they should, padding included.
func TestBlobsOfStored(t *testing.T) {
	onlyInBrowser(t)
	info := &metainfo.Info{Name: "padded", PieceLength: 8, Length: 37, Files: []metainfo.File{
		{Path: []string{"a"}, Length: 5}, {Path: []string{"pad"}, Length: 3, Padding: true}, {Path: []string{"b"}},
		{Path: []string{"c"}, Length: 16}, {Path: []string{"d"}, Length: 13},
	}, Pieces: make([]byte, 5*metainfo.HashSize)}
	want := []byte("abcde\x00\x00\x00ghijklmnopqrstuvwxyzABCDEFGHI")
	for kind, o := range openers(t) {
		s := open(t, o, newInfohash(), info)
		if _, err := s.Blob(0, 9, ""); err == nil {
			t.Errorf("%s: a blob of what is not there", kind)
		}
		for i := range info.NumPieces() {
			if err := s.Put(t.Context(), i, want[i*8:int64(i)*8+info.PieceSize(i)]); err != nil {
				t.Fatal(err)
			}
		}
		for offset := int64(0); offset <= info.Length; offset += 3 {
			for length := int64(0); length <= info.Length-offset; length += 5 {
				blob, err := s.Blob(offset, length, "audio/flac")
				if err != nil {
					t.Fatalf("%s: %d bytes at %d: %v", kind, length, offset, err)
				}
				if got := bytesOf(t, blob); !bytes.Equal(got, want[offset:offset+length]) || blob.Get("type").String() != "audio/flac" {
					t.Errorf("%s: %d bytes at %d are %q of type %s", kind, length, offset, got, blob.Get("type"))
				}
			}
		}
		for _, c := range [][2]int64{{-1, 1}, {0, -1}, {0, 38}, {37, 1}, {38, 0}, {1 << 62, 1 << 62}} {
			if _, err := s.Blob(c[0], c[1], ""); err == nil {
				t.Errorf("%s: %d bytes at %d were accepted", kind, c[1], c[0])
			}
		}
		s.Close()
	}
}

// How fast it is, for people to read.
func TestThroughput(t *testing.T) {
	onlyInBrowser(t)
	for kind, o := range openers(t) {
		for _, pieceLength := range []int64{16 << 10, 1 << 20} {
			info := song(min(64<<20, 512*pieceLength))
			info.PieceLength = pieceLength
			info.Pieces = make([]byte, info.Length/pieceLength*metainfo.HashSize)
			s := open(t, o, newInfohash(), info)
			bytes := piece(info, 0)
			start := time.Now()
			for i := range info.NumPieces() {
				if err := s.Put(t.Context(), i, bytes); err != nil {
					t.Fatal(err)
				}
			}
			wrote := time.Since(start)
			block := bytes[:16<<10]
			start = time.Now()
			for at := int64(0); at < info.Length; at += int64(len(block)) {
				if err := s.ReadAt(t.Context(), int(at/pieceLength), int(at%pieceLength), block); err != nil {
					t.Fatal(err)
				}
			}
			read := time.Since(start)
			fmt.Printf("%s, pieces of %4d KiB: put %5.0f MB/s, read in blocks of 16 KiB %5.0f MB/s\n", kind, pieceLength>>10,
				float64(info.Length)/wrote.Seconds()/1e6, float64(info.Length)/read.Seconds()/1e6)
			if err := s.Delete(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.Close()
		}
	}
}
