// Package vectors holds the published examples of Fanseed's signed formats, for
// those who write another implementation, and a log as a server that cheats would
// send it. credit.json, proof.json, log.json and log_tampered.json are all that it
// promises; web/test/vectors.test.ts and vectors_log.test.ts check the first three
// without any code of ours.
package vectors

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

var rewrite = flag.Bool("rewrite", false, "write the files anew")

// file is credit.json. All bytes are hex and all 64-bit integers decimal strings.
type file struct {
	About    []string        `json:"about"`
	Keys     []keyVector     `json:"keys"`
	Hashes   []hashVector    `json:"infohashes"`
	Channels []channelVector `json:"channels"`
	Logins   []loginVector   `json:"logins"`
	Requests []requestVector `json:"requests"`
	Tickets  []ticketVector  `json:"tickets"`
	Receipts []receiptVector `json:"receipts"`
	Refused  []badVector     `json:"refused"`
}

type (
	keyVector struct {
		Name      string `json:"name"`
		Seed      string `json:"seed"`
		PublicKey string `json:"public_key"`
		Account   string `json:"account"`
	}
	hashVector struct {
		V1       string `json:"v1"`
		Infohash string `json:"infohash"`
	}
	channelVector struct {
		Offer   string `json:"offer"`
		Answer  string `json:"answer"`
		Channel string `json:"channel,omitempty"`
		Refused string `json:"refused,omitempty"`
	}
	loginVector struct {
		Origin    string `json:"origin"`
		Nonce     string `json:"nonce"`
		Message   string `json:"message"`
		PublicKey string `json:"public_key"`
		Signature string `json:"signature"`
	}
	requestVector struct {
		Origin    string `json:"origin"`
		Method    string `json:"method"`
		Path      string `json:"path"`
		Time      string `json:"time"`
		Body      string `json:"body"`
		Message   string `json:"message"`
		PublicKey string `json:"public_key"`
		Signature string `json:"signature"`
	}
	ticketVector struct {
		Serial    string `json:"serial"`
		Epoch     uint32 `json:"epoch"`
		Seeder    string `json:"seeder"`
		Leecher   string `json:"leecher"`
		Infohash  string `json:"infohash"`
		Channel   string `json:"channel"`
		Limit     string `json:"limit"`
		Issued    string `json:"issued"`
		Expires   string `json:"expires"`
		SettleBy  string `json:"settle_by"`
		Flags     uint32 `json:"flags"`
		ServerKey string `json:"server_key"`
		Bytes     string `json:"bytes"`
	}
	receiptVector struct {
		Serial    string `json:"serial"`
		Amount    string `json:"amount"`
		PublicKey string `json:"public_key"`
		Bytes     string `json:"bytes"`
	}
	badVector struct {
		Kind      string `json:"kind"` // ticket, receipt or public_key
		Why       string `json:"why"`  // size, version, signature or small_order
		Note      string `json:"note"`
		PublicKey string `json:"public_key,omitempty"`
		Bytes     string `json:"bytes"`
	}
)

func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("fanseed vector " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(name string) [32]byte { return [32]byte(key(name).Public().(ed25519.PublicKey)) }

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

func build() file {
	return file{
		About: []string{
			"Signed formats of Fanseed, version 1. All signatures are Ed25519 (RFC 8032).",
			"Bytes are hex, 64-bit integers are decimal strings; in the formats integers are big-endian.",
			"account = first 16 bytes of SHA-256('fanseed id v1\\n' | public key)",
			"infohash = SHA-256('v1' | 20-byte infohash)",
			"channel = SHA-256(sha-256 fingerprint of the offer | sha-256 fingerprint of the answer)",
			"login = 'fanseed login v1\\n' | origin | nonce 32",
			"request = 'fanseed request v1\\n' | origin | '\\n' | method | '\\n' | path and query | '\\n' | unix ms in decimal | '\\n' | hex SHA-256 of the body",
			"ticket = 'fanseed ticket v1\\n' | serial 16 | epoch u32 | seeder 32 | leecher 32 | infohash 32 | channel 32 | limit u64 | issued u64 | expires u64 | settle_by u64 | flags u32 | signature 64 of the server",
			"receipt = 'fanseed receipt v1\\n' | serial 16 | amount u64 | signature 64 of the leecher",
		},
		Keys:     keys(),
		Hashes:   infohashes(),
		Channels: channels(),
		Logins:   logins(),
		Requests: requests(),
		Tickets:  tickets(),
		Receipts: receipts(),
		Refused:  refused(),
	}
}

func keys() (list []keyVector) {
	for _, name := range []string{"server", "seeder", "leecher"} {
		pk := public(name)
		id := ticket.Account(pk)
		list = append(list, keyVector{name, hexOf(key(name).Seed()), hexOf(pk[:]), hexOf(id[:])})
	}
	return list
}

func infohashes() (list []hashVector) {
	// The second is that of Leaves of Grass in npm's webtorrent-fixtures.
	for _, v1 := range []string{strings.Repeat("00", 20), "d2474e86c95b19b8bcfdb92bc12c9d44667cfa36"} {
		b, _ := hex.DecodeString(v1)
		h := ticket.Infohash([20]byte(b))
		list = append(list, hashVector{v1, hexOf(h[:])})
	}
	return list
}

func sdp(fingerprints ...string) string {
	s := "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
	for _, f := range fingerprints {
		s += "a=fingerprint:" + f + "\r\n"
	}
	return s + "a=setup:actpass\r\na=mid:0\r\n"
}

func fingerprint(name string) string {
	sum := sha256.Sum256([]byte("fanseed vector certificate " + name))
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = strings.ToUpper(hex.EncodeToString([]byte{b}))
	}
	return "sha-256 " + strings.Join(pairs, ":")
}

func channels() (list []channelVector) {
	a, b := fingerprint("a"), fingerprint("b")
	for _, c := range []struct{ offer, answer string }{
		{sdp(a), sdp(b)},
		{sdp(b), sdp(a)},
		{sdp(a, a), sdp("sha-1 "+a[8:67], "SHA-256 "+strings.ToLower(b[8:]))},
		{sdp(), sdp(b)},
		{sdp(a), sdp(b, a)},
		{sdp(a[:len(a)-3]), sdp(b)},
	} {
		v := channelVector{Offer: c.offer, Answer: c.answer}
		channel, err := ticket.Channel(c.offer, c.answer)
		switch {
		case errors.Is(err, ticket.ErrNoFingerprint):
			v.Refused = "none"
		case errors.Is(err, ticket.ErrFingerprints):
			v.Refused = "several"
		case errors.Is(err, ticket.ErrBadFingerprint):
			v.Refused = "malformed"
		default:
			v.Channel = hexOf(channel[:])
		}
		list = append(list, v)
	}
	return list
}

func logins() (list []loginVector) {
	pk := public("seeder")
	for _, origin := range []string{"http://127.0.0.1:8080", "https://fanseed.example"} {
		nonce := sha256.Sum256([]byte(origin))
		m := ticket.LoginMessage(origin, nonce)
		list = append(list, loginVector{origin, hexOf(nonce[:]), hexOf(m), hexOf(pk[:]), hexOf(ed25519.Sign(key("seeder"), m))})
	}
	return list
}

func requests() (list []requestVector) {
	pk := public("seeder")
	id := ticket.Account(pk)
	for _, c := range []struct {
		method, path string
		time         uint64
		body         string
	}{
		{"GET", "/v1/accounts/" + hexOf(id[:]), 1_795_363_200_000, ""},
		{"POST", "/v1/works?name=a%20b", 1_795_363_200_001, "d4:infod6:lengthi1eee"},
	} {
		m := ticket.RequestMessage("https://fanseed.example", c.method, c.path, c.time, sha256.Sum256([]byte(c.body)))
		list = append(list, requestVector{
			"https://fanseed.example", c.method, c.path, decimal(c.time), hexOf([]byte(c.body)),
			hexOf(m), hexOf(pk[:]), hexOf(ed25519.Sign(key("seeder"), m)),
		})
	}
	return list
}

func goodTickets() []ticket.Ticket {
	first := ticket.Ticket{
		Epoch: 20779, Seeder: public("seeder"), Leecher: public("leecher"),
		Infohash: ticket.Infohash([20]byte{1}), Channel: sha256.Sum256([]byte("channel")),
		Limit: 8 << 20, Issued: 1_795_363_200_000, Expires: 1_795_370_400_000, SettleBy: 1_795_543_200_000,
	}
	copy(first.Serial[:], "0123456789abcdef")
	largest := first
	largest.Epoch, largest.Limit, largest.Flags = 1<<32-1, 1<<64-1, 1<<32-1
	largest.Serial[0] = 0xff
	list := []ticket.Ticket{first, largest}
	for i := range list {
		copy(list[i].Signature[:], ed25519.Sign(key("server"), list[i].Message()))
	}
	return list
}

func tickets() (list []ticketVector) {
	server := public("server")
	for _, t := range goodTickets() {
		list = append(list, ticketVector{
			hexOf(t.Serial[:]), t.Epoch, hexOf(t.Seeder[:]), hexOf(t.Leecher[:]), hexOf(t.Infohash[:]), hexOf(t.Channel[:]),
			decimal(t.Limit), decimal(t.Issued), decimal(t.Expires), decimal(t.SettleBy), t.Flags, hexOf(server[:]), hexOf(t.Append(nil)),
		})
	}
	return list
}

func sign(amount uint64) receipt.Receipt {
	r := receipt.Receipt{Serial: goodTickets()[0].Serial, Amount: amount}
	copy(r.Signature[:], ed25519.Sign(key("leecher"), receipt.Message(r.Serial, amount)))
	return r
}

func receipts() (list []receiptVector) {
	pk := public("leecher")
	for _, amount := range []uint64{0, 1, 1 << 20, 1<<53 - 1, 1<<64 - 1} {
		r := sign(amount)
		list = append(list, receiptVector{hexOf(r.Serial[:]), decimal(amount), hexOf(pk[:]), hexOf(r.Append(nil))})
	}
	return list
}

func refused() (list []badVector) {
	t, r := goodTickets()[0], sign(1<<20)
	server, leecher, seeder := public("server"), public("leecher"), public("seeder")
	whole, paid := t.Append(nil), r.Append(nil)
	add := func(kind, why, note string, pk [32]byte, b []byte) {
		list = append(list, badVector{kind, why, note, hexOf(pk[:]), hexOf(b)})
	}
	add("ticket", "size", "a byte is missing", server, whole[:len(whole)-1])
	add("ticket", "size", "a byte too many", server, append(bytes.Clone(whole), 0))
	add("ticket", "version", "version 2", server, bytes.Replace(whole, []byte("v1"), []byte("v2"), 1))
	higher := t
	higher.Limit++
	add("ticket", "signature", "the limit was raised after signing", server, higher.Append(nil))
	add("ticket", "signature", "signed by another server", seeder, whole)
	add("receipt", "size", "a byte is missing", leecher, paid[:len(paid)-1])
	add("receipt", "version", "a ticket's prefix", leecher, append([]byte("fanseed ticket v1\n\x00"), paid[19:]...))
	forged := r
	forged.Amount++
	add("receipt", "signature", "the amount was raised after signing", leecher, forged.Append(nil))
	misdirected := r
	misdirected.Serial[0]++
	add("receipt", "signature", "moved to another ticket", leecher, misdirected.Append(nil))
	add("receipt", "signature", "signed by the seeder itself", seeder, paid)
	for _, point := range []string{
		strings.Repeat("00", 32), "01" + strings.Repeat("00", 31), "ec" + strings.Repeat("ff", 30) + "7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	} {
		list = append(list, badVector{"public_key", "small_order", "a point whose order divides 8", "", point})
	}
	return list
}

func TestCreditVectors(t *testing.T) {
	built, err := json.Marshal(build(), jsontext.WithIndent("  "), jsontext.EscapeForHTML(false))
	if err != nil {
		t.Fatal(err)
	}
	built = append(built, '\n')
	if *rewrite {
		if err := os.WriteFile("credit.json", built, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile("credit.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(built, published) {
		t.Error("credit.json is not what the code makes; its formats are published and must not change")
	}
}

// The file is read back and checked as another implementation would do it.
func TestRefusedVectors(t *testing.T) {
	var f file
	b, err := os.ReadFile("credit.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	for _, v := range f.Tickets {
		if got := judge("ticket", v.ServerKey, v.Bytes); got != "" {
			t.Errorf("ticket %s: refused for its %s", v.Serial, got)
		}
	}
	for _, v := range f.Receipts {
		if got := judge("receipt", v.PublicKey, v.Bytes); got != "" {
			t.Errorf("receipt of %s: refused for its %s", v.Amount, got)
		}
	}
	for _, v := range f.Refused {
		if got := judge(v.Kind, v.PublicKey, v.Bytes); got != v.Why {
			t.Errorf("%s, %s: got %q, want %q", v.Kind, v.Note, got, v.Why)
		}
	}
	if len(f.Refused) == 0 || len(f.Tickets) == 0 || len(f.Receipts) == 0 {
		t.Error("credit.json lacks a part")
	}
}

func judge(kind, publicKey, hexBytes string) string {
	b, _ := hex.DecodeString(hexBytes)
	pk, _ := hex.DecodeString(publicKey)
	var message, signature []byte
	switch kind {
	case "public_key":
		if ticket.SmallOrder([32]byte(b)) {
			return "small_order"
		}
		return ""
	case "ticket":
		t, err := ticket.Parse(b)
		if err != nil {
			return why(err)
		}
		message, signature = t.Message(), t.Signature[:]
	case "receipt":
		r, err := receipt.Parse(b)
		if err != nil {
			return why(err)
		}
		message, signature = receipt.Message(r.Serial, r.Amount), r.Signature[:]
	}
	if !ed25519.Verify(pk, message, signature) {
		return "signature"
	}
	return ""
}

func why(err error) string {
	if errors.Is(err, ticket.ErrSize) || errors.Is(err, receipt.ErrSize) {
		return "size"
	}
	return "version"
}
