package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"fanseed/signal/ticket"
)

func TestBoostsAndPools(t *testing.T) {
	s := newSite(t)
	hash := s.publish("song")
	ctx, now := context.Background(), time.Now()
	if err := s.ledger.Register(ctx, public("bert"), now); err != nil {
		t.Fatal(err)
	}
	if err := s.ledger.Credit(ctx, [16]byte{1}, ticket.Account(public("bert")), 100_000, now); err != nil {
		t.Fatal(err)
	}
	epoch, epochs := s.ledger.Epochs().At(now), s.ledger.Epochs()
	one, two := strings.Repeat("01", 16), strings.Repeat("02", 16)
	boost := fmt.Sprintf(`{"id":"%s","infohash":"%s","price":10000,"epochs":3}`, one, hash)
	boosted := fmt.Sprintf(`{"id":"%s","infohash":"%s","price":10000,"fee":200,"first":%d,"epochs":3,"ends":%d,"promo":false}`,
		one, hash, epoch, epochs.Ends(epoch+2).UnixMilli())
	for range 2 {
		s.expect(s.ask(signed("bert", "POST", "/v1/boosts", []byte(boost))), 200, boosted)
	}
	pool := fmt.Sprintf(`{"id":"%s","infohash":"%s","amount":50000,"rate":700,"epochs":2}`, two, hash)
	funded := fmt.Sprintf(`{"id":"%s","infohash":"%s","amount":50000,"left":50000,"rate":700,"last":%d,"ends":%d}`,
		two, hash, epoch+1, epochs.Ends(epoch+1).UnixMilli())
	for range 2 {
		s.expect(s.ask(signed("bert", "POST", "/v1/pools", []byte(pool))), 200, funded)
	}
	backed := fmt.Sprintf(`"boosts":{"count":1,"now":3266,"left":9800,"ends":%d},"pools":{"count":1,"left":50000,"rate":700,"ends":%d}`,
		epochs.Ends(epoch+2).UnixMilli(), epochs.Ends(epoch+1).UnixMilli())
	if w := s.get("/v1/works/" + hash); !strings.Contains(w.Body.String(), backed) {
		t.Errorf("got %s, want %s in it", w.Body, backed)
	}
	for i, c := range []struct {
		path, body string
		status     int
		code       string
	}{
		{"/v1/boosts", strings.Replace(boost, "10000", "20000", 1), 409, "taken"},
		{"/v1/boosts", strings.Replace(boost, one, strings.Repeat("03", 16), 1) + " ", 200, ""},
		{"/v1/boosts", strings.NewReplacer(one, strings.Repeat("04", 16), "10000", "90000").Replace(boost), 402, "funds"},
		{"/v1/boosts", strings.NewReplacer(one, strings.Repeat("04", 16), `"epochs":3`, `"epochs":3,"promo":true`).Replace(boost), 402, "funds"},
		{"/v1/boosts", strings.NewReplacer(one, strings.Repeat("04", 16), `"epochs":3`, `"epochs":61`).Replace(boost), 400, "malformed"},
		{"/v1/boosts", strings.NewReplacer(one, strings.Repeat("04", 16), hash, strings.Repeat("9", 40)).Replace(boost), 404, "not_found"},
		{"/v1/boosts", `{"id":"01"}`, 400, "malformed"},
		{"/v1/boosts", strings.Repeat(" ", 2000), 413, "too_large"},
		{"/v1/pools", strings.NewReplacer(two, strings.Repeat("05", 16), "700", "0").Replace(pool), 400, "malformed"},
		{"/v1/pools", strings.NewReplacer(two, strings.Repeat("05", 16), `"epochs":2`, `"epochs":0`).Replace(pool), 400, "malformed"},
		{"/v1/pools", strings.Replace(pool, `"epochs":2`, `"epochs":-2`, 1), 400, "malformed"},
	} {
		s.address = fmt.Sprintf("192.0.2.%d:1234", 100+i) // nobody may ask as fast as this
		w := s.ask(signed("bert", "POST", c.path, []byte(c.body)))
		if c.status == 200 && w.Code == 200 {
			continue
		}
		s.refused(w, c.status, c.code)
	}
	s.refused(s.ask(signed("anna", "POST", "/v1/boosts", []byte(boost))), 409, "taken")
	var got struct {
		Payable uint64 `json:"credits_payable"`
		Boosts  []any  `json:"boosts"`
		Pools   []any  `json:"pools"`
	}
	w := s.ask(signed("bert", "GET", "/v1/accounts/"+accountID("bert"), nil))
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Payable != 30_000 || len(got.Boosts) != 2 || len(got.Pools) != 1 {
		t.Errorf("got %s, %v", w.Body, err)
	}
}
