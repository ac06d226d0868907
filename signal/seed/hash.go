package seed

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
)

// hashing makes the hashes of a torrent, on all processors.
type hashing struct {
	info   *metainfo.Info
	files  []string // of info.Files
	format Format
	pieces []byte
	roots  []byte
	hashed atomic.Int64 // bytes
}

func newHashing(info *metainfo.Info, files []string, format Format) *hashing {
	h := &hashing{info: info, files: files, format: format}
	count := h.count()
	if format != V2 {
		h.pieces = make([]byte, count*metainfo.HashSize)
	}
	if format != V1 {
		h.roots = make([]byte, count*merkle.HashSize)
	}
	return h
}

func (h *hashing) count() int {
	return int((h.info.Length + h.info.PieceLength - 1) / h.info.PieceLength)
}

// run hashes every piece.
func (h *hashing) run(ctx context.Context) error {
	var next atomic.Int64
	workers, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() error {
			opened := opened{files: h.files}
			defer opened.close()
			piece := make([]byte, h.info.PieceLength)
			for ctx.Err() == nil {
				index := int(next.Add(1) - 1)
				if index >= h.count() {
					return nil
				}
				if err := h.hash(&opened, index, piece); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return workers.Wait()
}

// hash reads one piece and hashes it.
func (h *hashing) hash(from *opened, index int, piece []byte) error {
	begin := int64(index) * h.info.PieceLength
	piece = piece[:min(h.info.PieceLength, h.info.Length-begin)]
	content, err := h.read(from, begin, piece)
	if err != nil {
		return err
	}
	if h.pieces != nil {
		sum := sha1.Sum(piece)
		copy(h.pieces[index*metainfo.HashSize:], sum[:])
	}
	if h.roots != nil {
		root := h.info.PieceRoot(index, merkle.AppendLeaves(nil, piece[:h.info.Place(index).Length]))
		copy(h.roots[index*merkle.HashSize:], root[:])
	}
	h.hashed.Add(content)
	return nil
}

// read fills piece with the torrent's bytes from begin on, and tells how many of them are no padding.
func (h *hashing) read(from *opened, begin int64, piece []byte) (content int64, err error) {
	for n := h.info.FileAt(begin); n < len(h.info.Files) && len(piece) > 0; n++ {
		f := &h.info.Files[n]
		part := piece[:min(int64(len(piece)), f.Offset+f.Length-begin)]
		if f.Padding {
			clear(part)
		} else if err := from.read(n, part, begin-f.Offset); err != nil {
			return 0, err
		} else {
			content += int64(len(part))
		}
		piece, begin = piece[len(part):], begin+int64(len(part))
	}
	return content, nil
}

// torrent is what was hashed.
func (h *hashing) torrent() (*metainfo.Torrent, error) {
	h.info.Pieces = h.pieces
	var layers metainfo.Layers
	if h.roots != nil {
		layers = h.info.SetRoots(h.roots)
	}
	if err := h.info.Validate(); err != nil {
		return nil, fmt.Errorf("make a torrent: %w", err)
	}
	t := metainfo.New(h.info)
	t.Layers, t.CreatedBy = layers, "Fanseed"
	return t, nil
}

// opened keeps the file open that was read last: pieces come in order.
type opened struct {
	files []string
	file  *os.File
	which int
}

var errShort = errors.New("the file has become shorter")

func (o *opened) read(which int, into []byte, at int64) error {
	if o.file == nil || o.which != which {
		o.close()
		file, err := os.Open(o.files[which])
		if err != nil {
			return err
		}
		o.file, o.which = file, which
	}
	_, err := o.file.ReadAt(into, at)
	if err == io.EOF {
		return fmt.Errorf("read %s: %w", o.files[which], errShort)
	}
	return err
}

func (o *opened) close() {
	if o.file != nil {
		_ = o.file.Close()
		o.file = nil
	}
}
