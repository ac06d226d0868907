package store

import (
	"context"
	"fmt"
	"syscall/js"
)

// await waits until a promise settles or ctx ends. It must not be called from a callback of JavaScript: the promise could then
// never settle.
func await(ctx context.Context, promise js.Value) (js.Value, error) {
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
	reject = js.FuncOf(func(_ js.Value, args []js.Value) any { return settle(outcome{err: thrown(args[0])}) })
	promise.Call("then", fulfil, reject)
	select {
	case o := <-settled:
		return o.value, o.err
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
	}
}

// thrown turns what JavaScript threw, which may be anything, into an error.
func thrown(reason js.Value) error {
	if reason.Type() == js.TypeObject {
		return js.Error{Value: reason}
	}
	return fmt.Errorf("JavaScript threw %s", reason)
}

// construct makes an object of a global class and returns what its constructor throws.
func construct(class string, args ...any) (js.Value, error) {
	return try(func() js.Value { return js.Global().Get(class).New(args...) })
}

// call calls a method and returns what it throws.
func call(v js.Value, method string, args ...any) (js.Value, error) {
	return try(func() js.Value { return v.Call(method, args...) })
}

func try(f func() js.Value) (v js.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(js.Error)
			if !ok {
				panic(r)
			}
			err = e
		}
	}()
	return f(), nil
}
