package api_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"fanseed/signal/ledger"
	"fanseed/signal/ticket"
)

// closeEpoch pays for a receipt of anna's, and has the epoch end in which it was settled. It returns the epoch's number.
func (s *site) closeEpoch(serial byte) uint32 {
	s.Helper()
	tk := s.introduce(serial)
	s.expect(s.ask(httptest.NewRequest("POST", "/v1/settle", strings.NewReader(settle(accountID("anna"), item(tk, "bert", 20_000))))), 200, "")
	song, _ := torrent("song")
	stay := ledger.Stay{Epoch: tk.Epoch, Account: ticket.Account(public("anna")), Work: song.Infohash, Minutes: 10}
	if err := s.ledger.Stayed(context.Background(), ledger.Told{Stays: []ledger.Stay{stay}}, make([]string, 1)); err != nil {
		s.Fatal(err)
	}
	if err := s.ledger.CloseEpochs(context.Background(), s.ledger.Epochs().Ends(tk.Epoch)); err != nil {
		s.Fatal(err)
	}
	return tk.Epoch
}

func TestEpochs(t *testing.T) {
	s := newSite(t)
	s.publish("song")
	if w := s.get("/v1/epochs"); w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"epochs":[]}` {
		t.Errorf("of a new server: got %d %s", w.Code, w.Body)
	}
	before := time.Now()
	n := s.closeEpoch(1)
	var got struct {
		Number                uint32
		Starts, Ends, Closed  int64
		Bytes, Paid, Emission uint64
		Pools                 []struct{ Name, Weight string }
		Inputs, Payouts       struct{ SHA256, URL string }
		Record, Leaf          string
	}
	w := s.get(fmt.Sprint("/v1/epochs/", n))
	if err := json.Unmarshal(w.Body.Bytes(), &got, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || got.Number != n || got.Ends-got.Starts != 86_400_000 ||
		got.Closed < before.UnixMilli() || got.Bytes != 20_000 || len(got.Pools) != 3 || got.Paid != got.Emission {
		t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
	}
	for what, url := range map[string]string{"fanseed inputs v1\n": got.Inputs.URL, "fanseed payouts v1\n": got.Payouts.URL} {
		if w := s.get(url); w.Code != 200 || !strings.HasPrefix(w.Body.String(), what) {
			t.Errorf("%s: got %d %s", url, w.Code, w.Body)
		}
	}
	if w := s.get("/v1/log/find/" + got.Leaf); w.Code != 200 || !strings.HasPrefix(got.Record, "epoch\n") {
		t.Errorf("its record in the log: %d %s", w.Code, got.Record)
	}
	s.expect(s.get("/v1/epochs?limit=1"), 200, `{"epochs":[`+strings.TrimSpace(w.Body.String())+`]}`)
	s.expect(s.get(fmt.Sprint("/v1/epochs?before=", n)), 200, `{"epochs":[]}`)
	for _, path := range []string{"/v1/epochs?limit=0", "/v1/epochs?limit=101", "/v1/epochs?before=0", "/v1/epochs?before=x", "/v1/epochs/-1", "/v1/epochs/4294967296"} {
		s.refused(s.get(path), 400, "malformed")
	}
	for _, other := range []uint32{n - 1, n + 1} {
		w := s.get(fmt.Sprint("/v1/epochs/", other))
		if s.refused(w, 404, "not_found"); w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("that there is no epoch %d yet is kept: %v", other, w.Header())
		}
	}
}
