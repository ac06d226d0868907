package hub

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/ticket"
)

func TestLogin(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		a := s.extended("a", "192.0.2.1")
		hello := next[*announce.Hello](a)
		if hello.ServerKey != [32]byte(serverKey.Public().(ed25519.PublicKey)) || hello.Time != uint64(time.Now().UnixMilli()) {
			t.Errorf("hello %+v", hello)
		}
		a.send(a.signLogin(hello))
		next[*announce.Account](a)
		if len(s.books.registered) != 1 || s.books.registered[0] != a.publicKey() {
			t.Errorf("registered %x", s.books.registered)
		}
	})
}

func TestForgedLogins(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		a, other := s.extended("a", "192.0.2.1"), s.extended("b", "198.51.100.1")
		hello, theirs := next[*announce.Hello](a), next[*announce.Hello](other)
		if hello.Nonce == theirs.Nonce {
			t.Error("two sockets were given one nonce")
		}
		sign := func(origin string, nonce [32]byte) *announce.Login {
			return &announce.Login{
				PublicKey: a.publicKey(),
				Signature: [64]byte(ed25519.Sign(a.key, ticket.LoginMessage(origin, nonce))),
			}
		}
		borrowed := a.signLogin(hello)
		borrowed.PublicKey = other.publicKey()
		// The signature that fits every message under the point of order 1: R = A, S = 0.
		neutral := &announce.Login{PublicKey: [32]byte{1}, Signature: [64]byte{1}}
		highY := [32]byte{0xf0}
		for i := range 31 {
			highY[i+1] = 0xff
		}
		highY[31] = 0x7f // p+3
		for name, login := range map[string]*announce.Login{
			"another site's origin": sign("https://evil.example", hello.Nonce),
			"origin with a slash":   sign(origin+"/", hello.Nonce),
			"another nonce":         sign(origin, theirs.Nonce),
			"another key":           borrowed,
			"no signature":          {PublicKey: a.publicKey()},
			"small order":           neutral,
			"not canonical":         {PublicKey: highY, Signature: [64]byte{1}},
		} {
			a.send(login)
			got := next[*announce.Error](a)
			if got.Code != codeBadLogin || strings.Contains(got.Message, "canonical") != (name == "small order" || name == "not canonical") {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if len(s.books.registered) != 0 {
			t.Error("an account was registered")
		}
		a.send(a.signLogin(hello))
		next[*announce.Account](a)
		a.send(a.signLogin(hello))
		if got := next[*announce.Error](a); got.Code != codeBadLogin {
			t.Errorf("second login: %+v", got)
		}
	})
}

func TestCanonical(t *testing.T) {
	y := [32]byte{}
	for i := range y {
		y[i] = 0xff
	}
	for _, c := range []struct {
		first, last byte
		want        bool
	}{{0xec, 0x7f, true}, {0xed, 0x7f, false}, {0xff, 0x7f, false}, {0xec, 0xff, true}, {0xed, 0xff, false}, {0xff, 0x7e, true}} {
		y[0], y[31] = c.first, c.last
		if got := canonical(y); got != c.want {
			t.Errorf("%x: got %v", y, got)
		}
	}
	y = [32]byte{0xff, 0xff, 0xfe}
	y[31] = 0x7f
	if !canonical(y) {
		t.Errorf("%x is below p", y)
	}
}

func TestLoginWhileTheLedgerFails(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		s.books.set(func() { s.books.err = errors.New("disk full") })
		a := s.extended("a", "192.0.2.1")
		hello := next[*announce.Hello](a)
		a.send(a.signLogin(hello))
		if got := next[*announce.Error](a); got.Code != codeUnavailable {
			t.Errorf("got %+v", got)
		}
		s.books.set(func() { s.books.err = nil })
		a.send(a.signLogin(hello))
		next[*announce.Account](a)
	})
}

// TestLoginAfterClose closes a socket while its login is registered.
func TestLoginAfterClose(t *testing.T) {
	inBubble(t, nil, func(s *site) {
		s.books.set(func() { s.books.gate = make(chan struct{}) })
		a := s.extended("a", "192.0.2.1")
		a.send(a.signLogin(next[*announce.Hello](a)))
		a.ws.Close()
		synctest.Wait()
		s.books.gate <- struct{}{}
		synctest.Wait()
		if len(s.hub.clients) != 0 {
			t.Error("the client is still known")
		}
	})
}

// The server's own account announces all works at once; others no more than a tab has.
func TestOwnAccountIsNotLimited(t *testing.T) {
	const works = 300
	own := ticket.Account([32]byte(ed25519.NewKeyFromSeed([]byte(fmt.Sprintf("%-32s", "own"))).Public().(ed25519.PublicKey)))
	inBubble(t, func(c *Config) { c.Uncredited = map[[16]byte]bool{own: true} }, func(s *site) {
		for n := range works {
			s.works.lengths[[20]byte{byte(n), byte(n >> 8), 1}] = 1
		}
		p, other, begin := s.login("own", "127.0.0.1"), s.login("o", "203.0.113.1"), time.Now()
		for n := range works {
			p.announce([20]byte{byte(n), byte(n >> 8), 1}, 0)
		}
		if took := time.Since(begin); took > 0 {
			t.Errorf("%d announces took %v", works, took)
		}
		for n := range works {
			other.send(&announce.Announce{Infohash: [20]byte{byte(n), byte(n >> 8), 1}, PeerID: other.id})
		}
		time.Sleep(time.Minute)
		for range 256 {
			next[*announce.Reply](other)
		}
		next[*announce.Failure](other)
	})
}
