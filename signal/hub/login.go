package hub

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net/netip"

	"fanseed/signal/announce"
	"fanseed/signal/ticket"
)

// Codes of announce.Error.
const (
	codeMalformed   = "malformed"
	codeBadLogin    = "bad_login"
	codeNotLoggedIn = "not_logged_in"
	codeBusy        = "busy"
	codeUnavailable = "unavailable"
)

var errLogin = errors.New("the signature does not fit this key, nonce and server")

func (h *Hub) publicKey() [32]byte { return [32]byte(h.config.Key.Public().(ed25519.PublicKey)) }

// login proves and registers an account, off the loop.
func (h *Hub) login(c *client, m *announce.Login) {
	now := h.now
	h.enqueue(c, func(ctx context.Context) func() {
		if err := h.verifyLogin(c.nonce, m); err != nil {
			return func() { c.send(&announce.Error{Code: codeBadLogin, Message: err.Error()}) }
		}
		err := h.config.Ledger.Register(ctx, m.PublicKey, now)
		return func() { h.loggedIn(c, m, err) }
	})
}

func (h *Hub) loggedIn(c *client, m *announce.Login, err error) {
	if err != nil {
		h.unavailable(c, "register account", err)
		return
	}
	if c.loggedIn {
		c.send(&announce.Error{Code: codeBadLogin, Message: "this socket is logged in already"})
		return
	}
	c.loggedIn = true
	c.publicKey = m.PublicKey
	c.account = ticket.Account(m.PublicKey)
	if h.config.Uncredited[c.account] {
		c.socket.Unlimit() // it announces every work that there is
		h.tracker.Unlimit(c.handle)
	}
	c.net = h.net(c.socket.Address(), "account "+string(c.account[:]))
	h.tracker.Place(c.handle, c.net)
	c.send(&announce.Account{ID: c.account})
	h.seeds(c)
}

func (h *Hub) verifyLogin(nonce [32]byte, m *announce.Login) error {
	if ticket.SmallOrder(m.PublicKey) || !canonical(m.PublicKey) {
		return errors.New("the public key is of small order or not canonical")
	}
	for _, origin := range h.config.Origins {
		if ed25519.Verify(m.PublicKey[:], ticket.LoginMessage(origin, nonce), m.Signature[:]) {
			return nil
		}
	}
	return errLogin
}

// canonical says whether the encoded y is below 2^255-19 (RFC 8032, section 5.1.3); else one point would have two names.
func canonical(publicKey [32]byte) bool {
	if publicKey[0] < 0xed || publicKey[31]&0x7f != 0x7f {
		return true
	}
	for _, b := range publicKey[1:31] {
		if b != 0xff {
			return true
		}
	}
	return false
}

// net names the network that an address counts as: a /24, or a /48; or the client's own, where private ones are trusted.
func (h *Hub) net(a netip.Addr, own string) string {
	if h.config.TrustPrivateNets && (a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()) {
		return own
	}
	bits := 24
	if a.Is6() {
		bits = 48
	}
	prefix, _ := a.Prefix(bits)
	return prefix.String()
}
