package api_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

func TestExport(t *testing.T) {
	s := newSite(t)
	hash := s.publish("song")
	tk := s.introduce(1)
	path := "/v1/accounts/" + accountID("anna") + "/export."
	settled := s.ask(signed("anna", "POST", "/v1/settle", []byte(settle(accountID("anna"), item(tk, "bert", 5000)))))
	if settled.Code != 200 {
		t.Fatalf("settle: got %s", settled.Body)
	}
	w := s.ask(signed("anna", "GET", path+"csv", nil))
	rows, err := csv.NewReader(w.Body).ReadAll()
	if err != nil || len(rows) != 2 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
		t.Fatalf("got %q, %v", rows, err)
	}
	row := map[string]string{}
	for i, name := range rows[0] {
		row[name] = rows[1][i]
	}
	if row["kind"] != "bandwidth" || row["infohash"] != hash || row["bytes"] != "5000" || row["micro_credits"] != "500000" || row["reason"] != "pending" {
		t.Errorf("got %v", row)
	}
	var whole struct {
		Lines []any `json:"lines"`
	}
	w = s.ask(signed("anna", "GET", path+"json", nil))
	if err := json.Unmarshal(w.Body.Bytes(), &whole); err != nil || len(whole.Lines) != 1 || !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("got %s, %v", w.Body, err)
	}
	s.refused(s.ask(signed("bert", "GET", path+"csv", nil)), 403, "forbidden")
}

// A name is an artist's, and the file is opened by somebody else's spreadsheet.
func TestExportIsNotComputed(t *testing.T) {
	s := newSite(t)
	s.publish("=1+1")
	tk := s.introduceTo("=1+1", 1)
	s.ask(signed("anna", "POST", "/v1/settle", []byte(settle(accountID("anna"), item(tk, "bert", 5000)))))
	w := s.ask(signed("anna", "GET", "/v1/accounts/"+accountID("anna")+"/export.csv", nil))
	if !strings.Contains(w.Body.String(), ",'=1+1,") {
		t.Errorf("got %s", w.Body)
	}
}
