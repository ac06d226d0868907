package vectors

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fanseed/signal/log"
)

// tampered is log_tampered.json: the files of a log, and what a server may do to them. signal/log/reader and web/test/proof.test.ts read it.
type tampered struct {
	About    []string          `json:"about"`
	Key      string            `json:"key"`
	Size     int64             `json:"size"`
	Root     string            `json:"root"`
	Question logReceiptVector  `json:"question"`
	Files    map[string]string `json:"files"` // base64 by path
	Cases    []tamperedCase    `json:"cases"`
}

// A tamperedCase says what a reader must find. Its words are those of the reader's errors, or "" where nothing is wrong.
type tamperedCase struct {
	Name   string   `json:"name"`
	Key    string   `json:"key,omitempty"`    // the reader's, where it is not the log's
	Amount string   `json:"amount,omitempty"` // that is asked for instead of the question's
	Kept   string   `json:"kept,omitempty"`   // signed checkpoint of the reader's last visit
	Edits  []edited `json:"edits,omitempty"`
	Proof  string   `json:"proof"` // what comes of proving the question's receipt
	Read   string   `json:"read"`  // what comes of reading all records
}

// An edited file is gone, or has another text, or bytes cut out and others put in.
type edited struct {
	Path   string `json:"path"`
	Gone   bool   `json:"gone,omitempty"`
	Text   string `json:"text,omitempty"`
	At     int    `json:"at,omitempty"`
	Cut    int    `json:"cut,omitempty"`    // bytes
	Insert string `json:"insert,omitempty"` // hex
}

const tamperedSize, asked = 300, 17

// fake has the log that the cases are about, and the pieces that they are made of.
type fake struct {
	signer *log.Signer
	tree   log.Tree
	source *log.Memory
	files  map[string][]byte
}

func newFake() fake {
	s := logSigner(logOrigin, "log")
	m, tree := numbered(s, tamperedSize)
	f := fake{s, tree, m, map[string][]byte{}}
	leaf := log.Receipt{Amount: asked}.Record().Leaf()
	for _, path := range []string{"checkpoint", "key", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44",
		"find/" + hexOf(leaf[:])} {
		w := httptest.NewRecorder()
		log.Handler(m, s.Key()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/"+path, nil))
		if w.Code != http.StatusOK {
			panic(path)
		}
		f.files[path] = w.Body.Bytes()
	}
	return f
}

// put has other bytes in the place of as many.
func put(path string, at int, b []byte) edited {
	return edited{Path: path, At: at, Cut: len(b), Insert: hexOf(b)}
}

// flip changes one bit.
func (f fake) flip(path string, at int) edited { return put(path, at, []byte{f.files[path][at] ^ 1}) }

// rewritten has another record in the place n of the first bundle, and all above it made anew.
func (f fake) rewritten(n int) []edited {
	m, err := log.NewMemory(f.signer)
	if err != nil {
		panic(err)
	}
	records := make([]log.Record, tamperedSize)
	for i := range records {
		records[i] = log.Receipt{Amount: uint64(i)}.Record()
	}
	records[n] = log.Receipt{Amount: 1 << 40}.Record()
	tree, err := m.Append(context.Background(), records...)
	if err != nil {
		panic(err)
	}
	entry, leaf := records[n].Append(nil), records[n].Leaf()
	above, _ := m.ReadTile(context.Background(), 1, 0)
	return []edited{
		put("tile/entries/000", n*(2+len(entry))+2, entry), put("tile/0/000", n*32, leaf[:]), put("tile/1/000.p/1", 0, above),
		{Path: "checkpoint", Text: checkpoint(f.signer, tree)},
	}
}

func (f fake) cases() []tamperedCase {
	_, older := numbered(f.signer, 200)
	_, newer := numbered(f.signer, 301)
	fork := log.Tree{N: tamperedSize, Hash: log.Hash{1}}
	kept, whole := checkpoint(f.signer, older), checkpoint(f.signer, f.tree)
	leaf := log.Receipt{Amount: asked}.Record().Leaf()
	find := "find/" + hexOf(leaf[:])
	entry := 2 + len(log.Receipt{}.Record().Append(nil))
	sign := func(t log.Tree) []edited { return []edited{{Path: "checkpoint", Text: checkpoint(f.signer, t)}} }
	return []tamperedCase{
		{Name: "an honest log, seen for the first time"},
		{Name: "an honest log that grew", Kept: kept},
		{Name: "an honest log that did not grow", Kept: whole},
		{Name: "an honest log that had no records", Kept: checkpoint(f.signer, log.Empty)},
		{Name: "a record is changed", Edits: []edited{f.flip("tile/entries/000", 5*entry+20)}, Read: "changed"},
		{Name: "a record and its hash are changed", Edits: f.rewritten(5)[:2], Proof: "changed", Read: "changed"},
		{Name: "a record, its hash and the tile above are changed", Edits: f.rewritten(5)[:3], Proof: "changed", Read: "changed"},
		{Name: "the hash of the record that is asked for is changed", Edits: []edited{f.flip("tile/0/000", asked*32)},
			Proof: "changed", Read: "changed"},
		{Name: "a hash at the edge is changed", Edits: []edited{f.flip("tile/0/001.p/44", 0)}, Proof: "changed", Read: "changed"},
		{Name: "a record is dropped", Edits: []edited{{Path: "tile/entries/000", At: 5 * entry, Cut: entry}}, Read: "dropped"},
		{Name: "a bundle is dropped", Edits: []edited{{Path: "tile/entries/001.p/44", Gone: true}}, Read: "dropped"},
		{Name: "a tile is dropped", Edits: []edited{{Path: "tile/0/000", Gone: true}}, Proof: "dropped", Read: "dropped"},
		{Name: "the record that is asked for is not found", Edits: []edited{{Path: find, Gone: true}}, Proof: "dropped"},
		{Name: "a receipt with more bytes than were settled", Amount: "18", Proof: "dropped"},
		{Name: "another record is said to be it", Edits: []edited{{Path: find, Text: "18\n"}}, Proof: "dropped"},
		{Name: "a record beyond the end is said to be it", Edits: []edited{{Path: find, Text: "300\n"}}, Proof: "dropped"},
		{Name: "the place is no number", Edits: []edited{{Path: find, Text: "-1\n"}}, Proof: "malformed"},
		{Name: "history is rewritten", Kept: kept, Edits: f.rewritten(5), Proof: "rewritten", Read: "rewritten"},
		{Name: "history is rewritten, and nobody kept the old one", Edits: f.rewritten(5)},
		{Name: "the log is shorter than it was", Kept: whole, Edits: sign(older), Proof: "rewritten", Read: "rewritten"},
		{Name: "two roots are signed over as many records", Kept: checkpoint(f.signer, fork), Proof: "rewritten", Read: "rewritten"},
		{Name: "the root is another, and signed", Edits: sign(fork), Proof: "changed", Read: "changed"},
		{Name: "more records are signed than there are", Edits: sign(newer), Proof: "dropped", Read: "dropped"},
		{Name: "the checkpoint is forged", Edits: []edited{{Path: "checkpoint", Text: strings.Replace(whole, "\n300\n", "\n299\n", 1)}},
			Proof: "forged", Read: "forged"},
		{Name: "the checkpoint is signed by another key", Edits: []edited{{Path: "checkpoint", Text: checkpoint(logSigner(logOrigin, "server"), f.tree)}},
			Proof: "forged", Read: "forged"},
		{Name: "the reader has another key", Key: logSigner(logOrigin, "server").Key().String(), Proof: "forged", Read: "forged"},
		{Name: "the reader has the key of another name", Key: logSigner("fanseed.other", "log").Key().String(), Proof: "forged", Read: "forged"},
		{Name: "the checkpoint is gone", Edits: []edited{{Path: "checkpoint", Gone: true}}, Proof: "dropped", Read: "dropped"},
		{Name: "the checkpoint is a page", Edits: []edited{{Path: "checkpoint", Text: "<!doctype html>\n"}}, Proof: "malformed", Read: "malformed"},
		{Name: "the checkpoint ends early", Edits: []edited{{Path: "checkpoint", At: len(whole) - 9, Cut: 9}}, Proof: "malformed", Read: "malformed"},
		{Name: "the checkpoint does not end", Edits: []edited{{Path: "checkpoint", Text: strings.Repeat(whole, 120)}},
			Proof: "malformed", Read: "malformed"},
		{Name: "a tile ends early", Edits: []edited{{Path: "tile/0/000", At: 8000, Cut: 192}}, Proof: "malformed", Read: "malformed"},
		{Name: "a tile ends within a hash", Edits: []edited{{Path: "tile/0/001.p/44", At: 1400, Cut: 8}}, Proof: "malformed", Read: "malformed"},
		{Name: "a tile has more than it must", Edits: []edited{{Path: "tile/0/001.p/44", At: 44 * 32, Insert: strings.Repeat("00", 32)}},
			Proof: "malformed", Read: "malformed"},
		{Name: "a bundle ends within a record", Edits: []edited{{Path: "tile/entries/001.p/44", At: 100, Cut: 44*entry - 100}}, Read: "malformed"},
		{Name: "a bundle has more than it must", Edits: []edited{{Path: "tile/entries/001.p/44", At: 44 * entry, Insert: "00"}}, Read: "malformed"},
	}
}

func buildTampered() tampered {
	f := newFake()
	question := log.Receipt{Amount: asked}
	leaf, hash := question.Record().Leaf(), question.Hash()
	files := map[string]string{}
	for path, b := range f.files {
		files[path] = base64.StdEncoding.EncodeToString(b)
	}
	return tampered{
		About: []string{
			"A log of 300 receipts (see log.json, trees), as it is served, and what a server may do to it. Every reader must come to the same.",
			"files are base64 by path below the log's address; a path that is not there is answered with 404.",
			"An edit makes a file be gone, gives it another text, or at one place cuts bytes and puts in others.",
			"proof and read: '' nothing is wrong, changed, dropped, rewritten, forged, malformed.",
			"To prove is: verify the checkpoint, then that it contains the kept one, then that the receipt of the question is in it.",
			"To read is the same with all records instead of the one.",
		},
		Key: f.signer.Key().String(), Size: f.tree.N, Root: hexOf(f.tree.Hash[:]), Files: files, Cases: f.cases(),
		Question: logReceiptVector{
			hexOf(question.Salt[:]), hexOf(question.Serial[:]), decimal(question.Amount), 0, hexOf(hash[:]), string(question.Record().Append(nil)), hexOf(leaf[:]),
		},
	}
}

func TestTamperedVectors(t *testing.T) { published(t, "log_tampered.json", buildTampered()) }

func TestEveryEditChangesItsFile(t *testing.T) {
	f := newFake()
	for _, c := range f.cases() {
		for _, e := range c.Edits {
			cut, err := hex.DecodeString(e.Insert)
			if was := f.files[e.Path]; was == nil || err != nil || e.At+e.Cut > len(was) || !e.Gone && e.Text == "" && string(was[e.At:e.At+e.Cut]) == string(cut) {
				t.Errorf("%s: %s stays as it was", c.Name, e.Path)
			}
		}
	}
}
