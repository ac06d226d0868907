package bridge

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"syscall/js"

	"fanseed/signal/receipt"
	"fanseed/wasm/node"
	"fanseed/wasm/store"
)

// host tells the worker what the node tells the person.
type host struct {
	value js.Value
	told  map[[20]byte]told
}

// told is what the worker knows of a work's files: what is as it was is not told again.
type told struct{ files, got any }

func (h host) Removed(infohash [20]byte) {
	delete(h.told, infohash)
	h.value.Call("removed", hex.EncodeToString(infohash[:]))
}

func (h host) Keep(r node.Receipt)        { h.value.Call("keep", kept(r)) }
func (h host) Forget(serial [16]byte)     { h.value.Call("forget", hex.EncodeToString(serial[:])) }
func (h host) Promised(r receipt.Result)  { h.value.Call("promised", promised(r)) }
func (h host) Moved(sent, received int64) { h.value.Call("moved", sent, received) }

func (h host) Changed(s node.Snapshot) {
	work, before := snapshot(s), h.told[s.Infohash]
	now := told{identity(s.Files), identity(s.Got)}
	if now.files != before.files {
		work.Set("files", filesOf(s.Files))
	}
	if now.got != before.got {
		work.Set("got", float64s(s.Got))
	}
	h.told[s.Infohash] = now
	h.value.Call("work", work)
}

// identity tells slices apart that never change.
func identity[T any](s []T) any {
	if len(s) == 0 {
		return nil
	}
	return &s[0]
}

func filesOf(files []node.File) js.Value {
	list := js.Global().Get("Array").New(len(files))
	for i, f := range files {
		list.SetIndex(i, object("path", f.Path, "length", f.Length))
	}
	return list
}

func float64s(numbers []int64) js.Value {
	b := make([]byte, 0, 8*len(numbers))
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(n)))
	}
	return js.Global().Get("Float64Array").New(bytesToJS(b).Get("buffer"))
}

func snapshot(s node.Snapshot) js.Value {
	list := make([]any, len(s.Peers))
	for i, p := range s.Peers {
		list[i] = object(
			"client", p.Client, "progress", p.Progress, "downRate", p.DownRate, "upRate", p.UpRate,
			"downloaded", p.Downloaded, "uploaded", p.Uploaded, "choked", p.Choked, "ticket", p.Ticket,
		)
	}
	out := object(
		"infohash", hex.EncodeToString(s.Infohash[:]), "magnet", s.Magnet, "name", s.Name, "length", s.Length,
		"pieceLength", s.PieceLength, "pieces", s.Pieces, "bitfield", bytesToJS(s.Bitfield),
		"state", string(s.State), "progress", s.Progress, "missing", s.Missing, "peers", list,
		"downRate", s.DownRate, "upRate", s.UpRate, "downloaded", s.Downloaded, "uploaded", s.Uploaded,
		"earned", s.Earned, "kept", s.Kept, "caps", capsOf(s.Caps), "webseeds", webseedsOf(s.Webseeds),
	)
	if s.Selected != nil {
		selected := js.Global().Get("Array").New(len(s.Selected))
		for i, file := range s.Selected {
			selected.SetIndex(i, file)
		}
		out.Set("selected", selected)
	}
	if !s.Helps.IsZero() {
		out.Set("helps", s.Helps.UnixMilli())
	}
	if s.Err != nil && s.Revoked {
		out.Set("error", object("code", "revoked", "message", s.Err.Error()))
	} else if s.Err != nil {
		out.Set("error", failure(s.Err))
	}
	return out
}

func capsOf(caps []node.Cap) []any {
	list := make([]any, len(caps))
	for i, c := range caps {
		list[i] = string(c)
	}
	return list
}

func webseedsOf(webseeds []node.Webseed) []any {
	list := make([]any, len(webseeds))
	for i, w := range webseeds {
		list[i] = object("url", w.URL, "active", w.Active, "downloaded", w.Downloaded)
	}
	return list
}

func promised(r receipt.Result) js.Value {
	p := r.Promise
	return object(
		"serial", hex.EncodeToString(r.Serial[:]), "amount", r.Amount, "salt", hex.EncodeToString(p.Salt[:]), "epoch", p.Epoch,
		"by", p.By, "signature", hex.EncodeToString(p.Signature[:]),
	)
}

func kept(r node.Receipt) js.Value {
	return object(
		"serial", hex.EncodeToString(r.Serial[:]), "amount", r.Amount, "acknowledged", r.Acknowledged,
		"signature", hex.EncodeToString(r.Signature[:]),
	)
}

func receiptsOf(v js.Value) (out []node.Receipt) {
	if v.Type() != js.TypeObject {
		return nil
	}
	for i := range v.Length() {
		o := v.Index(i)
		r := node.Receipt{Amount: uint64(o.Get("amount").Float()), Acknowledged: uint64(o.Get("acknowledged").Float())}
		serial, err := hex.DecodeString(text(o.Get("serial")))
		signature, err2 := hex.DecodeString(text(o.Get("signature")))
		if err == nil && err2 == nil && copy(r.Serial[:], serial) == 16 && copy(r.Signature[:], signature) == 64 {
			out = append(out, r)
		}
	}
	return out
}

// The codes of the page's closed list that the engine itself gives.
const (
	codeBadLink    = "bad_link"
	codeBadTorrent = "bad_torrent"
	codeNotFound   = "not_found"
	codeTooLarge   = "too_large"
	codeDiskFull   = "disk_full"
	codeStorage    = "storage"
	codeRefused    = "refused"
	codeInternal   = "internal"
)

// coded is an error whose code the caller knows.
type coded struct {
	code string
	err  error
}

func (c coded) Error() string { return c.err.Error() }
func (c coded) Unwrap() error { return c.err }

func wrap(code string, err error) error {
	if err == nil {
		return nil
	}
	return coded{code, err}
}

// failure is what a rejected promise carries: {code, message}.
func failure(err error) js.Value { return object("code", code(err), "message", err.Error()) }

func code(err error) string {
	var c coded
	var refused node.Refusal
	switch {
	case errors.As(err, &refused):
		return codeRefused
	case errors.Is(err, node.ErrNoWork):
		return codeNotFound
	case errors.Is(err, node.ErrMissing), errors.Is(err, node.ErrLost), errors.Is(err, store.ErrMissing), errors.Is(err, store.ErrLost), errors.Is(err, store.ErrClosed):
		return codeStorage
	case errors.Is(err, node.ErrFull), errors.Is(err, store.ErrFull):
		return codeDiskFull
	case errors.Is(err, node.ErrTorrent):
		return codeBadTorrent
	case errors.As(err, &c):
		return c.code
	}
	return codeInternal
}
