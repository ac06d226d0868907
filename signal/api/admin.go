package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
)

// Metric is one number of the server, in the words of Prometheus.
type Metric struct {
	Name, Help, Type string // Type is "counter" or "gauge"
	Value            func() int64
}

// Admin is the operator's own listener. It must not be reachable by anybody else.
type Admin struct {
	Ready   func(ctx context.Context) error
	Metrics []Metric
	Remove  func(ctx context.Context, infohash [20]byte) error
	Credit  func(ctx context.Context, id, account [16]byte, amount uint64) error
	Appeals Appeals
}

// Handler answers /healthz (the process lives), /readyz (it can serve), /metrics,
// DELETE /works/{infohash}, which removes a work for ever, and
// PUT /credits/{id}?account=…&amount=…, which moves µ-credits out of the treasury to
// what an account may spend; the id, 32 hexadecimal digits, makes it unique. GET
// /appeals tells what accounts have written about their statements, as JSON, and PUT
// /appeals/{number} answers with its body.
func (a Admin) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range a.routes() {
		mux.Handle(r.pattern, r.answer)
	}
	return byAddress(mux)
}

func (a Admin) routes() []route {
	return []route{
		{"GET /healthz", func(w http.ResponseWriter, _ *http.Request) error { fmt.Fprintln(w, "ok"); return nil }},
		{"GET /readyz", a.readyz},
		{"GET /metrics", a.metrics},
		{"DELETE /works/{infohash}", a.remove},
		{"PUT /credits/{id}", a.credit},
		{"GET /appeals", a.appeals},
		{"PUT /appeals/{number}", a.answerAppeal},
	}
}

// byAddress refuses requests that name this listener by anything but an address or
// localhost, so that no web page can reach it by a name that it made to point here.
func byAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if _, err := netip.ParseAddr(host); err != nil && host != "localhost" {
			http.Error(w, "name this listener by its address", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a Admin) readyz(w http.ResponseWriter, r *http.Request) error {
	if err := a.Ready(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return nil
	}
	fmt.Fprintln(w, "ok")
	return nil
}

func (a Admin) metrics(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	for _, m := range a.Metrics {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s %d\n", m.Name, m.Help, m.Name, m.Type, m.Name, m.Value())
	}
	return nil
}

func (a Admin) remove(w http.ResponseWriter, r *http.Request) error {
	var hash infohash
	if hash.UnmarshalText([]byte(r.PathValue("infohash"))) != nil {
		return malformed("an infohash is 40 hexadecimal digits")
	}
	if err := a.Remove(r.Context(), hash); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a Admin) credit(w http.ResponseWriter, r *http.Request) error {
	var name, to account
	amount, err := strconv.ParseUint(r.URL.Query().Get("amount"), 10, 64)
	if err != nil || name.UnmarshalText([]byte(r.PathValue("id"))) != nil || to.UnmarshalText([]byte(r.URL.Query().Get("account"))) != nil {
		return malformed("id and account are 32 hexadecimal digits, amount is a number of µ-credits")
	}
	if err := a.Credit(r.Context(), name, to, amount); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
