package api_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"fanseed/signal/api"
)

// operator asks the operator's listener.
func (s *site) operator(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = "127.0.0.1:9"
	w := httptest.NewRecorder()
	api.Admin{Appeals: s.ledger}.Handler().ServeHTTP(w, r)
	asDescribed(s, r, []byte(body), w)
	return w
}

func TestAppeals(t *testing.T) {
	s := newSite(t)
	hash := s.publish("song")
	n := s.closeEpoch(1)
	forged := s.introduce(2)
	forged.Epoch = n
	s.expect(s.ask(httptest.NewRequest("POST", "/v1/settle", strings.NewReader(settle(accountID("anna"), item(forged, "anna", 5000))))), 200, "")

	line := fmt.Sprintf(`{"kind":"bandwidth","epoch":%d,"infohash":"%s","note":"<b>more</b>"}`, n, hash)
	receipt := fmt.Sprintf(`{"serial":"%x","note":"bert signed it"}`, forged.Serial)
	var kept [2]string
	for i, body := range []string{line, receipt, line, receipt} {
		w := s.ask(signed("anna", "POST", "/v1/appeals", []byte(body)))
		if s.expect(w, 200, ""); i < 2 {
			kept[i] = strings.TrimSpace(w.Body.String())
		} else if got := strings.TrimSpace(w.Body.String()); got != kept[i-2] {
			t.Errorf("once more: got %s, want %s", got, kept[i-2])
		}
	}
	for what, has := range map[int]string{0: `"bytes":20000,`, 1: `"reason":"bad_signature"`} {
		if !strings.Contains(kept[what], has) || !strings.Contains(kept[what], `"state":"open"`) {
			t.Errorf("got %s, want %s in it", kept[what], has)
		}
	}
	for i, c := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"anna", strings.Replace(line, "more", "much more", 1), 409, "taken"},
		{"bert", line, 404, "not_found"},
		{"anna", strings.Replace(line, "bandwidth", "boost", 1), 404, "not_found"},
		{"anna", `{"note":"about nothing"}`, 404, "not_found"},
		{"anna", `{"note":"\u001b[2J","serial":"` + strings.Repeat("0", 32) + `"}`, 400, "malformed"},
		{"anna", `{"note":"` + strings.Repeat("a", 501) + `"}`, 400, "malformed"},
		{"anna", `{"note":7}`, 400, "malformed"},
		{"anna", strings.Repeat(" ", 5000), 413, "too_large"},
	} {
		s.address = fmt.Sprintf("192.0.2.%d:1234", 100+i) // nobody may ask as fast as this
		s.refused(s.ask(signed(c.name, "POST", "/v1/appeals", []byte(c.body))), c.status, c.code)
	}
	s.refused(s.ask(httptest.NewRequest("POST", "/v1/appeals", strings.NewReader(line))), 401, "unsigned")

	s.expect(s.operator("GET", "/appeals", ""), 200, `{"appeals":[`+kept[1]+","+kept[0]+`]}`)
	s.expect(s.operator("PUT", "/appeals/1", "The treasury was short."), 204, "")
	s.expect(s.operator("GET", "/appeals?state=open", ""), 200, `{"appeals":[`+kept[1]+`]}`)
	s.expect(s.operator("GET", "/appeals?state=all&before=2&x", ""), 200, "")
	for path, c := range map[string]struct {
		method, body string
		status       int
		code         string
	}{
		"/appeals/1":        {"PUT", "Or not.", 409, "taken"},
		"/appeals/3":        {"PUT", "So it is.", 404, "not_found"},
		"/appeals/2":        {"PUT", "\x1b", 400, "malformed"},
		"/appeals/+2?x":     {"PUT", strings.Repeat("a", 501), 413, "too_large"},
		"/appeals/x":        {"PUT", "So it is.", 400, "malformed"},
		"/appeals?state=no": {"GET", "", 400, "malformed"},
		"/appeals?before=0": {"GET", "", 400, "malformed"},
	} {
		s.refused(s.operator(c.method, path, c.body), c.status, c.code)
	}
	var got struct {
		Appeals []struct{ State, Answer, Note string }
		Lines   []struct{ Kind, Source string }
	}
	w := s.ask(signed("anna", "GET", "/v1/accounts/"+accountID("anna"), nil))
	err := json.Unmarshal(w.Body.Bytes(), &got, json.MatchCaseInsensitiveNames(true))
	if err != nil || len(got.Appeals) != 2 || got.Appeals[1].State != "answered" || got.Appeals[1].Answer != "The treasury was short." ||
		got.Appeals[1].Note != "<b>more</b>" || got.Appeals[0].State != "open" {
		t.Errorf("got %s, %v", w.Body, err)
	}
}
