package seedbox_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"fanseed/signal/seedbox"
	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// album is a work with its content.
type album struct {
	*metainfo.Torrent
	content []byte
}

// version says which versions of BitTorrent a torrent is of.
type version string

const (
	v1     version = "v1"
	v2     version = "v2"
	hybrid version = "hybrid"
)

var versions = []version{v1, v2, hybrid}

// newAlbum makes a work of a version with these files.
func newAlbum(t testing.TB, v version, name string, pieceLength int64, files ...metainfo.File) album {
	t.Helper()
	info := &metainfo.Info{Name: name, PieceLength: pieceLength, Files: files, Single: len(files) == 1}
	if v != v1 {
		info.Files, _ = metainfo.Arrange(files, pieceLength)
	}
	info.Length = metainfo.Lay(info.Files)
	content := noise(info)
	var roots []byte
	for begin := int64(0); begin < info.Length; begin += pieceLength {
		piece := content[begin:min(info.Length, begin+pieceLength)]
		if v != v2 {
			sum := sha1.Sum(piece)
			info.Pieces = append(info.Pieces, sum[:]...)
		}
		if v != v1 {
			root := pieceRoot(info, begin, piece)
			roots = append(roots, root[:]...)
		}
	}
	var layers metainfo.Layers
	if v != v1 {
		layers = info.SetRoots(roots)
	}
	torrent := metainfo.New(info)
	torrent.Layers = layers
	return album{torrent, content}
}

// pieceRoot is the root of a piece's leaves, without the padding behind its file.
func pieceRoot(info *metainfo.Info, begin int64, piece []byte) merkle.Hash {
	f := info.Files[info.FileAt(begin)]
	own := piece[:min(int64(len(piece)), f.Offset+f.Length-begin)]
	leaves := merkle.AppendLeaves(nil, own)
	if f.Length <= info.PieceLength {
		return merkle.Root(leaves, 0)
	}
	return merkle.Ancestor(leaves, 0, info.LayerHeight())
}

// noise is the content of a torrent: random bytes, and zeros in padding.
func noise(info *metainfo.Info) []byte {
	random, content := rand.NewChaCha8([32]byte{1, byte(len(info.Files))}), make([]byte, info.Length)
	for _, f := range info.Files {
		if !f.Padding {
			_, _ = random.Read(content[f.Offset : f.Offset+f.Length])
		}
	}
	return content
}

func song(t testing.TB, v version, length int64) album {
	return newAlbum(t, v, "a song.flac", 64<<10, metainfo.File{Path: []string{"a song.flac"}, Length: length})
}

func (a album) piece(index int) []byte {
	begin := int64(index) * a.Info.PieceLength
	return slices.Clone(a.content[begin : begin+a.Info.PieceSize(index)])
}

// file is the content of one of the torrent's files.
func (a album) file(n int) []byte {
	f := a.Info.Files[n]
	return a.content[f.Offset : f.Offset+f.Length]
}

func openShelf(t testing.TB, folder string) *seedbox.Shelf {
	t.Helper()
	s, err := seedbox.OpenShelf(folder, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func openCopy(t testing.TB, s *seedbox.Shelf, a album) *seedbox.Copy {
	t.Helper()
	c, err := s.Open(t.Context(), a.Infohash, a.Info, a.Torrent)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// party is a view with what it was told.
type party struct {
	store.Store
	t  testing.TB
	mu sync.Mutex
	// told are the indexes of pieces that were found, and of those that were lost from -1 on downwards.
	told []int
}

func view(t testing.TB, c *seedbox.Copy, name string) *party {
	t.Helper()
	p := &party{t: t}
	tell := func(index int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.told = append(p.told, index)
	}
	var err error
	if p.Store, err = c.View(name, tell, func(index int) { tell(-1 - index) }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// heard returns what the party was told since it was asked last.
func (p *party) heard() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	told := p.told
	p.told = nil
	return told
}

func (p *party) put(a album, indexes ...int) {
	p.t.Helper()
	for _, i := range indexes {
		if err := p.Put(p.t.Context(), i, a.piece(i)); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *party) fill(a album) {
	p.t.Helper()
	for i := range a.Info.NumPieces() {
		p.put(a, i)
	}
}

// read reads a piece; false: it is not there. Other bytes than the right ones are an error.
func (p *party) read(a album, index int) (bool, error) {
	p.t.Helper()
	b := make([]byte, a.Info.PieceSize(index))
	err := p.ReadAt(p.t.Context(), index, 0, b)
	if err == nil && !bytes.Equal(b, a.piece(index)) {
		p.t.Errorf("piece %d is wrong", index)
	}
	return err == nil, err
}

// dataFile is the path of a data file of a copy.
func dataFile(folder string, a album, name string) string {
	return filepath.Join(folder, hex.EncodeToString(a.Infohash[:]), name)
}

// damage flips a bit of a file.
func damage(t testing.TB, name string, at int64) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 4
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}
