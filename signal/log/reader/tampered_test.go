package reader_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"fanseed/signal/log"
	"fanseed/signal/log/reader"
)

// tampered is vectors/log_tampered.json, which says what its fields are.
type tampered struct {
	Key      string                  `json:"key"`
	Size     int64                   `json:"size"`
	Question struct{ Amount string } `json:"question"`
	Files    map[string]string       `json:"files"`
	Cases    []tamperedCase          `json:"cases"`
}

type tamperedCase struct {
	Name   string `json:"name"`
	Key    string `json:"key"`
	Amount string `json:"amount"`
	Kept   string `json:"kept"`
	Edits  []struct {
		Path   string `json:"path"`
		Gone   bool   `json:"gone"`
		Text   string `json:"text"`
		At     int    `json:"at"`
		Cut    int    `json:"cut"`
		Insert string `json:"insert"`
	} `json:"edits"`
	Proof string `json:"proof"`
	Read  string `json:"read"`
}

func readTampered(t *testing.T) (f tampered) {
	t.Helper()
	b, err := os.ReadFile("../../../vectors/log_tampered.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &f, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	return f
}

// served returns the files as the case's server sends them.
func (c tamperedCase) served(t *testing.T, files map[string]string) map[string][]byte {
	t.Helper()
	served := map[string][]byte{}
	for path, text := range files {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		served[path] = b
	}
	for _, e := range c.Edits {
		insert, err := hex.DecodeString(e.Insert)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case e.Gone:
			delete(served, e.Path)
		case e.Text != "":
			served[e.Path] = []byte(e.Text)
		default:
			served[e.Path] = slices.Replace(served[e.Path], e.At, e.At+e.Cut, insert...)
		}
	}
	return served
}

// serve answers with files below /v1/log/.
func serve(t *testing.T, files map[string][]byte) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, ok := files[strings.TrimPrefix(r.URL.Path, "/v1/log/")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write(b)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/v1/log/"
}

var words = map[string]error{
	"changed": reader.ErrChanged, "dropped": reader.ErrDropped, "rewritten": reader.ErrRewritten, "forged": reader.ErrForged, "malformed": reader.ErrMalformed,
}

func TestATamperedLogIsFoundOut(t *testing.T) {
	f := readTampered(t)
	seen := map[string]int{}
	for _, c := range f.Cases {
		t.Run(c.Name, func(t *testing.T) {
			url := serve(t, c.served(t, f.Files))
			seen[c.Proof]++
			seen[c.Read]++
			if got := c.prove(t, f, url); !errors.Is(got, words[c.Proof]) {
				t.Errorf("proof: got %v, want %q", got, c.Proof)
			}
			if got := c.read(t, f, url); !errors.Is(got, words[c.Read]) {
				t.Errorf("read: got %v, want %q", got, c.Read)
			}
		})
	}
	for word := range words {
		if seen[word] == 0 {
			t.Errorf("nothing is %s", word)
		}
	}
}

// open verifies the checkpoint, and that it contains the kept one.
func (c tamperedCase) open(t *testing.T, f tampered, url string) (*reader.Log, log.Tree, error) {
	t.Helper()
	real, err := log.ParseKey(f.Key)
	if err != nil {
		t.Fatal(err)
	}
	key := real
	if c.Key != "" {
		if key, err = log.ParseKey(c.Key); err != nil {
			t.Fatal(err)
		}
	}
	l := reader.New(url, key, nil)
	now, err := l.Checkpoint(t.Context())
	if err != nil || c.Kept == "" {
		return l, now.Tree, err
	}
	kept, err := real.Checkpoint([]byte(c.Kept))
	if err != nil {
		t.Fatal(err)
	}
	return l, now.Tree, l.Contains(t.Context(), now.Tree, kept)
}

func (c tamperedCase) prove(t *testing.T, f tampered, url string) error {
	t.Helper()
	l, tree, err := c.open(t, f, url)
	if err != nil {
		return err
	}
	text := f.Question.Amount
	if c.Amount != "" {
		text = c.Amount
	}
	amount, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	leaf := log.Receipt{Amount: amount}.Record().Leaf()
	found, err := l.Find(t.Context(), tree, leaf)
	if err == nil && (found.N != int64(amount) || reader.Check(tree, leaf, found) != nil) {
		t.Errorf("found it at %d", found.N)
	}
	return err
}

func (c tamperedCase) read(t *testing.T, f tampered, url string) error {
	t.Helper()
	l, tree, err := c.open(t, f, url)
	if err != nil {
		return err
	}
	next := int64(0)
	err = l.Records(t.Context(), tree, func(e reader.Entry) error {
		if e.N != next || e.Leaf != e.Record.Leaf() {
			t.Errorf("record %d came as %d", e.N, next)
		}
		next++
		return nil
	})
	if err == nil && next != f.Size {
		t.Errorf("read %d records", next)
	}
	return err
}
