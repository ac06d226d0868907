package store

import "syscall/js"

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
