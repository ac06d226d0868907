package bridge

import (
	"context"
	"errors"
	"sync"
	"syscall/js"
	"unsafe"

	"fanseed/wasm/merkle"
	"fanseed/wasm/promise"
)

var uint8Array = js.Global().Get("Uint8Array")

// hasher hashes by WebCrypto, which is several times as fast as Go in
// WebAssembly. The worker reads the bytes and writes the hashes where they are
// (web/engine/digests.ts), and answers by the number of the call.
type hasher struct {
	hash js.Value
	done js.Func

	mu      sync.Mutex
	calls   int
	waiting map[int]hashing
}

// hashing is a call that was not answered yet. What it keeps is on the heap,
// where Go moves nothing, and stays there until the answer.
type hashing struct {
	bytes, out []byte
	good       chan bool
}

func newHasher(host js.Value) *hasher {
	h := &hasher{hash: host.Get("hash"), waiting: map[int]hashing{}}
	h.done = js.FuncOf(func(_ js.Value, args []js.Value) any {
		h.answer(args[0].Int()).good <- args[1].Bool()
		return nil
	})
	return h
}

func (h *hasher) SHA1(_ context.Context, piece []byte) (sum [20]byte, err error) {
	hash := make([]byte, len(sum))
	err = h.run(false, piece, hash)
	copy(sum[:], hash)
	return sum, err
}

func (h *hasher) Leaves(_ context.Context, piece []byte) ([]byte, error) {
	hashes := make([]byte, merkle.Leaves(int64(len(piece)))*merkle.HashSize)
	return hashes, h.run(true, piece, hashes)
}

// run has the worker hash bytes, and waits for the hashes in out.
func (h *hasher) run(leaves bool, bytes, out []byte) error {
	asked := hashing{bytes, out, make(chan bool, 1)}
	h.hash.Invoke(leaves, address(bytes), len(bytes), address(out), h.ask(asked), h.done)
	if !<-asked.good {
		return errors.New("the browser could not hash")
	}
	return nil
}

func (h *hasher) ask(asked hashing) (call int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls++
	h.waiting[h.calls] = asked
	return h.calls
}

func (h *hasher) answer(call int) hashing {
	h.mu.Lock()
	defer h.mu.Unlock()
	asked := h.waiting[call]
	delete(h.waiting, call)
	return asked
}

// address is where bytes lie in the engine's memory.
func address(b []byte) int { return int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

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

func (k *keys) Sign(ctx context.Context, message []byte) (signature [64]byte, err error) {
	value, err := promise.Await(ctx, k.host.Call("sign", bytesToJS(message)))
	if err != nil {
		return signature, err
	}
	if js.CopyBytesToGo(signature[:], value) != len(signature) {
		return signature, errors.New("a signature of another length")
	}
	return signature, nil
}

func (k *keys) Verify(ctx context.Context, public [32]byte, message []byte, signature [64]byte) bool {
	value, err := promise.Await(ctx, k.host.Call("verify", bytesToJS(public[:]), bytesToJS(signature[:]), bytesToJS(message)))
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
