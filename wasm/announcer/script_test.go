package announcer

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"fanseed/signal/announce"
	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the effects in testdata")

// TestScripts plays every script in testdata: lines are inputs, and after each stand its effects, behind ">". What the server sends
// begins with "<". A case begins with a server that speaks fanseed.v1; "stock" makes it one that does not.
func TestScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { play(t, path) })
	}
}

func play(t *testing.T, path string) {
	script, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	var s *stage
	for line := range strings.Lines(string(script)) {
		if strings.HasPrefix(line, ">") {
			continue
		}
		got.WriteString(line)
		if strings.HasPrefix(line, "# case: ") {
			s = newStage(t)
		}
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			s.input(words)
			for _, e := range s.effects {
				fmt.Fprintf(&got, "> %s\n", e)
			}
			s.effects = nil
		}
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want := string(script); got.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", got.String(), want)
	}
}

var us, other = [32]byte{1}, [32]byte{2}

type stage struct {
	t       *testing.T
	config  Config
	a       *Announcer
	now     time.Time
	waited  time.Duration
	effects []string
}

func newStage(t *testing.T) *stage {
	s := &stage{t: t, now: time.Unix(1_700_000_000, 0)}
	s.config = Config{Origin: "https://a.example", Extended: true, PeerID: name("me"), PublicKey: us, Rand: rand.New(rand.NewPCG(1, 2))}
	return s
}

func (s *stage) input(words []string) {
	if words[0] == "stock" {
		s.config.Extended = false
		return
	}
	if s.a == nil {
		s.a = New(s.config)
	}
	if words[0] == "<" {
		s.a.Received(s.now, s.message(words[1:]).Append(nil))
	} else {
		s.caller(words[0], words[1:])
	}
	s.drain()
}

func (s *stage) caller(verb string, args []string) {
	a := s.arguments(args)
	infohash := name(a[""])
	switch verb {
	case "join":
		s.a.Join(s.now, infohash, s.number(a["left"]))
	case "progress":
		s.a.Progress(s.now, infohash, s.number(a["up"]), s.number(a["down"]), s.number(a["left"]))
	case "offer":
		var offers []announce.Offer
		for id := range strings.SplitSeq(a["ids"], ",") {
			offers = append(offers, announce.Offer{ID: name(id), SDP: "v=" + id})
		}
		if !s.a.Offer(s.now, infohash, offers) {
			s.effects = append(s.effects, "not now")
		}
	case "answer":
		s.a.Answer(infohash, name(a["to"]), name(a["id"]), "v=answer")
	case "leave":
		s.a.Leave(s.now, infohash)
	case "receipt":
		s.a.Settle(s.now, s.receipts(args)[0])
	case "receipts": // many, of one byte each
		for i := range int(s.number(args[0])) {
			s.a.Settle(s.now, receipt.Receipt{Serial: [16]byte{byte(i >> 8), byte(i), 15: 0xff}, Amount: 1})
		}
	case "restore":
		s.a.Restore(s.now, s.receipts(args))
	case "pending":
		s.effects = append(s.effects, "pending"+describeReceipts(s.a.Pending()))
	case "flush":
		s.a.Flush(s.now)
	case "stop":
		s.a.Stop(s.now)
	case "opened":
		s.a.Opened(s.now, a[""] == "fanseed.v1")
	case "prove":
		if !s.a.Prove(s.now, announce.Proof{ID: uint64(s.number(a["number"])), Index: int(s.number(a["index"])), Block: []byte("x")}) {
			s.effects = append(s.effects, "nobody waits")
		}
	case "idle":
		if !s.a.Idle(s.now, uint64(s.number(a["room"]))) {
			s.effects = append(s.effects, "nobody was told")
		}
	case "closed":
		s.a.Closed(s.now)
	case "signed":
		s.a.Signed(s.now, [64]byte{1})
	case "wait":
		s.wait(args[0])
	default:
		s.t.Fatalf("unknown input %q", verb)
	}
}

// arguments reads words of the form key=value; a word without = has the key "".
func (s *stage) arguments(words []string) map[string]string {
	a := map[string]string{}
	for _, w := range words {
		if key, value, ok := strings.Cut(w, "="); ok {
			a[key] = value
		} else {
			a[""] = w
		}
	}
	return a
}

func (s *stage) number(word string) float64 {
	switch word {
	case "":
		return 0
	case "unknown":
		return announce.LeftUnknown
	}
	f, err := strconv.ParseFloat(word, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

// receipts reads words like s1=100.
func (s *stage) receipts(words []string) (list []receipt.Receipt) {
	for _, w := range words {
		serial, amount, _ := strings.Cut(w, "=")
		r := receipt.Receipt{Amount: uint64(s.number(amount))}
		copy(r.Serial[:], serial)
		list = append(list, r)
	}
	return list
}

func (s *stage) message(words []string) announce.ServerMessage {
	a := s.arguments(words[1:])
	infohash, from, id := name(a[""]), name(a["from"]), name(a["id"])
	switch words[0] {
	case "hello":
		return &announce.Hello{Nonce: [32]byte{9}, ServerKey: [32]byte{8}, Time: 7}
	case "account":
		return &announce.Account{ID: [16]byte{6}}
	case "reply":
		return &announce.Reply{
			Infohash: infohash, Complete: int(s.number(a["complete"])), Incomplete: int(s.number(a["incomplete"])),
			Interval: int(s.number(a["interval"])), Warning: a["warning"],
		}
	case "failure":
		return &announce.Failure{Infohash: infohash, Reason: "no"}
	case "offer":
		return &announce.RelayedOffer{Infohash: infohash, PeerID: from, OfferID: id, SDP: "v=0"}
	case "answer":
		return &announce.RelayedAnswer{Infohash: infohash, PeerID: from, OfferID: id, SDP: "v=0"}
	case "ticket":
		return &announce.Ticket{Infohash: infohash, PeerID: from, OfferID: id, Ticket: s.ticket(infohash, a)}
	case "settled":
		return s.settled(words[1:])
	case "ping":
		return &announce.Ping{Nonce: [16]byte{5}}
	case "challenge":
		return &announce.Challenge{ID: uint64(s.number(a["number"])), Infohash: infohash, Nonce: [32]byte{4}, Count: 8, Deadline: uint64(s.number(a["ms"]))}
	case "revoked":
		return &announce.Revoked{Infohash: infohash, Message: "gone"}
	case "help":
		return &announce.Help{Infohash: infohash, Length: uint64(s.number(a["length"])), Lasts: uint64(s.number(a["lasts"]))}
	case "error":
		return &announce.Error{Code: "busy", Message: "not now"}
	}
	s.t.Fatalf("unknown message %q", words[0])
	return nil
}

func (s *stage) ticket(infohash [20]byte, a map[string]string) []byte {
	keys := map[string][32]byte{"us": us, "other": other, "third": {3}}
	t := ticket.Ticket{Serial: [16]byte{'t'}, Seeder: keys[a["seeder"]], Leecher: keys[a["leecher"]], Infohash: ticket.Infohash(infohash), Limit: 5}
	if a["work"] != "" {
		t.Infohash = ticket.Infohash(name(a["work"]))
	}
	return t.Append(nil)[:ticket.Size-int(s.number(a["cut"]))]
}

// settled reads an id, and words like s1=100:confirmed or all=250:confirmed.
func (s *stage) settled(words []string) *announce.Settled {
	m := &announce.Settled{ID: uint64(s.number(words[0]))}
	for _, w := range words[1:] {
		head, reason, _ := strings.Cut(w, ":")
		if n, ok := strings.CutPrefix(head, "first="); ok {
			for _, r := range s.a.Pending()[:int(s.number(n))] {
				m.Results = append(m.Results, announce.Result{Serial: r.Serial, Amount: r.Amount, Reason: reason})
			}
			continue
		}
		r := s.receipts([]string{head})[0]
		m.Results = append(m.Results, announce.Result{Serial: r.Serial, Amount: r.Amount, Reason: reason})
	}
	return m
}

// wait lets time pass, with a Tick at every deadline.
func (s *stage) wait(word string) {
	d, err := time.ParseDuration(word)
	if err != nil {
		s.t.Fatal(err)
	}
	start, end := s.now, s.now.Add(d)
	for due := s.a.Deadline(); !due.IsZero() && !due.After(end); due = s.a.Deadline() {
		if due.After(s.now) {
			s.now = due
		}
		s.waited = s.now.Sub(start)
		s.a.Tick(s.now)
		before := len(s.effects)
		s.drain()
		if again := s.a.Deadline(); len(s.effects) == before && !again.IsZero() && !again.After(s.now) {
			s.t.Fatalf("Tick at its deadline did nothing, and is due again")
		}
	}
	s.now, s.waited = end, 0
	s.a.Tick(s.now)
}

func (s *stage) drain() {
	many := 0
	for e, ok := s.a.Next(); ok; e, ok = s.a.Next() {
		if settled, ok := e.(Settled); ok && settled.Result.Serial[15] == 0xff { // one of the many receipts
			many++
			continue
		}
		if many > 0 {
			s.effects = append(s.effects, fmt.Sprintf("settled %d receipts", many))
			many = 0
		}
		text := s.describe(e)
		if s.waited > 0 {
			text += fmt.Sprintf(" (after %v)", s.waited.Round(time.Millisecond))
		}
		s.effects = append(s.effects, text)
	}
}

func (s *stage) describe(e Effect) string {
	switch e := e.(type) {
	case Dial:
		return strings.TrimSpace("dial " + e.Subprotocol)
	case Hangup:
		return "hang up"
	case SendText:
		return "send " + s.describeSent(e.Text)
	case Sign:
		return fmt.Sprintf("sign %q", e.Message)
	case LoggedIn:
		return fmt.Sprintf("logged in as %x, server key %x, time %d", e.Account[:1], e.ServerKey[:1], e.Time)
	case Counts:
		return fmt.Sprintf("counts %s complete=%d incomplete=%d due=%v", word(e.Infohash), e.Complete, e.Incomplete, e.Due)
	case GotOffer:
		return fmt.Sprintf("offer %s from %s id %s: %s", word(e.Infohash), word(e.PeerID), word(e.OfferID), e.SDP)
	case GotAnswer:
		return fmt.Sprintf("answer %s from %s id %s: %s", word(e.Infohash), word(e.PeerID), word(e.OfferID), e.SDP)
	case Ticketed:
		return fmt.Sprintf("ticket %s from %s id %s: %s limit=%d upload=%v", word(e.Infohash), word(e.PeerID), word(e.OfferID), e.Ticket.Serial[:1], e.Ticket.Limit, e.Upload)
	case Settled:
		return fmt.Sprintf("settled %s=%d %s", serial(e.Result.Serial), e.Result.Amount, e.Result.Reason)
	case Revoked:
		return fmt.Sprintf("revoked %s: %s", word(e.Infohash), e.Message)
	case Challenged:
		return fmt.Sprintf("challenge %s number=%d nonce %x key %x count=%d", word(e.Infohash), e.ID, e.Nonce[:1], e.PublicKey[:1], e.Count)
	case Handed:
		return fmt.Sprintf("handed %s length=%d lasts=%d", word(e.Infohash), e.Length, e.Lasts)
	case Failed:
		return fmt.Sprintf("failed %s: %s", word(e.Infohash), e.Reason)
	}
	return fmt.Sprintf("unknown effect %T", e)
}

func (s *stage) describeSent(text []byte) string {
	m, err := announce.ParseClient(text)
	if err != nil {
		s.t.Fatalf("sent %s: %v", text, err)
	}
	switch m := m.(type) {
	case *announce.Announce:
		line := fmt.Sprintf("announce %s left=%v numwant=%d", word(m.Infohash), m.Left, m.NumWant)
		if m.Uploaded+m.Downloaded > 0 {
			line += fmt.Sprintf(" up=%v down=%v", m.Uploaded, m.Downloaded)
		}
		if event := []string{"", " started", " completed", " stopped"}[m.Event]; event != "" {
			line += event
		}
		for _, o := range m.Offers {
			line += " " + word(o.ID)
		}
		return line
	case *announce.Answer:
		return fmt.Sprintf("answer %s to %s id %s: %s", word(m.Infohash), word(m.To), word(m.OfferID), m.SDP)
	case *announce.Login:
		return fmt.Sprintf("login %x %x", m.PublicKey[:1], m.Signature[:1])
	case *announce.Pong:
		return fmt.Sprintf("pong %x", m.Nonce[:1])
	case *announce.Idle:
		return fmt.Sprintf("idle room=%d", m.Room)
	case *announce.Proof:
		return fmt.Sprintf("proof number=%d index=%d", m.ID, m.Index)
	case *announce.Settle:
		var list []receipt.Receipt
		for _, r := range m.Receipts {
			list = append(list, receipt.Receipt(r))
		}
		return fmt.Sprintf("settle %d:%s", m.ID, describeReceipts(list))
	}
	return fmt.Sprintf("unknown message %T", m)
}

func describeReceipts(list []receipt.Receipt) (text string) {
	if len(list) > 10 {
		return fmt.Sprintf(" %d receipts from %x to %x", len(list), list[0].Serial[:2], list[len(list)-1].Serial[:2])
	}
	for _, r := range list {
		text += fmt.Sprintf(" %s=%d", serial(r.Serial), r.Amount)
	}
	return text
}

func name(word string) (id [20]byte) {
	copy(id[:], word)
	return id
}

func word(id [20]byte) string { return strings.TrimRight(string(id[:]), "\x00") }

func serial(s [16]byte) string { return strings.TrimRight(string(s[:]), "\x00") }
