// Package promise waits for JavaScript's promises.
//
// It promises that a wait ends with its context, and that whatever JavaScript
// throws becomes an error. It never runs in a callback of JavaScript.
package promise

import (
	"context"
	"fmt"
	"syscall/js"
)

// Await waits until a promise settles or ctx ends. It must not be called from a callback of JavaScript: the promise could then
// never settle.
func Await(ctx context.Context, promise js.Value) (js.Value, error) {
	type outcome struct {
		value js.Value
		err   error
	}
	settled := make(chan outcome, 1)
	var fulfil, reject js.Func
	settle := func(o outcome) any {
		// Released here and not when ctx ends: the promise calls one of the two in any case.
		fulfil.Release()
		reject.Release()
		settled <- o
		return nil
	}
	fulfil = js.FuncOf(func(_ js.Value, args []js.Value) any { return settle(outcome{value: args[0]}) })
	reject = js.FuncOf(func(_ js.Value, args []js.Value) any { return settle(outcome{err: Thrown(args[0])}) })
	promise.Call("then", fulfil, reject)
	select {
	case o := <-settled:
		return o.value, o.err
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
	}
}

// Thrown turns what JavaScript threw, which may be anything, into an error.
func Thrown(reason js.Value) error {
	if reason.Type() == js.TypeObject {
		return js.Error{Value: reason}
	}
	return fmt.Errorf("JavaScript threw %s", reason)
}
