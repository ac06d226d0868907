//go:build !js

package announcer

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"fanseed/signal/announce"
	"fanseed/signal/hub"
	"fanseed/signal/receipt"
	"fanseed/signal/socket"
	"fanseed/signal/socket/sockettest"
	"fanseed/signal/ticket"
)

// books is a ledger in memory that accepts every receipt that the ticket's leecher has signed.
type books struct {
	mu      sync.Mutex
	tickets map[[16]byte]ticket.Ticket
	amounts map[[16]byte]uint64
}

func (b *books) Register(context.Context, [32]byte, time.Time) error { return nil }

func (b *books) Issue(_ context.Context, tickets []ticket.Ticket, _ [][2]string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range tickets {
		b.tickets[t.Serial] = t
	}
	return nil
}

func (b *books) Credited(context.Context, [32]byte, [32]byte) (uint64, error) { return 0, nil }

func (b *books) Settle(_ context.Context, account [16]byte, receipts []receipt.Receipt, _ time.Time) (results []receipt.Result, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range receipts {
		t, known := b.tickets[r.Serial]
		result := receipt.Result{Serial: r.Serial, Reason: receipt.Confirmed}
		switch {
		case !known || ticket.Account(t.Seeder) != account:
			result.Reason = receipt.UnknownTicket
		case !ed25519.Verify(t.Leecher[:], receipt.Message(r.Serial, r.Amount), r.Signature[:]):
			result.Reason = receipt.BadSignature
		default:
			b.amounts[r.Serial] = max(b.amounts[r.Serial], r.Amount)
		}
		result.Amount = b.amounts[r.Serial]
		results = append(results, result)
	}
	return results, nil
}

func (b *books) amount(serial [16]byte) uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.amounts[serial]
}

type works struct{}

func (works) Work([20]byte) (int64, bool) { return 1 << 30, true }

// network is a server that can be stopped and started again, in a synctest bubble.
type network struct {
	t        *testing.T
	books    *books
	listener *sockettest.Listener // of the server that runs, or ran last
	mu       sync.Mutex
	stop     func()
}

func (n *network) start() {
	h := hub.New(hub.Config{
		Key: ed25519.NewKeyFromSeed(make([]byte, 32)), Origins: []string{"http://fanseed.example"}, Epoch: func(time.Time) uint32 { return 1 },
		Ledger: n.books, Works: works{}, Rand: rand.New(rand.NewPCG(1, 1)), TrustPrivateNets: true,
	})
	sockets := socket.NewServer(socket.Config{Subprotocol: announce.Subprotocol}, h)
	listener := sockettest.Serve(n.t, sockets)
	n.mu.Lock()
	n.listener = listener
	n.mu.Unlock()
	ctx, cancel := context.WithCancel(n.t.Context())
	ended := make(chan struct{})
	go func() {
		h.Run(ctx)
		close(ended)
	}()
	n.stop = sync.OnceFunc(func() {
		listener.Close()
		now, cut := context.WithCancel(n.t.Context())
		cut()
		sockets.Shutdown(now, 0)
		cancel()
		<-ended
	})
}

// client drives an Announcer with a real socket, as the engine does.
type client struct {
	network *network
	key     ed25519.PrivateKey
	id      [20]byte
	a       *Announcer
	inputs  chan func(now time.Time)
	stopped chan struct{}
	ws      *websocket.Conn
	told    []Effect // everything but Dial, SendText, Hangup and Sign
	mu      sync.Mutex
}

func (n *network) client(name string) *client {
	c := &client{network: n, key: ed25519.NewKeyFromSeed([]byte(fmt.Sprintf("%-32s", name))), inputs: make(chan func(time.Time)), stopped: make(chan struct{})}
	copy(c.id[:], name)
	c.a = New(Config{
		Origin: "http://fanseed.example", Extended: true, PeerID: c.id, PublicKey: [32]byte(c.key.Public().(ed25519.PublicKey)),
		Rand: rand.New(rand.NewPCG(2, 2)),
	})
	go c.run()
	n.t.Cleanup(func() { close(c.stopped) })
	return c
}

func (c *client) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case input := <-c.inputs:
			input(time.Now())
		case <-c.stopped:
			c.hangup()
			return
		case <-timer.C:
			c.a.Tick(time.Now())
		}
		for e, ok := c.a.Next(); ok; e, ok = c.a.Next() {
			c.carryOut(e)
		}
		if due := c.a.Deadline(); !due.IsZero() {
			timer.Reset(max(0, time.Until(due)))
		}
	}
}

func (c *client) carryOut(e Effect) {
	switch e := e.(type) {
	case Dial:
		go c.dial(e.Subprotocol)
	case SendText:
		c.ws.WriteMessage(websocket.TextMessage, e.Text)
	case Hangup:
		c.hangup()
	case Sign:
		signature := [64]byte(ed25519.Sign(c.key, e.Message))
		go c.input(func(now time.Time) { c.a.Signed(now, signature) })
	default:
		c.mu.Lock()
		c.told = append(c.told, e)
		c.mu.Unlock()
	}
}

func (c *client) hangup() {
	if c.ws != nil {
		c.ws.Close()
		c.ws = nil
	}
}

func (c *client) input(f func(now time.Time)) {
	select {
	case c.inputs <- f:
	case <-c.stopped:
	}
}

func (c *client) pending() int {
	n := make(chan int, 1)
	c.input(func(time.Time) { n <- len(c.a.Pending()) })
	return <-n
}

// dial opens a socket and reads it. What it says after another one was dialled is not told.
func (c *client) dial(subprotocol string) {
	c.network.mu.Lock()
	listener := c.network.listener
	c.network.mu.Unlock()
	d := websocket.Dialer{NetDialContext: listener.Dial("127.0.0.1"), Subprotocols: []string{subprotocol}}
	ws, _, err := d.Dial("ws://fanseed.example/announce", nil)
	if err != nil {
		c.input(func(now time.Time) { c.a.Closed(now) })
		return
	}
	c.input(func(now time.Time) {
		c.ws = ws
		c.a.Opened(now, ws.Subprotocol() != "")
	})
	for {
		_, text, err := ws.ReadMessage()
		if err != nil {
			break
		}
		c.input(func(now time.Time) {
			if c.ws == ws {
				c.a.Received(now, text)
			}
		})
	}
	c.input(func(now time.Time) {
		if c.ws == ws {
			c.ws = nil
			c.a.Closed(now)
		}
	})
}

// wait returns the oldest effect of kind E that was not waited for, and forgets those before it.
func wait[E Effect](c *client) E {
	c.network.t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, e := range c.told {
		if found, ok := e.(E); ok {
			c.told = c.told[i+1:]
			return found
		}
	}
	var none E
	c.network.t.Fatalf("was never told %T, but %+v", none, c.told)
	return none
}

func (c *client) sdp() string {
	sum := fmt.Sprintf("%x", sha256.Sum256(c.id[:]))
	var pairs []string
	for i := 0; i < 64; i += 2 {
		pairs = append(pairs, sum[i:i+2])
	}
	return "v=0\r\na=fingerprint:sha-256 " + strings.Join(pairs, ":") + "\r\n"
}

// TestWithTheServer has a seeder and a leecher meet, pay and settle over a real server, which then dies while a receipt is pending.
func TestWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{t: t, books: &books{tickets: map[[16]byte]ticket.Ticket{}, amounts: map[[16]byte]uint64{}}}
		n.start()
		defer func() { n.stop() }()
		work := [20]byte{'W'}
		seeder, leecher := n.client("seeder"), n.client("leecher")

		seeder.input(func(now time.Time) { seeder.a.Join(now, work, 0) })
		if got := wait[LoggedIn](seeder); got.Account != ticket.Account([32]byte(seeder.key.Public().(ed25519.PublicKey))) {
			t.Errorf("logged in as %x", got.Account)
		}
		wait[Counts](seeder)
		leecher.input(func(now time.Time) { leecher.a.Join(now, work, 100) })
		if got := wait[Counts](leecher); got != (Counts{work, 1, 1, true}) {
			t.Errorf("counts %+v", got)
		}

		leecher.input(func(now time.Time) {
			leecher.a.Offer(now, work, []announce.Offer{{ID: [20]byte{'o'}, SDP: leecher.sdp()}})
		})
		offer := wait[GotOffer](seeder)
		seeder.input(func(time.Time) { seeder.a.Answer(work, offer.PeerID, offer.OfferID, seeder.sdp()) })
		if got := wait[GotAnswer](leecher); got.PeerID != seeder.id || got.SDP != seeder.sdp() {
			t.Errorf("answer %+v", got)
		}
		sold, bought := wait[Ticketed](seeder), wait[Ticketed](leecher)
		if !sold.Upload || bought.Upload || sold.Ticket != bought.Ticket || sold.PeerID != leecher.id || bought.PeerID != seeder.id {
			t.Errorf("tickets %+v and %+v", sold, bought)
		}

		pay := func(amount uint64) receipt.Receipt {
			return receipt.Receipt{
				Serial: sold.Ticket.Serial, Amount: amount,
				Signature: [64]byte(ed25519.Sign(leecher.key, receipt.Message(sold.Ticket.Serial, amount))),
			}
		}
		seeder.input(func(now time.Time) { seeder.a.Settle(now, pay(60)) })
		time.Sleep(time.Second)
		if got := wait[Settled](seeder); got.Result != (receipt.Result{Serial: sold.Ticket.Serial, Amount: 60, Reason: receipt.Confirmed}) {
			t.Errorf("settled %+v", got)
		}

		n.stop()
		seeder.input(func(now time.Time) { seeder.a.Settle(now, pay(100)) })
		time.Sleep(10 * time.Second)
		if n.books.amount(sold.Ticket.Serial) != 60 || seeder.pending() != 1 {
			t.Error("the receipt is not pending")
		}
		n.start()
		time.Sleep(time.Minute)
		if got := wait[Settled](seeder); got.Result.Amount != 100 || seeder.pending() != 0 {
			t.Errorf("settled %+v", got)
		}
		wait[Counts](leecher)
		seeder.input(func(now time.Time) { seeder.a.Stop(now) })
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		leecher.mu.Lock()
		last := leecher.told[len(leecher.told)-1]
		leecher.mu.Unlock()
		if got, ok := last.(Counts); !ok || got.Complete != 0 || got.Incomplete != 1 {
			t.Errorf("after the seeder stopped: %+v", last)
		}
	})
}
