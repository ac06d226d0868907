package main_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gorilla/websocket"

	"fanseed/signal/announce"
	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

// batch is the most receipts that a seeder settles at once.
const batch = 200

// crowd is all accounts, connected to one run of the server. When the server dies
// under them they end.
type crowd struct {
	*rig
	url          string
	ctx          context.Context
	cancel       context.CancelFunc
	members      sync.WaitGroup
	acknowledged chan struct{} // gets one at the first answers
}

// gather logs everybody in, and introduces them by offers and answers.
func (r *rig) gather(url string) *crowd {
	c := &crowd{rig: r, url: url, acknowledged: make(chan struct{}, 1)}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	var announced sync.WaitGroup
	for _, name := range seeders {
		announced.Go(func() { c.join(name, 0) })
	}
	announced.Wait()
	for _, name := range leechers {
		announced.Go(func() { c.join(name, len(seeders)) })
	}
	announced.Wait()
	return c
}

// leave waits until everybody has noticed that the server is gone.
func (c *crowd) leave() {
	c.cancel()
	c.members.Wait()
}

func (c *crowd) awaitAcknowledgement() {
	c.Helper()
	select {
	case <-c.acknowledged:
	case <-time.After(time.Minute):
		c.Fatal("nothing was acknowledged in a minute")
	}
}

// member is one account with its socket.
type member struct {
	*crowd
	name    string
	peerID  [20]byte
	ws      *websocket.Conn
	writing sync.Mutex
	pending map[uint64][]receipt.Receipt // of the reader alone
	settled uint64
}

// join logs an account in and announces it. Nothing may fail yet: the server is not
// killed before it has acknowledged something.
func (c *crowd) join(name string, offers int) {
	dialer := websocket.Dialer{Subprotocols: []string{announce.Subprotocol}}
	ws, _, err := dialer.DialContext(c.ctx, "ws"+strings.TrimPrefix(c.url, "http")+"/announce", nil)
	if err != nil {
		c.Errorf("%s: %v", name, err)
		return
	}
	m := &member{crowd: c, name: name, ws: ws, pending: map[uint64][]receipt.Receipt{}}
	copy(m.peerID[:], fmt.Sprintf("-FS0001-%-12s", name))
	if err := m.login(); err != nil {
		c.Errorf("%s: %v", name, err)
	}
	a := &announce.Announce{Infohash: c.torrent.Infohash, PeerID: m.peerID, Left: float64(offers) * 1e9, Event: announce.EventStarted, NumWant: offers}
	for i := range offers {
		a.Offers = append(a.Offers, announce.Offer{ID: [20]byte{byte(i), byte(rand.Uint32())}, SDP: m.sdp()})
	}
	m.send(a)
	if _, err := m.read(); err != nil { // the reply: now it is in the swarm
		c.Errorf("%s: %v", name, err)
	}
	c.members.Go(m.listen)
	if offers == 0 {
		c.members.Go(m.settleOverHTTP)
	}
}

func (m *member) login() error {
	first, err := m.read()
	if err != nil {
		return err
	}
	hello, ok := first.(*announce.Hello)
	if !ok {
		return fmt.Errorf("greeted with %+v", first)
	}
	login := &announce.Login{PublicKey: public(m.name)}
	copy(login.Signature[:], ed25519.Sign(key(m.name), ticket.LoginMessage(m.url, hello.Nonce)))
	m.send(login)
	answer, err := m.read()
	if _, ok := answer.(*announce.Account); !ok {
		return fmt.Errorf("logged in with %+v, %v", answer, err)
	}
	return nil
}

func (m *member) sdp() string {
	digest := strings.Repeat(fmt.Sprintf("%02X:", m.name[0]), 32)
	return "v=0\r\na=fingerprint:sha-256 " + digest[:95] + "\r\n"
}

// send drops what cannot be sent: the reader notices why.
func (m *member) send(message announce.ClientMessage) {
	m.writing.Lock()
	defer m.writing.Unlock()
	_ = m.ws.WriteMessage(websocket.TextMessage, message.Append(nil))
}

func (m *member) read() (announce.ServerMessage, error) {
	_, text, err := m.ws.ReadMessage()
	if err != nil {
		return nil, err
	}
	return announce.ParseServer(text)
}

// listen answers offers, takes tickets, and settles as fast as it is answered.
func (m *member) listen() {
	defer m.ws.Close()
	for {
		message, err := m.read()
		if err != nil {
			return
		}
		switch message := message.(type) {
		case *announce.RelayedOffer:
			m.send(&announce.Answer{Infohash: message.Infohash, PeerID: m.peerID, To: message.PeerID, OfferID: message.OfferID, SDP: m.sdp()})
		case *announce.Ticket:
			m.take(message)
		case *announce.Settled:
			m.settledOverSocket(message)
		case *announce.RelayedAnswer, *announce.Reply:
		default:
			m.Errorf("%s was sent %+v", m.name, message)
		}
	}
}

func (m *member) take(message *announce.Ticket) {
	t, err := ticket.Parse(message.Ticket)
	if err != nil {
		m.Errorf("%s was sent a ticket: %v", m.name, err)
	}
	if t.Seeder != public(m.name) {
		return
	}
	m.claims.add(t)
	if len(m.pending) == 0 {
		m.settleOverSocket()
	}
}

func (m *member) settleOverSocket() {
	m.settled++
	receipts := m.claims.next(m.name, batch)
	m.pending[m.settled] = receipts
	settle := &announce.Settle{ID: m.settled}
	for _, r := range receipts {
		settle.Receipts = append(settle.Receipts, announce.Receipt(r))
	}
	m.send(settle)
}

func (m *member) settledOverSocket(message *announce.Settled) {
	results := make([]receipt.Result, len(message.Results))
	for i, r := range message.Results {
		results[i] = receipt.Result{Serial: r.Serial, Amount: r.Amount, Reason: receipt.Reason(r.Reason)}
	}
	m.acknowledge(m.pending[message.ID], results)
	delete(m.pending, message.ID)
	m.settleOverSocket()
}

func (m *member) acknowledge(sent []receipt.Receipt, results []receipt.Result) {
	if len(results) != len(sent) {
		m.Errorf("%d receipts are answered with %d results", len(sent), len(results))
		return
	}
	for i, r := range results {
		if err := m.claims.acknowledge(sent[i], r); err != nil {
			m.Errorf("%s: %v", m.name, err)
		}
	}
	if len(sent) > 0 {
		select {
		case m.acknowledged <- struct{}{}:
		default:
		}
	}
}

// settleOverHTTP settles the same tickets, at the same time, on the other way.
func (m *member) settleOverHTTP() {
	for m.ctx.Err() == nil {
		receipts := m.claims.next(m.name, batch)
		status, answer, err := send(m.settleRequest(receipts))
		if err != nil {
			return // killed
		}
		var got struct {
			Results []struct {
				Serial string         `json:"serial"`
				Amount uint64         `json:"amount"`
				Reason receipt.Reason `json:"reason"`
			} `json:"results"`
		}
		if err := json.Unmarshal(answer, &got); err != nil || status != http.StatusOK {
			if m.ctx.Err() == nil && status != http.StatusServiceUnavailable {
				m.Errorf("%s settled: %d %s", m.name, status, answer)
			}
			return
		}
		results := make([]receipt.Result, len(got.Results))
		for i, r := range got.Results {
			serial, _ := hex.DecodeString(r.Serial)
			results[i] = receipt.Result{Serial: [16]byte(serial), Amount: r.Amount, Reason: r.Reason}
		}
		m.acknowledge(receipts, results)
	}
}

func (m *member) settleRequest(receipts []receipt.Receipt) *http.Request {
	items := make([]string, len(receipts))
	for i, r := range receipts {
		items[i] = fmt.Sprintf(`{"serial":"%x","amount":%d,"signature":"%x"}`, r.Serial, r.Amount, r.Signature)
	}
	body := `{"account":"` + accountID(m.name) + `","receipts":[` + strings.Join(items, ",") + `]}`
	request, err := http.NewRequestWithContext(m.ctx, "POST", m.url+"/v1/settle", bytes.NewReader([]byte(body)))
	if err != nil {
		panic(err) // the URL is the server's own
	}
	return request
}
