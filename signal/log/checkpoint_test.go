package log_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"fanseed/signal/log"
)

func signer(t testing.TB, origin string, seed byte) *log.Signer {
	t.Helper()
	s, err := log.NewSigner(origin, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func signed(t testing.TB, s *log.Signer, tree log.Tree) []byte {
	t.Helper()
	b, err := s.Checkpoint(tree)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// signText signs any text as the log's key would.
func signText(t testing.TB, text string, signers ...note.Signer) []byte {
	t.Helper()
	b, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const root = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="

func TestACheckpointIsVerified(t *testing.T) {
	s := signer(t, "fanseed.example", 1)
	tree := log.Tree{N: 1 << 40, Hash: log.LeafHash([]byte("x"))}
	b := signed(t, s, tree)
	if want := "fanseed.example\n1099511627776\n" + tree.Hash.String() + "\n\n— fanseed.example "; !strings.HasPrefix(string(b), want) {
		t.Errorf("got %q, want that it begins %q", b, want)
	}
	if got, err := s.Key().Checkpoint(b); err != nil || got != tree {
		t.Errorf("got %v, %v, want %v", got, err, tree)
	}
	both := signText(t, "fanseed.example\n7\n"+root+"\n", signer(t, "witness.example", 2), s)
	if got, err := s.Key().Checkpoint(both); err != nil || got.N != 7 {
		t.Errorf("with a witness: got %v, %v", got, err)
	}
}

func TestACheckpointIsRefused(t *testing.T) {
	s := signer(t, "fanseed.example", 1)
	good := signed(t, s, log.Tree{N: 7})
	for _, c := range []struct {
		name string
		in   []byte
		want error
	}{
		{"nothing", nil, log.ErrCheckpoint},
		{"no signature", []byte("fanseed.example\n7\n" + root + "\n"), log.ErrCheckpoint},
		{"another key", signed(t, signer(t, "fanseed.example", 2), log.Tree{N: 7}), log.ErrSignature},
		{"another name", signed(t, signer(t, "fanseed.other", 1), log.Tree{N: 7}), log.ErrSignature},
		{"another number", bytes.Replace(good, []byte("\n7\n"), []byte("\n8\n"), 1), log.ErrSignature},
		{"the name of another log", signText(t, "fanseed.other\n7\n"+root+"\n", s), log.ErrCheckpoint},
		{"a line more", signText(t, "fanseed.example\n7\n"+root+"\nmore\n", s), log.ErrCheckpoint},
		{"a line less", signText(t, "fanseed.example\n7\n", s), log.ErrCheckpoint},
		{"a leading zero", signText(t, "fanseed.example\n07\n"+root+"\n", s), log.ErrCheckpoint},
		{"a number below nothing", signText(t, "fanseed.example\n-7\n"+root+"\n", s), log.ErrCheckpoint},
		{"too large a number", signText(t, "fanseed.example\n9223372036854775808\n"+root+"\n", s), log.ErrCheckpoint},
		{"more records than a log can have", signText(t, "fanseed.example\n281474976710657\n"+root+"\n", s), log.ErrCheckpoint},
		{"a short root", signText(t, "fanseed.example\n7\n"+root[4:]+"\n", s), log.ErrCheckpoint},
		{"a root of two texts", signText(t, "fanseed.example\n7\n"+strings.Replace(root, "g=", "h=", 1)+"\n", s), log.ErrCheckpoint},
		{"a root of nothing that is another", signText(t, "fanseed.example\n0\n"+root+"\n", s), log.ErrCheckpoint},
		{"too many bytes", append(bytes.Clone(good), bytes.Repeat([]byte("— a.example AAAAAAAA\n"), 1000)...), log.ErrCheckpoint},
	} {
		if got, err := s.Key().Checkpoint(c.in); !errors.Is(err, c.want) || got != (log.Tree{}) {
			t.Errorf("%s: got %v, %v, want %v", c.name, got, err, c.want)
		}
	}
}

func TestAKeyHasOneText(t *testing.T) {
	k := signer(t, "localhost:8080", 1).Key()
	if got, err := log.ParseKey(k.String()); err != nil || got.String() != k.String() || got.Origin() != "localhost:8080" {
		t.Errorf("got %v, %v, want %v", got, err, k)
	}
	smallOrder, err := note.NewEd25519VerifierKey("fanseed.example", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "a+b+c", k.String() + "\n", strings.ToUpper(k.String()), smallOrder, strings.Repeat("a", 600) + k.String()} {
		if got, err := log.ParseKey(text); !errors.Is(err, log.ErrKey) {
			t.Errorf("%.40q: got %v, %v", text, got, err)
		}
	}
	for _, name := range []string{"two words", "a+b", "", "a\x1b[2J", "a\u009b2J", "a\u202eb"} {
		if _, err := log.NewSigner(name, ed25519.NewKeyFromSeed(make([]byte, 32))); !errors.Is(err, log.ErrKey) {
			t.Errorf("the name %q: %v", name, err)
		}
	}
}

func FuzzCheckpoint(f *testing.F) {
	s := signer(f, "fanseed.example", 1)
	f.Add(signed(f, s, log.Tree{N: 7}))
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := s.Key().Checkpoint(b)
		if err == nil && !bytes.HasPrefix(signed(t, s, tree), b[:bytes.Index(b, []byte("\n\n"))]) {
			t.Errorf("%q was read as %v", b, tree)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add(signer(f, "fanseed.example", 1).Key().String())
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := log.ParseKey(text); err == nil && k.String() != text {
			t.Errorf("got %q of %q", k, text)
		}
	})
}
