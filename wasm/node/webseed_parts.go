package node

import (
	"context"
	"io"
	"strings"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/wire"
)

// webseedPart is a range of one file of a webseed; without an URL, of filler.
type webseedPart struct {
	url        string
	begin, end int64 // in the file
}

// webseedParts finds the files that hold the torrent's bytes from begin on and
// before end (https://www.bittorrent.org/beps/bep_0019.html). A file of no bytes
// is never fetched.
func webseedParts(base string, info *metainfo.Info, begin, end int64) (parts []webseedPart) {
	for i := info.FileAt(begin); i < len(info.Files) && info.Files[i].Offset < end; i++ {
		f := &info.Files[i]
		from, to := max(begin, f.Offset), min(end, f.Offset+f.Length)
		if from >= to {
			continue
		}
		part := webseedPart{begin: from - f.Offset, end: to - f.Offset}
		if !f.Padding {
			part.url = webseedURL(base, info, f)
		}
		parts = append(parts, part)
	}
	return parts
}

// webseedURL is where a file is. A torrent of a single file may name the file
// itself, or the folder that it is in.
func webseedURL(base string, info *metainfo.Info, f *metainfo.File) string {
	folder := strings.HasSuffix(base, "/")
	if info.Single && !folder {
		return base
	}
	url := []byte(base)
	if !folder {
		url = append(url, '/')
	}
	url = metainfo.AppendEscaped(url, info.Name)
	if info.Single {
		return string(url)
	}
	for _, element := range f.Path {
		url = metainfo.AppendEscaped(append(url, '/'), element)
	}
	return string(url)
}

// fetchParts fetches one part after the other.
func fetchParts(ctx context.Context, f Fetcher, parts []webseedPart, into *cutter) error {
	for _, part := range parts {
		if part.url == "" {
			into.zeros(part.end - part.begin)
			continue
		}
		left := part.end - part.begin
		err := f.Fetch(ctx, part.url, part.begin, part.end, func(b []byte) {
			b = b[:min(int64(len(b)), left)]
			left -= int64(len(b))
			into.write(b)
		})
		if err != nil {
			return err
		}
		if left > 0 {
			return io.ErrUnexpectedEOF
		}
	}
	return nil
}

// cutter cuts a stream of bytes into blocks.
type cutter struct {
	blocks []wire.Message // requests
	next   int
	block  []byte
	give   func(i int, block []byte) // the receiver keeps the block
}

func (c *cutter) write(b []byte) {
	for len(b) > 0 {
		length := int(c.blocks[c.next].Length)
		if c.block == nil {
			c.block = make([]byte, 0, length)
		}
		n := min(len(b), length-len(c.block))
		c.block, b = append(c.block, b[:n]...), b[n:]
		if len(c.block) == length {
			c.give(c.next, c.block)
			c.next, c.block = c.next+1, nil
		}
	}
}

func (c *cutter) zeros(n int64) {
	var zeros [16 << 10]byte
	for ; n > 0; n -= int64(len(zeros)) {
		c.write(zeros[:min(n, int64(len(zeros)))])
	}
}
