// Package bridge is the engine's side of the door to JavaScript: it offers the
// node's methods to the worker, and gives the node what only a browser has:
// WebSockets, WebCrypto, peer connections and published files.
//
// It promises that every call is answered by a promise, every failure by a
// code of the page's closed list, and that no callback of JavaScript ever
// blocks. It holds no state of its own but the node and its parts.
package bridge

import (
	"context"
	"math/rand/v2"
	"sync"
	"syscall/js"

	"fanseed/wasm/node"
	"fanseed/wasm/rtc"
	"fanseed/wasm/store"
)

// engine is what the worker calls.
type engine struct {
	host   js.Value
	cancel context.CancelFunc
	ended  chan struct{}

	mu     sync.Mutex
	node   *node.Node
	keys   *keys
	peers  *peers
	budget *store.Budget
	stores *store.Opener
}

// Run offers the engine to the worker and serves it until close is called.
func Run() {
	e := &engine{host: js.Global().Get("fanseedHost"), keys: &keys{}, peers: &peers{}, ended: make(chan struct{})}
	e.keys.host = e.host
	e.host.Call("ready", e.methods())
	<-e.ended
}

func (e *engine) methods() js.Value {
	return object(
		"configure", async(e.configure),
		"create", async(e.create),
		"add", async(e.add),
		"layout", async(e.layout),
		"root", async(e.root),
		"attach", async(e.attach),
		"torrent", async(e.torrent),
		"storage", async(e.storage),
		"share", async(e.share),
		"fetch", async(e.fetching),
		"limits", async(e.limits),
		"budget", async(e.spent),
		"start", async(e.start),
		"stop", async(e.stop),
		"remove", async(e.remove),
		"prioritize", async(e.prioritize),
		"select", async(e.choose),
		"blob", async(e.blob),
		"length", async(e.length),
		"read", async(e.read),
		"close", async(e.close),
	)
}

// configure starts the node, or gives a running one its key.
func (e *engine) configure(ctx context.Context, o js.Value) (any, error) {
	e.keys.set(o.Get("publicKey"))
	e.peers.set(rtc.Config{ICEServers: iceServers(o.Get("iceServers"))})
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.node != nil {
		return nil, e.node.KeyChanged(ctx)
	}
	limits := limitsOf(o.Get("limits"))
	e.budget = store.NewBudget(orUnlimited(limits.Storage))
	e.stores = store.NewOpener(e.budget)
	e.node = node.New(node.Config{
		Server: o.Get("server").String(),
		Rand:   rand.New(rand.NewPCG(randomSeed())),
		Limits: limits,
		Parts: node.Parts{
			Peers: e.peers, Sockets: sockets{}, Hasher: newHasher(e.host), Keys: e.keys,
			Stores: stores{e.stores}, Torrents: torrents{e.host}, Fetcher: fetcher{}, Host: host{e.host, map[[20]byte]told{}},
		},
		Receipts: receiptsOf(o.Get("receipts")),
	})
	running, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	go func() {
		e.node.Run(running)
		close(e.ended)
	}()
	return nil, nil
}

func (e *engine) close(context.Context, js.Value) (any, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cancel != nil {
		e.cancel()
		<-e.ended
	}
	return nil, nil
}

// object makes a JavaScript object of names and values in turn. Map literals would add kilobytes to the engine.
func object(members ...any) js.Value {
	o := js.Global().Get("Object").New()
	for i := 0; i < len(members); i += 2 {
		o.Set(members[i].(string), members[i+1])
	}
	return o
}

// async makes a JavaScript function of one argument that answers by a promise.
func async(f func(context.Context, js.Value) (any, error)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		options := js.Undefined()
		if len(args) > 0 {
			options = args[0]
		}
		var settle js.Func
		settle = js.FuncOf(func(_ js.Value, ways []js.Value) any {
			resolve, reject := ways[0], ways[1]
			go func() {
				defer settle.Release()
				value, err := f(context.Background(), options)
				if err != nil {
					reject.Invoke(failure(err))
					return
				}
				resolve.Invoke(value)
			}()
			return nil
		})
		return js.Global().Get("Promise").New(settle)
	})
}
