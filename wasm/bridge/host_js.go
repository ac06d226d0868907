package bridge

import (
	"encoding/hex"
	"errors"
	"syscall/js"

	"fanseed/wasm/node"
	"fanseed/wasm/store"
)

// host tells the worker what the node tells the person.
type host struct{ value js.Value }

func (h host) Changed(s node.Snapshot)   { h.value.Call("work", snapshot(s)) }
func (h host) Removed(infohash [20]byte) { h.value.Call("removed", hex.EncodeToString(infohash[:])) }
func (h host) Keep(r node.Receipt)       { h.value.Call("keep", receipt(r)) }
func (h host) Forget(serial [16]byte)    { h.value.Call("forget", hex.EncodeToString(serial[:])) }
func (h host) Sent(bytes int64)          { h.value.Call("sent", bytes) }

func snapshot(s node.Snapshot) js.Value {
	files := make([]any, len(s.Files))
	for i, f := range s.Files {
		files[i] = object("path", f.Path, "length", f.Length, "progress", f.Progress)
	}
	list := make([]any, len(s.Peers))
	for i, p := range s.Peers {
		list[i] = object(
			"client", p.Client, "progress", p.Progress, "downRate", p.DownRate, "upRate", p.UpRate,
			"downloaded", p.Downloaded, "uploaded", p.Uploaded, "choked", p.Choked, "ticket", p.Ticket,
		)
	}
	out := object(
		"infohash", hex.EncodeToString(s.Infohash[:]), "magnet", s.Magnet, "name", s.Name, "length", s.Length,
		"pieceLength", s.PieceLength, "pieces", s.Pieces, "files", files, "bitfield", bytesToJS(s.Bitfield),
		"state", string(s.State), "progress", s.Progress, "missing", s.Missing, "peers", list,
		"downRate", s.DownRate, "upRate", s.UpRate, "downloaded", s.Downloaded, "uploaded", s.Uploaded,
		"earned", s.Earned,
	)
	if s.Err != nil && s.Revoked {
		out.Set("error", object("code", "revoked", "message", s.Err.Error()))
	} else if s.Err != nil {
		out.Set("error", failure(s.Err))
	}
	return out
}

func receipt(r node.Receipt) js.Value {
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
	case errors.Is(err, node.ErrMissing), errors.Is(err, store.ErrMissing), errors.Is(err, store.ErrClosed):
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
