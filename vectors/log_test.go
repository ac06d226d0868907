package vectors

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"os"
	"strconv"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"fanseed/signal/log"
)

// logFile is log.json.
type logFile struct {
	About       []string           `json:"about"`
	Key         logKeyVector       `json:"key"`
	Receipts    []logReceiptVector `json:"receipts"`
	Records     []recordVector     `json:"records"`
	Trees       []treeVector       `json:"trees"`
	Checkpoints []checkpointVector `json:"checkpoints"`
	Promises    []promiseVector    `json:"promises"`
	Refused     []badLogVector     `json:"refused"`
}

type (
	logKeyVector struct {
		Origin    string `json:"origin"`
		Seed      string `json:"seed"`
		PublicKey string `json:"public_key"`
		Text      string `json:"text"`
	}
	logReceiptVector struct {
		Salt   string `json:"salt"`
		Serial string `json:"serial"`
		Amount string `json:"amount"`
		Epoch  uint32 `json:"epoch"`
		Hash   string `json:"hash"`
		Record string `json:"record"`
		Leaf   string `json:"leaf"`
	}
	recordVector struct {
		Record string `json:"record"`
		Leaf   string `json:"leaf"`
	}
	treeVector struct {
		Size int64  `json:"size"` // of the receipts of salt 0, serial 0, epoch 0 and the amounts 0, 1, 2 …
		Root string `json:"root"`
	}
	checkpointVector struct {
		Size   int64  `json:"size"`
		Root   string `json:"root"`
		Signed string `json:"signed"`
	}
	promiseVector struct {
		Leaf  string `json:"leaf"`
		By    string `json:"by"`
		Bytes string `json:"bytes"`
	}
	badLogVector struct {
		Kind  string `json:"kind"` // record, checkpoint or promise
		Why   string `json:"why"`  // form or signature
		Note  string `json:"note"`
		Text  string `json:"text,omitempty"`
		Bytes string `json:"bytes,omitempty"`
	}
)

const logOrigin = "fanseed.example"

func logSigner(origin, name string) *log.Signer {
	s, err := log.NewSigner(origin, key(name))
	if err != nil {
		panic(err)
	}
	return s
}

func buildLog() logFile {
	s := logSigner(logOrigin, "log")
	return logFile{
		About: []string{
			"The public log of Fanseed, version 1: RFC 6962 (tree), C2SP tlog-tiles, tlog-checkpoint and signed-note. Signatures are Ed25519 (RFC 8032).",
			"Bytes are hex, 64-bit integers are decimal strings; in the formats integers are big-endian. Records and checkpoints are text, as they are signed or hashed.",
			"hash of a receipt = SHA-256('fanseed log receipt v1\\n' | salt 16 | serial 16 | amount u64 | epoch u32)",
			"record = lines that end in '\\n': the kind, then 'key word…' in the kind's order",
			"leaf = SHA-256(0 | record); a node = SHA-256(1 | left | right)",
			"promise = 'fanseed promise v1\\n' | leaf 32 | by u64, Unix ms | signature 64 of the log's key",
			"trees are over the receipts with salt 0, serial 0, epoch 0 and the amounts 0, 1, 2 and so on",
		},
		Key:      logKeyVector{logOrigin, hexOf(key("log").Seed()), hexOf(key("log").Public().(ed25519.PublicKey)), s.Key().String()},
		Receipts: logReceipts(), Records: logRecords(), Trees: logTrees(), Checkpoints: logCheckpoints(s), Promises: logPromises(s), Refused: logRefused(s),
	}
}

func logReceipts() (list []logReceiptVector) {
	salted := log.Receipt{Serial: goodTickets()[0].Serial, Amount: 1 << 20, Epoch: 20779}
	copy(salted.Salt[:], "fedcba9876543210")
	for _, r := range []log.Receipt{{}, salted, {Salt: salted.Salt, Serial: salted.Serial, Amount: 1<<64 - 1, Epoch: 1<<32 - 1}} {
		hash, record, leaf := r.Hash(), r.Record(), r.Record().Leaf()
		list = append(list, logReceiptVector{
			hexOf(r.Salt[:]), hexOf(r.Serial[:]), decimal(r.Amount), r.Epoch, hexOf(hash[:]), string(record.Append(nil)), hexOf(leaf[:]),
		})
	}
	return list
}

func logRecords() (list []recordVector) {
	id, work := [16]byte([]byte("0123456789abcdef")), [20]byte{1, 19: 2}
	const now = 1_795_363_200_000
	epoch, err := log.Epoch{
		Time: now, Number: 20779, Emission: 2_500_000,
		Pools: []log.Share{
			{Name: "availability", Amount: 750_000, Weight: new(big.Int).Lsh(big.NewInt(3), 70)},
			{Name: "bandwidth", Amount: 1_250_000, Weight: big.NewInt(8 << 30)},
			{Name: "grants", Amount: 500_000, Weight: new(big.Int)},
		},
		Inputs: log.TableOf([]byte("inputs\n")), Payouts: log.TableOf([]byte("payouts\n")),
	}.Record()
	if err != nil {
		panic(err)
	}
	for _, r := range []log.Record{
		log.Deposit{Time: now, ID: id, Amount: 1_000_000_000}.Record(),
		log.Boost{Time: now, ID: id, Infohash: work, Amount: 980_000, Fee: 20_000, First: 20780, Epochs: 7}.Record(),
		log.Pool{Time: now, ID: id, Infohash: work, Amount: 5_000_000, Rate: 1_000_000, Last: 20800}.Record(),
		log.Grant{Time: now, Epoch: 20779, Account: id, Amount: 250_000}.Record(),
		log.Audit{Time: now, Account: id, Infohash: work, Asked: 32, Passed: 29}.Record(),
		log.Takedown{Time: now, Infohash: work}.Record(),
		epoch,
	} {
		leaf := r.Leaf()
		list = append(list, recordVector{string(r.Append(nil)), hexOf(leaf[:])})
	}
	return list
}

// numbered returns the log of n receipts that differ in their amounts.
func numbered(s *log.Signer, n int) (*log.Memory, log.Tree) {
	m, err := log.NewMemory(s)
	if err != nil {
		panic(err)
	}
	records := make([]log.Record, n)
	for i := range records {
		records[i] = log.Receipt{Amount: uint64(i)}.Record()
	}
	tree, err := m.Append(context.Background(), records...)
	if err != nil {
		panic(err)
	}
	return m, tree
}

func logTrees() (list []treeVector) {
	for _, size := range []int{0, 1, 2, 3, 4, 5, 7, 8, 255, 256, 257, 511, 1000, 65_536, 66_000} {
		_, tree := numbered(logSigner(logOrigin, "log"), size)
		list = append(list, treeVector{tree.N, hexOf(tree.Hash[:])})
	}
	return list
}

func checkpoint(s *log.Signer, t log.Tree) string {
	signed, err := s.Checkpoint(t)
	if err != nil {
		panic(err)
	}
	return string(signed)
}

func logCheckpoints(s *log.Signer) (list []checkpointVector) {
	for _, size := range []int{0, 1, 1000} {
		_, tree := numbered(s, size)
		list = append(list, checkpointVector{tree.N, hexOf(tree.Hash[:]), checkpoint(s, tree)})
	}
	return list
}

func logPromises(s *log.Signer) (list []promiseVector) {
	for _, by := range []uint64{0, 1_795_366_800_000, 1<<64 - 1} {
		p := s.Promise(log.Receipt{}.Record().Leaf(), by)
		list = append(list, promiseVector{hexOf(p.Leaf[:]), decimal(by), hexOf(p.Append(nil))})
	}
	return list
}

func logRefused(s *log.Signer) (list []badLogVector) {
	takedown, receipt := string(log.Takedown{Time: 5}.Record().Append(nil)), string(log.Receipt{}.Record().Append(nil))
	record := func(note, text string) {
		list = append(list, badLogVector{Kind: "record", Why: "form", Note: note, Text: text})
	}
	record("the last line does not end", takedown[:len(takedown)-1])
	record("a line more", takedown+"time 5\n")
	record("an unknown kind", "gift\n"+receipt[len("receipt\n"):])
	record("a leading zero", takedown[:len("takedown\ntime ")]+"0"+takedown[len("takedown\ntime "):])
	record("large letters", string(bytes.ToUpper([]byte(receipt))))
	_, tree := numbered(s, 7)
	signed := []byte(checkpoint(s, tree))
	note := func(why, note string, text []byte) {
		list = append(list, badLogVector{Kind: "checkpoint", Why: why, Note: note, Text: string(text)})
	}
	note("signature", "another number of records", bytes.Replace(signed, []byte("\n7\n"), []byte("\n8\n"), 1))
	note("signature", "signed by another key of the same name", []byte(checkpoint(logSigner(logOrigin, "server"), tree)))
	note("signature", "signed by the key under another name", []byte(checkpoint(logSigner("fanseed.other", "log"), tree)))
	note("form", "no signature", signed[:bytes.Index(signed, []byte("\n\n"))+1])
	p := s.Promise(log.Hash{1}, 2)
	promise := func(why, note string, b []byte) {
		list = append(list, badLogVector{Kind: "promise", Why: why, Note: note, Bytes: hexOf(b)})
	}
	promise("form", "a byte is missing", p.Append(nil)[:log.PromiseSize-1])
	promise("form", "version 2", bytes.Replace(p.Append(nil), []byte("v1"), []byte("v2"), 1))
	later := p
	later.By++
	promise("signature", "a later time", later.Append(nil))
	return list
}

// published writes a file anew if it is asked to, and else compares it.
func published(t *testing.T, name string, value any) {
	t.Helper()
	built, err := json.Marshal(value, jsontext.WithIndent("  "), json.Deterministic(true), jsontext.EscapeForHTML(false))
	if err != nil {
		t.Fatal(err)
	}
	built = append(built, '\n')
	if *rewrite {
		if err := os.WriteFile(name, built, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if was, err := os.ReadFile(name); err != nil || !bytes.Equal(built, was) {
		t.Errorf("%s is not what the code makes, %v; its formats are published and must not change", name, err)
	}
}

func TestLogVectors(t *testing.T) { published(t, "log.json", buildLog()) }

// The file is read back and checked as another implementation would do it.
func TestLogVectorsReadBack(t *testing.T) {
	var f logFile
	b, err := os.ReadFile("log.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	k, err := log.ParseKey(f.Key.Text)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range f.Records {
		if leaf := sha256.Sum256([]byte("\x00" + v.Record)); judgeLog(k, "record", []byte(v.Record)) != "" || hexOf(leaf[:]) != v.Leaf {
			t.Errorf("record %q is refused", v.Record)
		}
	}
	for _, v := range f.Checkpoints {
		if tree, err := k.Checkpoint([]byte(v.Signed)); err != nil || tree.N != v.Size || hexOf(tree.Hash[:]) != v.Root {
			t.Errorf("checkpoint of %d: %v, %v", v.Size, tree, err)
		}
	}
	for _, v := range f.Promises {
		b, _ := hex.DecodeString(v.Bytes)
		if p, err := log.ParsePromise(b); err != nil || judgeLog(k, "promise", b) != "" || strconv.FormatUint(p.By, 10) != v.By {
			t.Errorf("promise by %s: %v", v.By, err)
		}
	}
	for _, v := range f.Refused {
		b, _ := hex.DecodeString(v.Bytes)
		if got := judgeLog(k, v.Kind, append(b, v.Text...)); got != v.Why {
			t.Errorf("%s, %s: got %q, want %q", v.Kind, v.Note, got, v.Why)
		}
	}
	if len(f.Records) == 0 || len(f.Checkpoints) == 0 || len(f.Promises) == 0 || len(f.Refused) == 0 {
		t.Error("log.json lacks a part")
	}
}

func judgeLog(k log.Key, kind string, b []byte) string {
	var err error
	switch kind {
	case "record":
		_, err = log.ParseRecord(b)
	case "checkpoint":
		_, err = k.Checkpoint(b)
	case "promise":
		var p log.Promise
		if p, err = log.ParsePromise(b); err == nil {
			err = k.Promised(p)
		}
	}
	switch {
	case errors.Is(err, log.ErrSignature):
		return "signature"
	case err != nil:
		return "form"
	}
	return ""
}
