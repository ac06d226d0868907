package log_test

import (
	"bytes"
	"errors"
	"testing"

	"fanseed/signal/log"
)

func TestAPromiseIsVerified(t *testing.T) {
	s := signer(t, "fanseed.example", 1)
	p := s.Promise(log.LeafHash([]byte("x")), 0x0102030405060708)
	b := p.Append(nil)
	if want := "fanseed promise v1\n" + string(p.Leaf[:]) + "\x01\x02\x03\x04\x05\x06\x07\x08" + string(p.Signature[:]); string(b) != want {
		t.Errorf("got %q, want %q", b, want)
	}
	got, err := log.ParsePromise(b)
	if err != nil || got != p || s.Key().Promised(got) != nil {
		t.Errorf("got %+v, %v, %v", got, err, s.Key().Promised(got))
	}
	later := p
	later.By++
	for name, err := range map[string]error{
		"another time": s.Key().Promised(later),
		"another key":  signer(t, "fanseed.example", 2).Key().Promised(p),
		"no key":       log.Key{}.Promised(p),
	} {
		if !errors.Is(err, log.ErrSignature) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzParsePromise(f *testing.F) {
	good := signer(f, "fanseed.example", 1).Promise(log.Hash{1}, 2).Append(nil)
	f.Add(good)
	f.Add(good[:log.PromiseSize-1])
	f.Add(append(bytes.Clone(good), 0))
	f.Add(bytes.Replace(good, []byte("v1"), []byte("v2"), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := log.ParsePromise(b)
		switch {
		case err != nil && (p != log.Promise{} || !errors.Is(err, log.ErrPromise)):
			t.Errorf("got %+v, %v", p, err)
		case err == nil && !bytes.Equal(p.Append(nil), b):
			t.Errorf("written again: %x, was %x", p.Append(nil), b)
		}
	})
}
