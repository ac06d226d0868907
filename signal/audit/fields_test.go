package audit_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fanseed/signal/announce"
	"fanseed/signal/ticket"
	"fanseed/wasm/wire"
)

// fields are what a seeder sees of a visitor, by name; each has all values that came, as a set: what may come sooner or later, once or twice,
// does so with everybody. Random values stand as their form.
type fields map[string]map[string]bool

func (f fields) add(name, format string, args ...any) {
	if f[name] == nil {
		f[name] = map[string]bool{}
	}
	f[name][fmt.Sprintf(format, args...)] = true
}

// differ returns what one has and the other has not.
func (f fields) differ(g fields) (list []string) {
	for _, name := range slices.Sorted(maps.Keys(f)) {
		for _, value := range slices.Sorted(maps.Keys(f[name])) {
			if !g[name][value] {
				list = append(list, name+" = "+value)
			}
		}
	}
	return list
}

// examine takes everything apart that a seeder has seen.
func (r *rig) examine(s sighting) fields {
	r.t.Helper()
	f := fields{}
	var paid ticket.Ticket
	for _, text := range s.texts {
		if m, err := announce.ParseServer(text); err == nil {
			if m, is := m.(*announce.Ticket); is {
				paid = r.ticketFields(f, m)
			}
		}
		r.textFields(f, text)
	}
	for _, kind := range []string{"offer_id", "ticket"} {
		count := 0
		for _, text := range s.texts {
			if bytes.Contains(text, []byte(`"`+kind+`":`)) {
				count++
			}
		}
		f.add("messages with "+kind, "%d", count)
	}
	f.add("channels", "%d", len(s.channels))
	for _, c := range s.channels {
		f.add("channel label", "%q", c.Label())
		f.add("channel protocol", "%q", c.Protocol())
		f.add("channel options", "ordered %v, negotiated %v, retransmits %v, lifetime %v, id %v", c.Ordered(), c.Negotiated(),
			c.MaxRetransmits() != nil, c.MaxPacketLifeTime() != nil, *c.ID())
	}
	r.wireFields(f, s.wire, paid)
	return f
}

// random are the fields of a message that nobody can compare but by form.
var random = regexp.MustCompile(`(peer_id|offer_id|ticket|sdp|serial)$`)

// textFields takes a message of the server apart, whatever is in it.
func (r *rig) textFields(f fields, text []byte) {
	r.t.Helper()
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		r.t.Fatal(err)
	}
	kind := fmt.Sprint(m["action"])
	for _, sort := range []string{"offer", "answer", "peer_id", "complete", "results"} {
		if _, has := m[sort]; has {
			kind += " with " + sort
			break
		}
	}
	flatten(m, kind, func(name, value string) {
		switch {
		case strings.HasSuffix(name, "sdp"):
			sdpFields(f, name, value)
		case strings.HasSuffix(name, "peer_id"):
			f.add(name, "%s and %d more", string([]rune(value)[:8]), len([]rune(value))-8)
		case random.MatchString(name):
			f.add(name, "%d characters", len([]rune(value)))
		case strings.HasSuffix(name, " amount"), strings.HasSuffix(name, " id"):
			f.add(name, "a number")
		default:
			f.add(name, "%s", value)
		}
	})
}

func flatten(value any, name string, leaf func(name, value string)) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			flatten(inner, name+" "+key, leaf)
		}
	case []any:
		for _, inner := range v {
			flatten(inner, name, leaf)
		}
	default:
		leaf(name, fmt.Sprint(v))
	}
}

var (
	numbers = regexp.MustCompile(`[0-9]+`)
	hexes   = regexp.MustCompile(`[0-9A-F]{2}(:[0-9A-F]{2})+`)
)

// sdpFields has each line of a description, in which names and keys stand as their lengths and numbers as such; its lines' order, too.
func sdpFields(f fields, name, sdp string) {
	var order []string
	for line := range strings.SplitSeq(strings.TrimSpace(sdp), "\r\n") {
		key, value, _ := strings.Cut(line, ":")
		switch key {
		case "a=ice-ufrag", "a=ice-pwd":
			value = strconv.Itoa(len(value)) + " characters"
		case "a=fingerprint":
			value = hexes.ReplaceAllStringFunc(value, func(s string) string { return strconv.Itoa(len(s)) + " characters" })
		case "a=candidate": // of this machine: foundation component transport priority address port typ type
			words := strings.Fields(value)
			value = words[1] + " " + words[2] + " " + words[7]
		default:
			if strings.HasPrefix(line, "o=") {
				key, value = numbers.ReplaceAllString(line, "#"), ""
			}
		}
		f.add(name+" line", "%s:%s", key, value)
		if len(order) == 0 || order[len(order)-1] != key {
			order = append(order, key)
		}
	}
	f.add(name+" order", "%s", strings.Join(order, "|"))
}

// ticketFields has each field of a ticket.
func (r *rig) ticketFields(f fields, m *announce.Ticket) ticket.Ticket {
	r.t.Helper()
	t, err := ticket.Parse(m.Ticket)
	if err != nil {
		r.t.Fatal(err)
	}
	f.add("ticket size", "%d", len(m.Ticket))
	f.add("ticket epoch", "its own: %v", t.Epoch == r.epoch(t.Issued))
	f.add("ticket infohash", "%x", t.Infohash)
	f.add("ticket limit", "%d", t.Limit)
	f.add("ticket flags", "%d", t.Flags)
	f.add("ticket expires", "%d ms after", t.Expires-t.Issued)
	f.add("ticket settle by", "%d ms after", t.SettleBy-t.Issued)
	f.add("ticket keys", "a leecher that is no seeder: %v", t.Leecher != t.Seeder && t.Leecher != [32]byte{})
	f.add("ticket serial, channel", "%v", t.Serial != [16]byte{} && t.Channel != [32]byte{})
	f.add("ticket signature", "good: %v", ed25519.Verify(r.serverKey, t.Message(), t.Signature[:]))
	return t
}

// wireFields has each message that came on the data channel.
func (r *rig) wireFields(f fields, stream []byte, paid ticket.Ticket) {
	r.t.Helper()
	h, err := wire.ParseHandshake(stream[:min(len(stream), wire.HandshakeSize)])
	if err != nil {
		r.t.Fatal(err)
	}
	f.add("handshake reserved", "%x", h.Reserved)
	f.add("handshake infohash", "%x", h.Infohash)
	f.add("handshake peer id", "%s and %d more", h.PeerID[:8], len(h.PeerID)-8)
	var d wire.Decoder
	d.Feed(stream[wire.HandshakeSize:])
	before, amount := "handshake", uint64(0)
	for {
		m, ok, err := d.Next()
		if err != nil {
			r.t.Fatal(err)
		}
		if !ok {
			return
		}
		if early := m.Kind == wire.KindExtended && m.Ext == wire.ExtHandshake || m.Kind == wire.KindHaveNone; early {
			f.add("after "+before, "%s", m.Kind)
			before = m.Kind.String()
		}
		amount = r.messageFields(f, m, paid, amount)
	}
}

func (r *rig) messageFields(f fields, m wire.Message, paid ticket.Ticket, signed uint64) uint64 {
	r.t.Helper()
	name := m.Kind.String()
	f.add("kinds", "%s", name)
	switch m.Kind {
	case wire.KindRequest, wire.KindCancel:
		f.add(name, "%d bytes from a whole block: %v", m.Length, m.Begin%(16<<10) == 0)
	case wire.KindBitfield:
		f.add(name, "%d bytes", len(m.Data))
	case wire.KindExtended:
		f.add("extended", "number %d", m.Ext)
		if m.Ext != 2 {
			f.add("extended payload", "%d: %q", m.Ext, m.Data)
			break
		}
		c, err := wire.ParseCredit(m.Data)
		if err != nil {
			r.t.Fatal(err)
		}
		f.add("credit type", "%d", c.Type)
		f.add("credit serial", "of the ticket: %v, none: %v", c.Serial == paid.Serial, c.Serial == [16]byte{})
		f.add("credit hello", "%v %d", c.Type == wire.CreditHello, c.Version)
		if bytes.Contains(m.Data, []byte("3:why")) {
			f.add("credit why", "%q", c.Why)
		}
		if c.Type == wire.CreditReceipt {
			f.add("receipt", "grows: %v, by at least 1 MiB or at the end: %v", c.Amount > signed, c.Amount-signed >= 1<<20 || c.Amount == uint64(r.torrent.Info.Length))
			return c.Amount
		}
	}
	return signed
}

// signed returns for how many bytes a visitor has signed at last.
func (r *rig) signed(stream []byte) (amount uint64) {
	var d wire.Decoder
	d.Feed(stream[wire.HandshakeSize:])
	for m, ok, _ := d.Next(); ok; m, ok, _ = d.Next() {
		if m.Kind == wire.KindExtended && m.Ext == 2 {
			if c, err := wire.ParseCredit(m.Data); err == nil {
				amount = max(amount, c.Amount)
			}
		}
	}
	return amount
}

// requests returns in order what blocks were asked for, by number.
func (r *rig) requests(stream []byte) (blocks []int) {
	var d wire.Decoder
	d.Feed(stream[wire.HandshakeSize:])
	for m, ok, _ := d.Next(); ok; m, ok, _ = d.Next() {
		if m.Kind == wire.KindRequest {
			blocks = append(blocks, (int(m.Index)*pieceLength+int(m.Begin))/(16<<10))
		}
	}
	return blocks
}

// The comparison itself can fail: it tells other values, fields that are missing, and other forms of what is random.
func TestFieldsDiffer(t *testing.T) {
	id := hex.EncodeToString(bytes.Repeat([]byte{'1'}, 6))
	text := func(peer, extra string) []byte {
		return []byte(`{"action":"announce","offer":{"type":"offer","sdp":"v=0\r\na=ice-ufrag:abcd` + extra + `"},"peer_id":"` + peer + `"}`)
	}
	r := &rig{t: t}
	of := func(text []byte) fields {
		f := fields{}
		r.textFields(f, text)
		return f
	}
	usual := of(text("-FS0100-"+id, ""))
	for name, other := range map[string]struct {
		text []byte
		want int
	}{
		"another random id": {text("-FS0100-"+strings.Repeat("2", 12), ""), 0},
		"another client":    {text("-AU0100-"+id, ""), 1},
		"a shorter id":      {text("-FS0100-1", ""), 1},
		"a longer name":     {text("-FS0100-"+id, "e"), 1},
		"a further line":    {text("-FS0100-"+id, `\r\na=audit`), 2},
	} {
		if got := of(other.text).differ(usual); len(got) != other.want {
			t.Errorf("%s: got %d differences %q, want %d", name, len(got), got, other.want)
		}
	}
}
