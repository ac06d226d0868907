package hub

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"fanseed/signal/announce"
	"fanseed/signal/receipt"
	"fanseed/signal/socket"
	"fanseed/signal/socket/sockettest"
	"fanseed/signal/ticket"
)

const origin = "https://fanseed.example"

var (
	serverKey = ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", 32)))
	workA     = [20]byte{'A'} // listed
	workB     = [20]byte{'B'} // listed
	unlisted  = [20]byte{'U'}
)

// works lists A and B, of 64 MiB each unless a test says otherwise.
type works struct {
	mu      sync.Mutex
	lengths map[[20]byte]int64
}

func (w *works) Work(infohash [20]byte) (int64, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	length, listed := w.lengths[infohash]
	return length, listed
}

func (w *works) set(infohash [20]byte, length int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lengths[infohash] = length
}

func (w *works) remove(infohash [20]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.lengths, infohash)
}

// books is a ledger in memory. Calls wait while it is locked by a test, and fail with err.
type books struct {
	mu         sync.Mutex
	err        error
	registered [][32]byte
	issued     []ticket.Ticket
	batches    int
	amounts    map[[16]byte]uint64
	gate       chan struct{} // nil: open; else each call takes one from it
}

// promised is what the books promise for everything.
var promised = receipt.Promise{Salt: [16]byte{1}, Epoch: 2, By: 3, Signature: [64]byte{4}}

func (b *books) enter(ctx context.Context) error {
	b.mu.Lock()
	gate := b.gate
	b.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

func (b *books) Register(ctx context.Context, publicKey [32]byte, _ time.Time) error {
	if err := b.enter(ctx); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.registered = append(b.registered, publicKey)
	return nil
}

func (b *books) Issue(ctx context.Context, tickets []ticket.Ticket, _ [][2]string) error {
	if err := b.enter(ctx); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.issued = append(b.issued, tickets...)
	b.batches++
	return nil
}

func (b *books) Settle(ctx context.Context, account [16]byte, receipts []receipt.Receipt, _ time.Time) ([]receipt.Result, error) {
	if err := b.enter(ctx); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	results := make([]receipt.Result, len(receipts))
	for i, r := range receipts {
		results[i] = receipt.Result{Serial: r.Serial, Reason: receipt.UnknownTicket}
		for _, t := range b.issued {
			if t.Serial == r.Serial && ticket.Account(t.Seeder) == account {
				b.amounts[r.Serial] = max(b.amounts[r.Serial], r.Amount)
				results[i] = receipt.Result{Serial: r.Serial, Amount: b.amounts[r.Serial], Reason: receipt.Confirmed, Promise: promised}
			}
		}
	}
	return results, nil
}

func (b *books) Credited(_ context.Context, leecher, infohash [32]byte) (sum uint64, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.issued {
		if t.Leecher == leecher && t.Infohash == infohash {
			sum += b.amounts[t.Serial]
		}
	}
	return sum, b.err
}

func (b *books) set(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// site is a hub with its sockets, in a synctest bubble.
type site struct {
	t        *testing.T
	hub      *Hub
	sockets  *socket.Server
	listener *sockettest.Listener
	works    *works
	books    *books
	stop     func() // ends the hub's loop
}

func inBubble(t *testing.T, change func(c *Config), test func(s *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &site{
			t:     t,
			works: &works{lengths: map[[20]byte]int64{workA: 64 << 20, workB: 64 << 20}},
			books: &books{amounts: map[[16]byte]uint64{}},
		}
		c := Config{
			Key: serverKey, Origins: []string{"http://localhost:8080", origin}, Epoch: func(time.Time) uint32 { return 7 },
			Ledger: s.books, Works: s.works, Rand: rand.New(rand.NewPCG(1, 1)),
		}
		if change != nil {
			change(&c)
		}
		s.hub = New(c)
		s.sockets = socket.NewServer(socket.Config{Subprotocol: announce.Subprotocol}, s.hub)
		s.listener = sockettest.Serve(t, s.sockets)
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() {
			s.hub.Run(ctx)
			close(stopped)
		}()
		s.stop = func() {
			cancel()
			<-stopped
		}
		defer s.stop()
		defer func() {
			cut, cancel := context.WithCancel(t.Context())
			cancel()
			s.sockets.Shutdown(cut, 0)
		}()
		test(s)
	})
}

// peer is a client with one socket.
type peer struct {
	*site
	ws         *websocket.Conn
	id         [20]byte
	key        ed25519.PrivateKey
	messages   chan announce.ServerMessage // closed with the socket
	writing    sync.Mutex
	challenged func(m *announce.Challenge) // nil: it does not answer
	code       int                         // of the close frame, once messages is closed
}

// stock opens a socket as a stock client does; extended asks for the subprotocol.
func (s *site) stock(name, from string) *peer    { return s.open(name, from) }
func (s *site) extended(name, from string) *peer { return s.open(name, from, announce.Subprotocol) }

func (s *site) open(name, from string, subprotocols ...string) *peer {
	s.t.Helper()
	d := websocket.Dialer{NetDialContext: s.listener.Dial(from), Subprotocols: subprotocols}
	ws, _, err := d.Dial("ws://fanseed.example/announce", http.Header{"Origin": {"https://embedding.example"}})
	if err != nil {
		s.t.Fatal(err)
	}
	p := &peer{site: s, ws: ws, messages: make(chan announce.ServerMessage, 1000)}
	copy(p.id[:], name)
	p.key = keyOf(name)
	go p.read()
	return p
}

// keyOf is the account's key of whoever has a name.
func keyOf(name string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(fmt.Sprintf("%-32s", name)))
}

func (p *peer) read() {
	defer close(p.messages)
	for {
		_, text, err := p.ws.ReadMessage()
		if err != nil {
			p.code = websocket.CloseAbnormalClosure
			if e := (*websocket.CloseError)(nil); errors.As(err, &e) {
				p.code = e.Code
			}
			return
		}
		m, err := announce.ParseServer(text)
		if err != nil {
			p.t.Errorf("the server sent %s: %v", text, err)
		}
		p.messages <- m
	}
}

// login opens a socket and logs in.
func (s *site) login(name, from string) *peer {
	s.t.Helper()
	p := s.extended(name, from)
	p.send(p.signLogin(next[*announce.Hello](p)))
	if got, want := next[*announce.Account](p).ID, ticket.Account(p.publicKey()); got != want {
		s.t.Fatalf("logged in as %x, want %x", got, want)
	}
	return p
}

func (p *peer) publicKey() [32]byte { return [32]byte(p.key.Public().(ed25519.PublicKey)) }

func (p *peer) signLogin(hello *announce.Hello) *announce.Login {
	return &announce.Login{
		PublicKey: p.publicKey(),
		Signature: [64]byte(ed25519.Sign(p.key, ticket.LoginMessage(origin, hello.Nonce))),
	}
}

func (p *peer) send(m announce.ClientMessage) { p.sendText(string(m.Append(nil))) }

func (p *peer) sendText(text string) {
	p.t.Helper()
	if err := p.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// next returns the next message, which must be an M.
func next[M announce.ServerMessage](p *peer) M {
	p.t.Helper()
	synctest.Wait()
	select {
	case m, ok := <-p.messages:
		if !ok {
			p.t.Fatalf("the socket was closed with code %d", p.code)
		}
		got, ok := m.(M)
		if !ok {
			p.t.Fatalf("got %T %+v, want %T", m, m, got)
		}
		return got
	default:
		var none M
		p.t.Fatalf("got nothing, want %T", none)
		return none
	}
}

// silent checks that nothing came.
func (p *peer) silent() {
	p.t.Helper()
	synctest.Wait()
	select {
	case m := <-p.messages:
		p.t.Errorf("got %T %+v, want nothing", m, m)
	default:
	}
}

// closed checks that the socket was closed with a code, and takes what came before.
func (p *peer) closed(code int) {
	p.t.Helper()
	for range p.messages {
	}
	if p.code != code {
		p.t.Errorf("closed with %d, want %d", p.code, code)
	}
}

// announce joins a swarm and returns the reply.
func (p *peer) announce(infohash [20]byte, left float64, offers ...announce.Offer) *announce.Reply {
	p.t.Helper()
	p.send(&announce.Announce{Infohash: infohash, PeerID: p.id, Left: left, Offers: offers})
	return next[*announce.Reply](p)
}

// description returns an SDP with a peer's certificate in it.
func (p *peer) description() string {
	hex := fmt.Sprintf("%x", p.publicKey())
	var pairs []string
	for i := 0; i < 64; i += 2 {
		pairs = append(pairs, hex[i:i+2])
	}
	return "v=0\r\na=fingerprint:sha-256 " + strings.Join(pairs, ":") + "\r\n"
}

var offerID = [20]byte{'o'}

// meet has a offer, and b answer; b must be the only other peer of the swarm, or the one that a's offer goes to.
func meet(infohash [20]byte, a *peer, left float64, b *peer) {
	a.t.Helper()
	a.announce(infohash, left, announce.Offer{ID: offerID, SDP: a.description()})
	answer(infohash, b)
	next[*announce.RelayedAnswer](a)
}

func answer(infohash [20]byte, b *peer) {
	b.t.Helper()
	offer := next[*announce.RelayedOffer](b)
	b.send(&announce.Answer{Infohash: infohash, PeerID: b.id, To: offer.PeerID, OfferID: offer.OfferID, SDP: b.description()})
}

func (p *peer) ticket() ticket.Ticket {
	p.t.Helper()
	t, err := ticket.Parse(next[*announce.Ticket](p).Ticket)
	if err != nil {
		p.t.Fatal(err)
	}
	return t
}

func (p *peer) settle(id uint64, serial [16]byte, amount uint64) *announce.Settled {
	p.t.Helper()
	p.send(&announce.Settle{ID: id, Receipts: []announce.Receipt{{Serial: serial, Amount: amount}}})
	return next[*announce.Settled](p)
}
