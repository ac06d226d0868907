package bridge

import (
	"context"
	"errors"
	"io"
	"strconv"
	"syscall/js"

	"fanseed/wasm/node"
	"fanseed/wasm/promise"
)

// fetcher gets ranges by the browser's fetch: without credentials, and with as
// many redirects as fetch follows.
type fetcher struct{}

// Fetch implements node.Fetcher.
func (fetcher) Fetch(ctx context.Context, url string, begin, end int64, into func([]byte)) error {
	abort := js.Global().Get("AbortController").New()
	defer abort.Call("abort") // what is left of the body is not wanted
	defer context.AfterFunc(ctx, func() { abort.Call("abort") })()
	response, err := promise.Await(ctx, js.Global().Call("fetch", url, object(
		"headers", object("Range", "bytes="+strconv.FormatInt(begin, 10)+"-"+strconv.FormatInt(end-1, 10)),
		"credentials", "omit", "referrerPolicy", "no-referrer", "cache", "no-store", "signal", abort.Get("signal"),
	)))
	if err != nil {
		return errors.Join(ctx.Err(), err)
	}
	headers := response.Get("headers")
	skip, err := node.Answer(response.Get("status").Int(), text(headers.Call("get", "Content-Range")), text(headers.Call("get", "Retry-After")), begin, end)
	if err != nil {
		return err
	}
	return readBody(ctx, response.Get("body"), skip, end-begin, into)
}

// readBody hands over length bytes of a body after skipping some.
func readBody(ctx context.Context, body js.Value, skip, length int64, into func([]byte)) error {
	if body.Type() != js.TypeObject {
		return io.ErrUnexpectedEOF
	}
	reader := body.Call("getReader")
	for length > 0 {
		read, err := promise.Await(ctx, reader.Call("read"))
		if err != nil {
			return err
		}
		if read.Get("done").Bool() {
			return io.ErrUnexpectedEOF
		}
		b := bytesToGo(read.Get("value"))
		passed := min(skip, int64(len(b)))
		skip -= passed
		b = b[passed:]
		b = b[:min(length, int64(len(b)))]
		length -= int64(len(b))
		into(b)
	}
	return nil
}
