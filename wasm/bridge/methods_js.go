package bridge

import (
	"context"
	"encoding/hex"
	"math"
	"syscall/js"
	"time"

	"fanseed/wasm/metainfo"
	"fanseed/wasm/node"
	"fanseed/wasm/store"
)

func (e *engine) add(ctx context.Context, o js.Value) (any, error) {
	var infohash [20]byte
	var err error
	if helps := o.Get("helps"); helps.Type() == js.TypeNumber {
		infohash, err = e.node.Help(ctx, bytesToGo(o.Get("torrent")), time.Duration(max(0, helps.Float()))*time.Millisecond)
		err = wrap(codeBadTorrent, err)
	} else if torrent := o.Get("torrent"); torrent.Type() == js.TypeObject {
		var files []int
		if so := o.Get("so"); so.Type() == js.TypeString {
			if files, err = metainfo.ParseSelect(so.String()); err != nil {
				return nil, wrap(codeBadLink, err)
			}
		}
		infohash, err = e.node.AddSome(ctx, bytesToGo(torrent), files)
		err = wrap(codeBadTorrent, err)
	} else {
		infohash, err = e.node.AddMagnet(ctx, o.Get("magnet").String())
		err = wrap(codeBadLink, err)
	}
	if err != nil {
		return nil, err
	}
	return object("infohash", hex.EncodeToString(infohash[:])), nil
}

// torrent is a work as the bytes of a .torrent, once all is known that one needs
// to be read again.
func (e *engine) torrent(ctx context.Context, o js.Value) (any, error) {
	infohash, err := infohashOf(o)
	if err != nil {
		return nil, err
	}
	b, err := e.node.Torrent(ctx, infohash)
	if err != nil {
		return nil, err
	}
	if _, err := metainfo.Parse(b); err != nil {
		return nil, node.ErrMissing // piece layers, which peers give later than the rest
	}
	return bytesToJS(b), nil
}

// storage is where the browser lets works be kept, in the page's words.
func (e *engine) storage(context.Context, js.Value) (any, error) {
	switch e.stores.Kind() {
	case store.InOPFS:
		return "disk", nil
	case store.InIndexedDB:
		return "database", nil
	}
	return "memory", nil
}

func (e *engine) share(ctx context.Context, o js.Value) (any, error) {
	return nil, e.node.Share(ctx, o.Get("on").Bool())
}

func (e *engine) limits(ctx context.Context, o js.Value) (any, error) {
	limits := limitsOf(o.Get("limits"))
	e.budget.Resize(orUnlimited(limits.Storage))
	return nil, e.node.SetLimits(ctx, limits)
}

func (e *engine) spent(ctx context.Context, o js.Value) (any, error) {
	return nil, e.node.SetUsed(ctx, node.Used{
		SentToday:         int64(o.Get("sentToday").Float()),
		SentThisMonth:     int64(o.Get("sentThisMonth").Float()),
		ReceivedThisMonth: int64(o.Get("receivedThisMonth").Float()),
	})
}

// fetching says whether works may be fetched from their webseeds while sharing is off.
func (e *engine) fetching(ctx context.Context, o js.Value) (any, error) {
	return nil, e.node.Fetch(ctx, o.Get("on").Bool())
}

func (e *engine) start(ctx context.Context, o js.Value) (any, error) {
	return nil, e.one(ctx, o, e.node.Start)
}

func (e *engine) stop(ctx context.Context, o js.Value) (any, error) {
	return nil, e.one(ctx, o, e.node.Stop)
}

func (e *engine) remove(ctx context.Context, o js.Value) (any, error) {
	if o.Get("deleteData").Truthy() {
		return nil, e.one(ctx, o, e.node.Delete)
	}
	return nil, e.one(ctx, o, e.node.Remove)
}

func (e *engine) prioritize(ctx context.Context, o js.Value) (any, error) {
	file := o.Get("file").Int()
	return nil, e.one(ctx, o, func(ctx context.Context, infohash [20]byte) error {
		return e.node.Prioritize(ctx, infohash, file)
	})
}

// choose has only some files fetched, or all.
func (e *engine) choose(ctx context.Context, o js.Value) (any, error) {
	var files []int
	if list := o.Get("files"); list.Type() == js.TypeObject {
		files = make([]int, list.Length())
		for i := range files {
			files[i] = list.Index(i).Int()
		}
	}
	return nil, e.one(ctx, o, func(ctx context.Context, infohash [20]byte) error { return e.node.Select(ctx, infohash, files) })
}

func (e *engine) one(ctx context.Context, o js.Value, f func(context.Context, [20]byte) error) error {
	infohash, err := infohashOf(o)
	if err != nil {
		return err
	}
	return f(ctx, infohash)
}

// blobber is a store that can hand a range to the page as a Blob.
type blobber interface {
	Blob(offset, length int64, mime string) (js.Value, error)
}

func (e *engine) blob(ctx context.Context, o js.Value) (any, error) {
	infohash, err := infohashOf(o)
	if err != nil {
		return nil, err
	}
	s, offset, length, err := e.node.File(ctx, infohash, o.Get("file").Int())
	if err != nil {
		return nil, err
	}
	b, ok := s.(blobber)
	if !ok {
		return nil, node.ErrMissing
	}
	return b.Blob(offset, length, "application/octet-stream")
}

func (e *engine) length(ctx context.Context, o js.Value) (any, error) {
	infohash, err := infohashOf(o)
	if err != nil {
		return nil, err
	}
	return e.node.Length(ctx, infohash, o.Get("file").Int())
}

func (e *engine) read(ctx context.Context, o js.Value) (any, error) {
	infohash, err := infohashOf(o)
	if err != nil {
		return nil, err
	}
	b, err := e.node.Read(ctx, infohash, o.Get("file").Int(), int64(o.Get("begin").Float()), int64(o.Get("end").Float()))
	if err != nil {
		return nil, err
	}
	return bytesToJS(b), nil
}

func infohashOf(o js.Value) (infohash [20]byte, err error) {
	b, err := hex.DecodeString(o.Get("infohash").String())
	if err != nil || len(b) != len(infohash) {
		return infohash, node.ErrNoWork
	}
	return [20]byte(b), nil
}

// limitsOf reads limits, of which Infinity means none.
func limitsOf(o js.Value) node.Limits {
	return node.Limits{
		UploadRate:       bytesOf(o.Get("uploadRate")),
		DownloadRate:     bytesOf(o.Get("downloadRate")),
		UploadPerDay:     bytesOf(o.Get("uploadPerDay")),
		UploadPerMonth:   bytesOf(o.Get("uploadPerMonth")),
		DownloadPerMonth: bytesOf(o.Get("downloadPerMonth")),
		Storage:          bytesOf(o.Get("storage")),
		Help:             o.Get("help").Truthy(),
	}
}

func bytesOf(v js.Value) int64 {
	if v.Type() != js.TypeNumber {
		return 0
	}
	f := v.Float()
	if !(f >= 0 && f < 1<<53) {
		return 0
	}
	return max(1, int64(f))
}

func orUnlimited(bytes int64) int64 {
	if bytes == 0 {
		return math.MaxInt64
	}
	return bytes
}

func text(v js.Value) string {
	if v.Type() != js.TypeString {
		return ""
	}
	return v.String()
}

func texts(v js.Value) (out []string) {
	for i := range v.Length() {
		out = append(out, v.Index(i).String())
	}
	return out
}
