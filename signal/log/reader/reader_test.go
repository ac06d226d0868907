package reader_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"fanseed/signal/log"
	"fanseed/signal/log/reader"
)

// start serves a log of receipts whose amounts count from 0, and grows it batch by batch. It returns the tree after each.
func start(t *testing.T, batches ...int) (*reader.Log, *log.Memory, []log.Tree) {
	t.Helper()
	s, err := log.NewSigner("fanseed.example", ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	m, err := log.NewMemory(s)
	if err != nil {
		t.Fatal(err)
	}
	var trees []log.Tree
	for amount, i := 0, 0; i < len(batches); i++ {
		records := make([]log.Record, batches[i])
		for j := range records {
			records[j] = log.Receipt{Amount: uint64(amount)}.Record()
			amount++
		}
		tree, err := m.Append(t.Context(), records...)
		if err != nil {
			t.Fatal(err)
		}
		trees = append(trees, tree)
	}
	server := httptest.NewServer(http.StripPrefix("/v1/log", log.Handler(m, s.Key())))
	t.Cleanup(server.Close)
	key, err := reader.Key(t.Context(), server.URL+"/v1/log", nil)
	if err != nil || key.String() != s.Key().String() {
		t.Fatalf("key: got %v, %v", key, err)
	}
	return reader.New(server.URL+"/v1/log", key, nil), m, trees
}

func TestALogIsReadWhileItGrows(t *testing.T) {
	l, _, trees := start(t, 0, 1, 1, 253, 1, 1, 2000, 3000, 70_000, 1)
	for i, tree := range trees {
		for _, older := range trees[:i+1] {
			if err := l.Contains(t.Context(), tree, older); err != nil {
				t.Errorf("%d in %d: %v", older.N, tree.N, err)
			}
			wrong := older
			wrong.Hash[0] ^= 1
			if err := l.Contains(t.Context(), tree, wrong); older.N > 0 && !errors.Is(err, reader.ErrRewritten) {
				t.Errorf("%d in %d with another root: %v", older.N, tree.N, err)
			}
		}
		for _, n := range []int64{0, 1, 255, 256, 2255, 5256, tree.N - 1} {
			leaf := log.Receipt{Amount: uint64(n)}.Record().Leaf()
			found, err := l.Find(t.Context(), tree, leaf)
			switch {
			case n < 0 || n >= tree.N:
				if !errors.Is(err, reader.ErrDropped) {
					t.Errorf("record %d of %d: %v", n, tree.N, err)
				}
			case err != nil || found.N != n || reader.Check(tree, leaf, found) != nil:
				t.Errorf("record %d of %d: %v, %v", n, tree.N, found, err)
			case tree.N > 1 && reader.Check(tree, log.Hash{}, found) == nil:
				t.Errorf("the proof of record %d is one for any", n)
			}
		}
	}
}

func TestEveryRecordIsReadOnce(t *testing.T) {
	l, _, trees := start(t, 6000)
	count := int64(0)
	err := l.Records(t.Context(), trees[0], func(e reader.Entry) error {
		if want := (log.Receipt{Amount: uint64(count)}).Record().Leaf(); e.N != count || e.Leaf != want {
			t.Fatalf("record %d came as %d", e.N, count)
		}
		count++
		return nil
	})
	if err != nil || count != 6000 {
		t.Errorf("got %d records, %v", count, err)
	}
	stop := errors.New("enough")
	if err := l.Records(t.Context(), trees[0], func(reader.Entry) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v, want the caller's error", err)
	}
}

func TestATableIsTheOneThatIsNamed(t *testing.T) {
	l, m, _ := start(t)
	named := m.Keep([]byte("a table\n"))
	if got, err := l.Table(t.Context(), named); err != nil || string(got) != "a table\n" {
		t.Errorf("got %q, %v", got, err)
	}
	for name, c := range map[string]struct {
		table log.Table
		want  error
	}{
		"shorter than the table": {log.Table{Hash: named.Hash, Size: named.Size - 1}, reader.ErrMalformed},
		"longer than the table":  {log.Table{Hash: named.Hash, Size: named.Size + 1}, reader.ErrChanged},
		"of which there is none": {log.TableOf([]byte("x")), reader.ErrDropped},
		"larger than any":        {log.Table{Hash: named.Hash, Size: log.MaxTable + 1}, reader.ErrMalformed},
	} {
		if _, err := l.Table(t.Context(), c.table); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestAServerThatMisbehaves(t *testing.T) {
	l, _, _ := start(t)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    error
	}{
		"fails":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, reader.ErrUnreachable},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, reader.ErrUnreachable},
		"stops early": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = w.Write([]byte("x"))
		}, reader.ErrUnreachable},
		"never ends": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write(make([]byte, 1<<16))
			}
		}, reader.ErrMalformed},
		"says nothing": {func(http.ResponseWriter, *http.Request) {}, reader.ErrMalformed},
	} {
		server := httptest.NewServer(c.handler)
		if _, err := reader.New(server.URL, l.Key(), nil).Checkpoint(t.Context()); !errors.Is(err, c.want) {
			t.Errorf("a server that %s: got %v, want %v", name, err, c.want)
		}
		if _, err := reader.Key(t.Context(), server.URL, nil); !errors.Is(err, c.want) {
			t.Errorf("the key of a server that %s: got %v, want %v", name, err, c.want)
		}
		server.Close()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Checkpoint(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

// busy is a server that refuses some requests before it answers.
type busy int

func (b *busy) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if *b--; *b >= 0 {
		w.WriteHeader(http.StatusTooManyRequests)
	}
	return w.Result(), nil
}

func TestABusyServerIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for refusals, want := range map[busy]struct {
			err  error
			wait time.Duration
		}{0: {reader.ErrMalformed, 0}, 3: {reader.ErrMalformed, 15 * time.Second}, 100: {reader.ErrUnreachable, 55 * time.Second}} {
			began, server := time.Now(), refusals
			_, err := reader.Key(t.Context(), "http://fanseed.example", &http.Client{Transport: &server}) // an answer is empty: no key
			if waited := time.Since(began); !errors.Is(err, want.err) || waited != want.wait {
				t.Errorf("%d refusals: got %v after %v, want %v after %v", refusals, err, waited, want.err, want.wait)
			}
		}
		leaving, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		server := busy(100)
		if _, err := reader.Key(leaving, "http://fanseed.example", &http.Client{Transport: &server}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who leaves: got %v", err)
		}
	})
}
