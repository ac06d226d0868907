package announce

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// everyByte is an id in which bytes of each kind of escape stand.
var everyByte = [20]byte{0, 1, '\t', '\n', '"', '\\', '/', ' ', 'a', 0x7f, 0x80, 0xa0, 0xbf, 0xc0, 0xe9, 0xff, '<', '>', '&', 0x1f}

// TestBinary compares with what JavaScript's JSON.parse makes of the text: 20 UTF-16 code units, one for each byte.
func TestBinary(t *testing.T) {
	text := (&Scrape{Infohashes: [][20]byte{everyByte}}).Append(nil)
	var decoded struct {
		Infohash []string `json:"info_hash"`
	}
	if err := json.Unmarshal(text, &decoded); err != nil {
		t.Fatal(err)
	}
	units := []rune(decoded.Infohash[0])
	if len(units) != 20 {
		t.Fatalf("got %d code points, want 20", len(units))
	}
	for i, u := range units {
		if u != rune(everyByte[i]) {
			t.Errorf("code point %d: got %U, want %U", i, u, everyByte[i])
		}
	}
}

func TestEveryIDSurvives(t *testing.T) {
	for b := range 256 {
		var id [20]byte
		for i := range id {
			id[i] = byte(b + i)
		}
		want := &Answer{Infohash: id, PeerID: id, To: id, OfferID: id, SDP: "v=0"}
		got, err := ParseClient(want.Append(nil))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("byte %d: got %v, %v", b, got, err)
		}
	}
}

func TestNotUTF8(t *testing.T) {
	for _, text := range []string{
		"{\"action\":\"scrape\",\"info_hash\":\"\xffaaaaaaaaaaaaaaaaaaa\"}",
		"{\"action\":\"scrape\",\"\xff\":1}",
		"{\"action\":\"scrape\"\xff}",
	} {
		if m, err := ParseClient([]byte(text)); err == nil {
			t.Errorf("%q was read as %+v", text, m)
		}
	}
}

func TestLimits(t *testing.T) {
	sdp := func(n int) *Answer { return &Answer{SDP: strings.Repeat("x", n)} }
	offers := func(n int) *Announce { return &Announce{Offers: make([]Offer, n)} }
	scrape := func(n int) *Scrape { return &Scrape{make([][20]byte, n)} }
	for _, c := range []struct {
		name string
		in   ClientMessage
		want string // in the error
	}{
		{"sdp at the limit", sdp(MaxSDP), ""},
		{"sdp above it", sdp(MaxSDP + 1), "sdp is longer"},
		{"offers without sdp", offers(1), "offer needs an sdp"},
		{"infohashes at the limit", scrape(MaxInfohashes), ""},
		{"infohashes above it", scrape(MaxInfohashes + 1), "more than 64"},
		{"block at the limit", &Proof{Block: make([]byte, MaxBlock), Path: make([]byte, MaxPath)}, ""},
		{"block above it", &Proof{Block: make([]byte, MaxBlock+1)}, "block must be base64"},
		{"message above the limit", sdp(MaxMessage), "longer than 65536 bytes"},
	} {
		_, err := ParseClient(c.in.Append(nil))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestReceiptsFitIntoAMessage(t *testing.T) {
	m := &Settle{ID: MaxAmount, Receipts: make([]Receipt, 250)}
	for i := range m.Receipts {
		m.Receipts[i].Amount = MaxAmount
	}
	if n := len(m.Append(nil)); n > MaxMessage {
		t.Errorf("250 receipts take %d bytes", n)
	}
}

// TestBombs gives small texts that make careless readers work or allocate much.
func TestBombs(t *testing.T) {
	for name, text := range map[string]string{
		"arrays":       `{"action":"announce","x":` + strings.Repeat("[", MaxMessage-30),
		"objects":      strings.Repeat(`{"a":`, MaxMessage/5),
		"digits":       `{"left":` + strings.Repeat("9", MaxMessage-10) + `}`,
		"empty offers": `{"action":"announce","offers":[` + strings.Repeat("{},", 20_000) + `{}]}`,
		"escapes":      `{"action":"` + strings.Repeat(`\u0000`, 10_000) + `"}`,
		"info_hashes":  `{"action":"scrape","info_hash":[` + strings.Repeat(`"",`, 20_000) + `""]}`,
		"files":        `{"action":"scrape","files":{` + strings.Repeat(`"":{},`, 1) + `"":{}}}`,
	} {
		if m, err := ParseClient([]byte(text)); err == nil {
			t.Errorf("%s: read as %T", name, m)
		}
		if allocs := testing.AllocsPerRun(1, func() { ParseClient([]byte(text)) }); allocs > 100_000 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}

func TestInvalidUTF8IsNeverWritten(t *testing.T) {
	for _, text := range [][]byte{
		(&RelayedOffer{SDP: "a\xffb"}).Append(nil),
		(&Failure{Reason: "\xff"}).Append(nil),
	} {
		if !utf8.Valid(text) || !json.Valid(text) {
			t.Errorf("%q", text)
		}
	}
}

func TestMalformedIsRefusedWithItsInfohash(t *testing.T) {
	_, err := ParseClient([]byte(`{"action":"scrape","info_hash":["aaaaaaaaaaaaaaaaaaaa",7]}`))
	var bad *Malformed
	if !errors.As(err, &bad) {
		t.Fatalf("got %v", err)
	}
	got := string(bad.Failure().Append(nil))
	want := `{"action":"scrape","failure reason":"info_hash must be a string","info_hash":"aaaaaaaaaaaaaaaaaaaa"}`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
