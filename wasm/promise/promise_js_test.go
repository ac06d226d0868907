package promise

import (
	"context"
	"errors"
	"strings"
	"syscall/js"
	"testing"
)

func evaluate(code string) js.Value {
	return js.Global().Get("Function").New("return " + code).Invoke()
}

func TestAwait(t *testing.T) {
	ctx := context.Background()
	if v, err := Await(ctx, evaluate("Promise.resolve(7)")); err != nil || v.Int() != 7 {
		t.Errorf("fulfilled: %v, %v", v, err)
	}
	if v, err := Await(ctx, evaluate("new Promise(f => setTimeout(f, 5, 'late'))")); err != nil || v.String() != "late" {
		t.Errorf("fulfilled later: %v, %v", v, err)
	}
	for reason, want := range map[string]string{
		"new Error('broken')": "broken", "'broken'": "broken", "undefined": "threw", "null": "threw", "5": "5", "{}": "JavaScript",
	} {
		_, err := Await(ctx, evaluate("Promise.reject("+reason+")"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("rejected with %s: %v, want an error with %q", reason, err, want)
		}
	}
}

// A promise that settles after its context has ended finds nobody, and does no harm.
func TestAwaitEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	promise := evaluate("new Promise(f => { globalThis.settleLate = f })")
	cancel()
	if _, err := Await(ctx, promise); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	js.Global().Call("settleLate", 1)
	if v, err := Await(context.Background(), promise); err != nil || v.Int() != 1 {
		t.Errorf("afterwards: %v, %v", v, err)
	}
}
