package tracker

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
)

var rewrite = flag.Bool("rewrite", false, "rewrite the effects in testdata")

// TestScripts plays every script in testdata: lines are inputs, and after each stand its effects, indented by ">".
//
//	a announce X p1 left=0 event=started offers=o1,o2    a's socket says that peer p1 is in swarm X; without left it is not known
//	a answer X p1 to=p2 id=o1
//	a scrape X Y
//	a in N              its socket is in network N
//	a closes            its socket is gone
//	a pongs             its socket answered a ping
//	wait 5s             time passes; Tick is called at every Deadline
//	deny X              X is allowed no more
//	revoke X
//	counts X
//	boost X             X comes first from now on
//	introduced X
//	limit peers=2       before the first input: swarms, peers, joined, ids, offers, burst
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
	stage := newStage(t)
	for line := range strings.Lines(string(script)) {
		if strings.HasPrefix(line, ">") {
			continue
		}
		got.WriteString(line)
		if strings.HasPrefix(line, "# case: ") {
			stage = newStage(t) // every case starts afresh
		}
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			stage.input(words)
			for _, e := range stage.effects {
				fmt.Fprintf(&got, "> %s\n", e)
			}
			stage.effects = nil
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

// stage is a tracker with the names that a script uses.
type stage struct {
	t       *testing.T
	config  Config
	tracker *Tracker
	now     time.Time
	denied  map[[20]byte]bool
	boosted map[[20]byte]bool
	conns   []string // Conn i+1 has name conns[i]
	effects []string
}

func newStage(t *testing.T) *stage {
	s := &stage{t: t, now: time.Unix(1_700_000_000, 0), denied: map[[20]byte]bool{}, boosted: map[[20]byte]bool{}}
	s.config = Config{
		Rand:    rand.New(rand.NewPCG(1, 2)),
		Allow:   func(infohash [20]byte) bool { return !s.denied[infohash] },
		Boosted: func(infohash [20]byte) bool { return s.boosted[infohash] },
	}
	return s
}

func (s *stage) input(words []string) {
	if words[0] == "limit" {
		s.limit(words[1:])
		return
	}
	if s.tracker == nil {
		s.tracker = New(s.config)
	}
	switch words[0] {
	case "wait":
		s.wait(words[1])
	case "deny":
		s.denied[name(words[1])] = true
	case "boost":
		s.boosted[name(words[1])] = true
	case "introduced":
		s.effects = append(s.effects, strconv.Itoa(s.tracker.Introduced(name(words[1]))))
	case "revoke":
		s.tracker.Revoke(s.now, name(words[1]))
	case "counts":
		complete, incomplete, downloaded := s.tracker.Counts(name(words[1]))
		s.effects = append(s.effects, fmt.Sprintf("complete=%d incomplete=%d downloaded=%d", complete, incomplete, downloaded))
	default:
		s.client(s.conn(words[0]), words[1], words[2:])
	}
	s.drain()
}

func (s *stage) limit(settings []string) {
	fields := map[string]*int{
		"swarms": &s.config.MaxSwarms, "peers": &s.config.MaxPeers, "joined": &s.config.MaxJoined,
		"ids": &s.config.MaxIDs, "offers": &s.config.MaxOffers, "burst": &s.config.RelayBurst,
	}
	for _, setting := range settings {
		key, value, _ := strings.Cut(setting, "=")
		n, err := strconv.Atoi(value)
		if err != nil || fields[key] == nil {
			s.t.Fatalf("limit %s", setting)
		}
		*fields[key] = n
	}
}

func (s *stage) client(c Conn, verb string, args []string) {
	switch verb {
	case "announce":
		s.tracker.Receive(s.now, c, s.announce(args))
	case "answer":
		a := s.arguments(args[2:])
		id := name(a["id"])
		s.tracker.Receive(s.now, c, &announce.Answer{
			Infohash: name(args[0]), PeerID: name(args[1]), To: name(a["to"]), OfferID: id, SDP: sdp("answer", id),
		})
	case "scrape":
		m := &announce.Scrape{}
		for _, a := range args {
			m.Infohashes = append(m.Infohashes, name(a))
		}
		s.tracker.Receive(s.now, c, m)
	case "unlimited":
		s.tracker.Unlimit(c)
	case "in":
		s.tracker.Place(c, args[0])
	case "closes":
		s.tracker.Closed(s.now, c)
	case "pongs":
		s.tracker.Ponged(s.now, c)
	default:
		s.t.Fatalf("unknown input %q", verb)
	}
}

var events = map[string]announce.Event{
	"": announce.EventUpdate, "started": announce.EventStarted, "completed": announce.EventCompleted, "stopped": announce.EventStopped,
}

func (s *stage) announce(args []string) *announce.Announce {
	a := s.arguments(args[2:])
	m := &announce.Announce{Infohash: name(args[0]), PeerID: name(args[1]), Left: announce.LeftUnknown, Event: events[a["event"]]}
	if left, ok := a["left"]; ok {
		m.Left, _ = strconv.ParseFloat(left, 64)
	}
	if a["offers"] != "" {
		for id := range strings.SplitSeq(a["offers"], ",") {
			m.Offers = append(m.Offers, announce.Offer{ID: name(id), SDP: sdp("offer", name(id))})
		}
	}
	return m
}

// arguments reads key=value words.
func (s *stage) arguments(words []string) map[string]string {
	a := map[string]string{}
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok || !strings.Contains(" left event offers to id ", " "+key+" ") {
			s.t.Fatalf("bad argument %q", w)
		}
		a[key] = value
	}
	return a
}

// wait lets time pass, with a Tick at every deadline.
func (s *stage) wait(word string) {
	d, err := time.ParseDuration(word)
	if err != nil {
		s.t.Fatal(err)
	}
	end := s.now.Add(d)
	for due := s.tracker.Deadline(); !due.IsZero() && !due.After(end); due = s.tracker.Deadline() {
		if due.Before(s.now) {
			s.t.Fatalf("deadline %v is in the past of %v", due, s.now)
		}
		s.now = due
		s.tracker.Tick(s.now)
		s.drain()
	}
	s.now = end
	s.tracker.Tick(s.now)
}

func (s *stage) conn(who string) Conn {
	for i, c := range s.conns {
		if c == who {
			return Conn(i + 1)
		}
	}
	s.conns = append(s.conns, who)
	return Conn(len(s.conns))
}

// name makes an id of a word, and word the other way.
func name(word string) (id [20]byte) {
	copy(id[:], word)
	return id
}

func word(id [20]byte) string { return strings.TrimRight(string(id[:]), "\x00") }

func sdp(kind string, id [20]byte) string {
	return "v=0\r\na=fingerprint:" + kind + "-" + word(id) + "\r\na=setup:actpass\r\n"
}

func (s *stage) drain() {
	for e, ok := s.tracker.Next(); ok; e, ok = s.tracker.Next() {
		s.effects = append(s.effects, s.describe(e))
	}
}

func (s *stage) describe(e Effect) string {
	switch e := e.(type) {
	case Send:
		return s.conns[e.Conn-1] + " " + describeMessage(e.Message)
	case Ping:
		return s.conns[e.Conn-1] + " ping"
	case Introduced:
		return fmt.Sprintf("introduced %s %s: %s and %s", word(e.Infohash), word(e.OfferID), s.side(e.Offerer), s.side(e.Answerer))
	case Removed:
		return fmt.Sprintf("%s removed %s %s", s.conns[e.Conn-1], word(e.Infohash), word(e.PeerID))
	}
	return fmt.Sprintf("unknown effect %T", e)
}

func (s *stage) side(side Side) string {
	state := "leecher"
	if side.Complete {
		state = "seeder"
	}
	return fmt.Sprintf("%s %s %s %q", state, s.conns[side.Conn-1], word(side.PeerID), side.Fingerprints)
}

func describeMessage(m announce.ServerMessage) string {
	switch m := m.(type) {
	case *announce.Reply:
		text := fmt.Sprintf("reply %s complete=%d incomplete=%d", word(m.Infohash), m.Complete, m.Incomplete)
		if m.Interval < 60 {
			text += " again soon"
		}
		return text
	case *announce.RelayedOffer:
		return fmt.Sprintf("offer %s from=%s id=%s", word(m.Infohash), word(m.PeerID), word(m.OfferID))
	case *announce.RelayedAnswer:
		return fmt.Sprintf("answer %s from=%s id=%s", word(m.Infohash), word(m.PeerID), word(m.OfferID))
	case *announce.Failure:
		return fmt.Sprintf("failure scrape=%v %s: %s", m.Scrape, word(m.Infohash), m.Reason)
	case *announce.ScrapeReply:
		text := "scraped"
		for _, f := range m.Files {
			text += fmt.Sprintf(" %s=%d/%d/%d", word(f.Infohash), f.Complete, f.Incomplete, f.Downloaded)
		}
		return text
	}
	return fmt.Sprintf("unknown message %T", m)
}
