package bridge

import (
	"context"
	"errors"
	"sync"
	"syscall/js"

	"fanseed/wasm/merkle"
)

var (
	uint8Array = js.Global().Get("Uint8Array")
	subtle     = js.Global().Get("crypto").Get("subtle")
)

// hasher hashes by WebCrypto, which is several times as fast as Go in
// WebAssembly. Its arrays are used again.
type hasher struct {
	host   js.Value
	arrays sync.Pool
}

func newHasher(host js.Value) *hasher { return &hasher{host: host} }

func (h *hasher) SHA1(_ context.Context, piece []byte) (sum [20]byte, err error) {
	array := h.array(len(piece))
	js.CopyBytesToJS(array, piece)
	digest, err := await(subtle.Call("digest", "SHA-1", array.Call("subarray", 0, len(piece))))
	h.arrays.Put(array)
	if err != nil {
		return sum, err
	}
	if js.CopyBytesToGo(sum[:], uint8Array.New(digest)) != len(sum) {
		return sum, errors.New("a digest of another length")
	}
	return sum, nil
}

// Leaves hashes them all in one call: the worker has the views, and the promises.
func (h *hasher) Leaves(_ context.Context, piece []byte) ([]byte, error) {
	array := h.array(len(piece))
	js.CopyBytesToJS(array, piece)
	leaves, err := await(h.host.Call("leaves", array, len(piece)))
	h.arrays.Put(array)
	if err != nil {
		return nil, err
	}
	hashes := make([]byte, merkle.Leaves(int64(len(piece)))*merkle.HashSize)
	if js.CopyBytesToGo(hashes, leaves) != len(hashes) {
		return nil, errors.New("digests of another length")
	}
	return hashes, nil
}

func (h *hasher) array(size int) js.Value {
	if kept, ok := h.arrays.Get().(js.Value); ok && kept.Get("length").Int() >= size {
		return kept
	}
	return uint8Array.New(size)
}

// keys signs with the key that the worker keeps: the engine never sees it.
type keys struct {
	host js.Value

	mu     sync.Mutex
	public [32]byte
	known  bool
}

func (k *keys) set(public js.Value) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known = public.Type() == js.TypeObject && js.CopyBytesToGo(k.public[:], public) == len(k.public)
}

func (k *keys) PublicKey() ([32]byte, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.public, k.known
}

func (k *keys) Sign(_ context.Context, message []byte) (signature [64]byte, err error) {
	value, err := await(k.host.Call("sign", bytesToJS(message)))
	if err != nil {
		return signature, err
	}
	if js.CopyBytesToGo(signature[:], value) != len(signature) {
		return signature, errors.New("a signature of another length")
	}
	return signature, nil
}

func (k *keys) Verify(_ context.Context, public [32]byte, message []byte, signature [64]byte) bool {
	value, err := await(k.host.Call("verify", bytesToJS(public[:]), bytesToJS(signature[:]), bytesToJS(message)))
	return err == nil && value.Truthy()
}

func bytesToJS(b []byte) js.Value {
	array := uint8Array.New(len(b))
	js.CopyBytesToJS(array, b)
	return array
}

func bytesToGo(v js.Value) []byte {
	b := make([]byte, v.Get("length").Int())
	js.CopyBytesToGo(b, v)
	return b
}

// randomSeed asks the browser for what the engine's choices start from.
func randomSeed() (a, b uint64) {
	array := uint8Array.New(16)
	js.Global().Get("crypto").Call("getRandomValues", array)
	for i, x := range bytesToGo(array) {
		if i < 8 {
			a = a<<8 | uint64(x)
		} else {
			b = b<<8 | uint64(x)
		}
	}
	return a, b
}
