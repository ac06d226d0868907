package api_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"fanseed/signal/receipt"
	"fanseed/signal/ticket"
)

// introduce issues a ticket by which anna earns from bert.
func (s *site) introduce(serial byte) ticket.Ticket {
	s.Helper()
	return s.introduceTo("song", serial)
}

func (s *site) introduceTo(name string, serial byte) ticket.Ticket {
	s.Helper()
	ctx, now := context.Background(), time.Now()
	for _, name := range []string{"anna", "bert"} {
		if err := s.ledger.Register(ctx, public(name), now); err != nil {
			s.Fatal(err)
		}
	}
	work, _ := torrent(name)
	t := ticket.Ticket{
		Serial: [16]byte{serial}, Epoch: s.ledger.Epochs().At(now), Seeder: public("anna"), Leecher: public("bert"),
		Infohash: ticket.Infohash(work.Infohash), Limit: 1 << 20, Issued: uint64(now.UnixMilli()),
		Expires: uint64(now.Add(time.Hour).UnixMilli()), SettleBy: uint64(now.Add(2 * time.Hour).UnixMilli()),
	}
	if err := s.ledger.Issue(ctx, []ticket.Ticket{t}, make([][2]string, 1)); err != nil {
		s.Fatal(err)
	}
	return t
}

func item(t ticket.Ticket, signer string, amount uint64) string {
	return fmt.Sprintf(`{"serial":"%x","amount":%d,"signature":"%x"}`, t.Serial, amount, ed25519.Sign(key(signer), receipt.Message(t.Serial, amount)))
}

func settle(account string, items ...string) string {
	return `{"account":"` + account + `","receipts":[` + strings.Join(items, ",") + `]}`
}

// promise is what an answer has of one; what it says is tested where it is made.
var promise = regexp.MustCompile(`,"promise":\{"salt":"[0-9a-f]{32}","epoch":\d+,"by":\d{13},"signature":"[0-9a-f]{128}"\}`)

func TestSettleAndStatement(t *testing.T) {
	s := newSite(t)
	hash := s.publish("song")
	tk := s.introduce(1)
	post := func(body string) *httptest.ResponseRecorder {
		w := s.ask(httptest.NewRequest("POST", "/v1/settle", strings.NewReader(body)))
		w.Body = bytes.NewBuffer(promise.ReplaceAll(w.Body.Bytes(), []byte(`,P`)))
		return w
	}
	promised := func(amount int, reason string) string {
		return fmt.Sprintf(`{"serial":"%x","amount":%d,"reason":"%s",P}`, tk.Serial, amount, reason)
	}
	result := func(amount int, reason string) string {
		return fmt.Sprintf(`{"serial":"%x","amount":%d,"reason":"%s"}`, tk.Serial, amount, reason)
	}
	s.expect(post(settle(accountID("anna"), item(tk, "bert", 5000), item(tk, "anna", 6000), item(tk, "bert", 5000))), 200,
		`{"results":[`+promised(5000, "confirmed")+","+result(5000, "bad_signature")+","+promised(5000, "confirmed")+`]}`)
	s.expect(post(settle(accountID("bert"), item(tk, "bert", 7000))), 200, `{"results":[`+result(0, "unknown_ticket")+`]}`)
	s.expect(post(settle(accountID("anna"), item(tk, "bert", 30_000))), 200, `{"results":[`+promised(30_000, "capped_copy")+`]}`)
	s.expect(post(settle(accountID("anna"))), 200, `{"results":[]}`)

	path := "/v1/accounts/" + accountID("anna")
	w := s.ask(signed("anna", "GET", path, nil))
	var got struct {
		Account string `json:"account"`
		Epoch   struct {
			Number uint32 `json:"number"`
			Ends   int64  `json:"ends"`
		} `json:"epoch"`
		Rate      int64            `json:"rate_per_gib"`
		Bytes     int64            `json:"bytes_confirmed"`
		Pending   int64            `json:"credits_pending"`
		Confirmed *int64           `json:"credits_confirmed"`
		Lines     []map[string]any `json:"lines"`
		Refused   []map[string]any `json:"refused"`
		Records   []map[string]any `json:"records"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
		t.Fatalf("got %d %s, %v", w.Code, w.Body, err)
	}
	credits := int64(500_000) // nobody else has given anything: the whole pool
	if got.Account != accountID("anna") || got.Rate != credits || got.Bytes != 20_000 || got.Pending != credits || *got.Confirmed != 0 ||
		got.Epoch.Number != tk.Epoch || got.Epoch.Ends <= time.Now().UnixMilli() {
		t.Errorf("got %s", w.Body)
	}
	line := fmt.Sprint(map[string]any{
		"kind": "bandwidth", "infohash": hash, "name": "song", "epoch": float64(tk.Epoch), "bytes": 20_000., "minutes": 0., "counted": 20_000.,
		"weight": 5000., "credits": float64(credits),
		"state": "pending", "reason": "capped_copy", "reason_text": receipt.CappedCopy.Text(),
	})
	if len(got.Lines) != 1 || fmt.Sprint(got.Lines[0]) != line {
		t.Errorf("lines: got %v, want %v", got.Lines, line)
	}
	if len(got.Refused) != 1 || got.Refused[0]["reason"] != "bad_signature" || got.Refused[0]["infohash"] != hash || got.Refused[0]["reason_text"] == "" {
		t.Errorf("refused: got %v", got.Refused)
	}
	if len(got.Records) != 2 || got.Records[0]["serial"] != fmt.Sprintf("%x", tk.Serial) || got.Records[0]["amount"] != 30_000. ||
		got.Records[0]["epoch"] != float64(tk.Epoch) || len(fmt.Sprint(got.Records[0]["salt"])) != 32 {
		t.Errorf("records: got %v", got.Records)
	}
	other := s.ask(signed("bert", "GET", "/v1/accounts/"+accountID("bert"), nil)).Body.String()
	if !strings.Contains(other, `"refused":[{"serial":"`) || !strings.Contains(other, receipt.UnknownTicket.Text()) {
		t.Errorf("a receipt of a ticket that is not bert's: got %s", other)
	}
}

func TestEmptyStatement(t *testing.T) {
	s := newSite(t)
	w := s.ask(signed("carl", "GET", "/v1/accounts/"+accountID("carl"), nil))
	if !strings.HasSuffix(w.Body.String(), `"bytes_confirmed":0,"credits_pending":0,"credits_confirmed":0,"credits_held":0,"credits_payable":0,"credits_promo":0,"held":[],"lines":[],"refused":[],"records":[],"boosts":[],"pools":[],"appeals":[]}`) {
		t.Errorf("got %s", w.Body)
	}
}

func TestAccountRefuses(t *testing.T) {
	s := newSite(t)
	path := "/v1/accounts/" + accountID("anna")
	s.refused(s.get(path), 401, "unsigned")
	s.refused(s.ask(signed("bert", "GET", path, nil)), 403, "forbidden")
	s.refused(s.ask(signed("anna", "GET", "/v1/accounts/x", nil)), 400, "malformed")
	s.refused(s.ask(signed("anna", "GET", path, []byte("body"))), 413, "too_large")
}

func TestSettleRefuses(t *testing.T) {
	s := newSite(t)
	s.publish("song")
	tk := s.introduce(1)
	good := item(tk, "bert", 5000)
	many := make([]string, 1001)
	for i := range many {
		many[i] = good
	}
	for _, c := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"nothing", ``, 400, "malformed"},
		{"no JSON", `receipts`, 400, "malformed"},
		{"more after it", settle(accountID("anna"), good) + `{}`, 400, "malformed"},
		{"a name twice", `{"account":"` + accountID("anna") + `","account":"` + accountID("bert") + `","receipts":[]}`, 400, "malformed"},
		{"short account", settle("00", good), 400, "malformed"},
		{"negative amount", settle(accountID("anna"), strings.Replace(good, ":5000", ":-1", 1)), 400, "malformed"},
		{"fraction", settle(accountID("anna"), strings.Replace(good, ":5000", ":0.5", 1)), 400, "malformed"},
		{"invalid UTF-8", strings.Replace(settle(accountID("anna"), good), "receipts", "rec\xffipts", 1), 400, "malformed"},
		{"nested deep", `{"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, 400, "malformed"},
		{"1001", settle(accountID("anna"), many...), 400, "malformed"},
		{"too long", `{"x":"` + strings.Repeat("x", 600<<10) + `"}`, 413, "too_large"},
	} {
		t.Log(c.name)
		s.refused(s.ask(httptest.NewRequest("POST", "/v1/settle", strings.NewReader(c.body))), c.status, c.code)
	}
	w := s.ask(httptest.NewRequest("POST", "/v1/settle", strings.NewReader(settle(accountID("anna"), many[:1000]...))))
	if w.Code != 200 || strings.Count(w.Body.String(), `"confirmed"`) != 1000 {
		t.Errorf("1000: got %d %.200s", w.Code, w.Body)
	}
}
