package bridge

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"syscall/js"

	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/store"
)

// publication is what the page wants to publish, as the worker describes it.
type publication struct {
	info   *metainfo.Info // without hashes
	order  []int          // of the page's files, those of info without padding
	v1, v2 bool
}

func publicationOf(o js.Value) (p publication, err error) {
	format := o.Get("format").String()
	p.v1, p.v2 = format != "v2", format != "v1"
	files, total := chosenFiles(o.Get("files"))
	p.info = &metainfo.Info{Name: metainfo.SafeName(o.Get("name").String()), Private: o.Get("private").Truthy()}
	if p.info.PieceLength = metainfo.PieceLength(total); o.Get("pieceLength").Type() == js.TypeNumber {
		p.info.PieceLength = int64(o.Get("pieceLength").Float())
	}
	if err := metainfo.CheckPieceLength(p.info.PieceLength); err != nil {
		return p, wrap(codeTooLarge, err)
	}
	if len(files) == 1 && len(files[0].Path) == 1 {
		p.info.Single, files[0].Path[0] = true, p.info.Name
	}
	p.order = make([]int, len(files))
	for n := range p.order {
		p.order[n] = n
	}
	if p.v2 {
		files, p.order = metainfo.Arrange(files, p.info.PieceLength)
	}
	p.info.Files, p.info.Length = files, metainfo.Lay(files)
	return p, nil
}

func chosenFiles(v js.Value) (files []metainfo.File, total int64) {
	for i := range v.Length() {
		f := v.Index(i)
		length := int64(f.Get("length").Float())
		files = append(files, metainfo.File{Path: metainfo.SafePath(f.Get("path").String()), Length: length})
		total += length
	}
	metainfo.Distinguish(files)
	return files, total
}

// layout says how files are to be hashed: in which order, and how much padding follows each.
func (e *engine) layout(_ context.Context, o js.Value) (any, error) {
	p, err := publicationOf(o)
	if err != nil {
		return nil, err
	}
	order, padding := make([]any, len(p.order)), make([]any, 0, len(p.order))
	for n, file := range p.order {
		order[n] = file
	}
	for _, f := range p.info.Files {
		if f.Padding {
			padding[len(padding)-1] = f.Length
		} else {
			padding = append(padding, 0)
		}
	}
	return object("pieceLength", p.info.PieceLength, "order", order, "padding", padding), nil
}

// root gives the hash of a piece of version 2 by the hashes of its leaves.
func (e *engine) root(_ context.Context, o js.Value) (any, error) {
	leaves := bytesToGo(o.Get("leaves"))
	root := merkle.Root(leaves, 0)
	if width := o.Get("width").Int(); width > 0 {
		root = merkle.Ancestor(leaves, 0, merkle.Height(width))
	}
	return bytesToJS(root[:]), nil
}

// create adds a work whose files the page has, by the hashes of its pieces.
func (e *engine) create(ctx context.Context, o js.Value) (any, error) {
	p, err := publicationOf(o)
	if err != nil {
		return nil, err
	}
	t, err := p.torrent(o)
	if err != nil {
		return nil, err
	}
	t.Comment = o.Get("comment").String()
	t.CreatedBy = "Fanseed"
	t.Announce = [][]string{{e.node.AnnounceURL()}}
	t.Webseeds = texts(o.Get("webseeds"))
	s, err := store.NewBlobs(t.Info, o.Get("blobs"))
	if err != nil {
		return nil, err
	}
	if err := e.node.AddComplete(ctx, t, s); err != nil {
		return nil, err
	}
	return object("infohash", hex.EncodeToString(t.Infohash[:]), "torrent", bytesToJS(t.Bytes())), nil
}

// torrent puts the hashes in.
func (p publication) torrent(o js.Value) (*metainfo.Torrent, error) {
	var layers metainfo.Layers
	if p.v1 {
		p.info.Pieces = bytesToGo(o.Get("pieces"))
	}
	if p.v2 {
		layers = p.info.SetRoots(bytesToGo(o.Get("roots")))
	}
	if err := p.info.Validate(); err != nil {
		return nil, wrap(codeTooLarge, err)
	}
	t := metainfo.New(p.info)
	t.Layers = layers
	return t, nil
}

// attach gives a work that was published the files that it was made of.
func (e *engine) attach(ctx context.Context, o js.Value) (any, error) {
	t, err := metainfo.Parse(bytesToGo(o.Get("torrent")))
	if err != nil {
		return nil, wrap(codeBadTorrent, err)
	}
	blobs, err := blobsOf(t.Info, o)
	if err != nil {
		return nil, err
	}
	s, err := store.NewBlobs(t.Info, blobs)
	if err != nil {
		return nil, err
	}
	return nil, e.node.AddComplete(ctx, t, s)
}

// blobsOf puts the page's files into the order of the torrent, with zeros for its padding.
func blobsOf(info *metainfo.Info, o js.Value) (js.Value, error) {
	files, _ := chosenFiles(o.Get("files"))
	at := make(map[string]int, len(files))
	for n, f := range files {
		at[strings.Join(f.Path, "/")] = n
	}
	blobs := js.Global().Get("Array").New()
	for _, f := range info.Files {
		n, known := at[strings.Join(f.Path, "/")]
		switch {
		case f.Padding:
			blobs.Call("push", js.Global().Get("Blob").New([]any{js.Global().Get("Uint8Array").New(f.Length)}))
		case known || info.Single:
			blobs.Call("push", o.Get("blobs").Index(n))
		default:
			return blobs, errors.New("a file of the work is not among those of the page")
		}
	}
	return blobs, nil
}
