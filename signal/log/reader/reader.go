// Package reader owns the other side of the public log: it reads a log from a
// server that may lie, and proves what it was told.
//
// It promises that nothing is returned which the signed checkpoint does not have,
// that what a server sends is bounded in size, and that each way of cheating is an
// error of its own. It never keeps anything between two calls: whoever wants to
// know that history was not rewritten brings the checkpoint of the last time.
package reader

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"fanseed/signal/log"
)

// What does not hold. Every error of this package is one of these, or the context's.
var (
	ErrUnreachable = errors.New("the server does not answer as it must")
	ErrMalformed   = errors.New("the server's answer is not what it must be")
	ErrForged      = errors.New("the checkpoint is not signed by the log's key")
	ErrRewritten   = errors.New("the log's history was rewritten")
	ErrChanged     = errors.New("the log was changed after it was signed")
	ErrDropped     = errors.New("the log lacks what it must have")
)

// Log is a log on a server.
type Log struct {
	url    string // with a slash at its end
	key    log.Key
	client *http.Client
}

// timeout bounds one answer of the server when the caller brings no client.
const timeout = 2 * time.Minute

// How long a server is waited for that says that it is asked too fast: a minute for one answer.
const (
	busyPause = 5 * time.Second
	busyTries = 12
)

// New returns the log at a URL, such as https://fanseed.example/v1/log/, that signs with key. client may be nil.
func New(url string, key log.Key, client *http.Client) *Log {
	if client == nil {
		client = &http.Client{Timeout: timeout}
	}
	return &Log{strings.TrimSuffix(url, "/") + "/", key, client}
}

// Key returns the key by which the log is believed.
func (l *Log) Key() log.Key { return l.key }

// Key asks a server for its log's key. Who believes it the first time has to keep it for the next.
func Key(ctx context.Context, url string, client *http.Client) (log.Key, error) {
	text, err := New(url, log.Key{}, client).get(ctx, "key", 1<<10)
	if err != nil {
		return log.Key{}, err
	}
	k, err := log.ParseKey(strings.TrimSuffix(string(text), "\n"))
	if err != nil {
		return k, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	return k, nil
}

// Checkpoint is a tree that the log signed.
type Checkpoint struct {
	log.Tree
	Signed []byte
}

// Checkpoint reads the newest checkpoint and verifies its signature.
func (l *Log) Checkpoint(ctx context.Context) (Checkpoint, error) {
	signed, err := l.get(ctx, "checkpoint", log.MaxCheckpoint)
	if err != nil {
		return Checkpoint{}, err
	}
	tree, err := l.key.Checkpoint(signed)
	switch {
	case errors.Is(err, log.ErrSignature):
		return Checkpoint{}, fmt.Errorf("%w, %s", ErrForged, l.key)
	case err != nil:
		return Checkpoint{}, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	return Checkpoint{tree, signed}, nil
}

// Table reads an epoch's table, which is the one that the log names.
func (l *Log) Table(ctx context.Context, t log.Table) ([]byte, error) {
	if t.Size > log.MaxTable {
		return nil, fmt.Errorf("%w: a table of %d bytes", ErrMalformed, t.Size)
	}
	document, err := l.get(ctx, "table/"+hex.EncodeToString(t.Hash[:]), int(t.Size))
	if err == nil && log.TableOf(document) != t {
		return nil, fmt.Errorf("%w: table %x is another", ErrChanged, t.Hash)
	}
	return document, err
}

// get reads what is at a path below the log's URL: at most limit bytes, else it is ErrMalformed.
func (l *Log) get(ctx context.Context, path string, limit int) ([]byte, error) {
	answer, err := l.ask(ctx, path)
	for try := 1; err == nil && answer.StatusCode == http.StatusTooManyRequests && try < busyTries; try++ {
		answer.Body.Close()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(busyPause):
		}
		answer, err = l.ask(ctx, path)
	}
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusNoContent:
		return nil, fmt.Errorf("%w: the server has no %s", ErrDropped, path)
	default:
		return nil, fmt.Errorf("%w: %s: status %d", ErrUnreachable, path, answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, int64(limit)+1))
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	if len(body) > limit {
		return nil, fmt.Errorf("%w: %s has more than %d bytes", ErrMalformed, path, limit)
	}
	return body, nil
}

func (l *Log) ask(ctx context.Context, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url+path, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrUnreachable, err)
	}
	answer, err := l.client.Do(request)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	return answer, nil
}

func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %v", ErrUnreachable, err)
}
