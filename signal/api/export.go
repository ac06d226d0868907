package api

import (
	"encoding/csv"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"fanseed/signal/ledger"
)

// exportCost is what a whole history costs.
const exportCost = 10

// export reads the whole statement of an account.
func (a *API) export(w http.ResponseWriter, r *http.Request, now time.Time) (asked account, s ledger.Statement, err error) {
	if err := a.charge(r, exportCost); err != nil {
		return asked, s, err
	}
	if asked, err = a.own(w, r, now); err != nil {
		return asked, s, err
	}
	if s, err = a.Ledger.Export(r.Context(), asked); err != nil {
		return asked, s, a.failed("export statement", err)
	}
	return asked, s, nil
}

// exportJSON answers as account does, with all lines.
func (a *API) exportJSON(w http.ResponseWriter, r *http.Request) error {
	now := time.Now()
	asked, s, err := a.export(w, r, now)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="fanseed-statement.json"`)
	return a.tell(w, r, asked, s, now)
}

// exportCSV answers with a row for each line (RFC 4180).
func (a *API) exportCSV(w http.ResponseWriter, r *http.Request) error {
	_, s, err := a.export(w, r, time.Now())
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="fanseed-statement.csv"`)
	table := csv.NewWriter(w)
	table.UseCRLF = true
	_ = table.Write([]string{"epoch", "kind", "infohash", "name", "bytes", "minutes", "counted", "weight", "micro_credits", "state", "reason"})
	for _, l := range lines(s) {
		number := func(n uint64) string { return strconv.FormatUint(n, 10) }
		hash := ""
		if l.Infohash != (infohash{}) {
			hash = hex.EncodeToString(l.Infohash[:])
		}
		_ = table.Write([]string{
			number(uint64(l.Epoch)), string(l.Kind), hash, plain(l.Name), number(l.Bytes), number(l.Minutes), number(l.Counted), number(l.Weight),
			number(l.Credits), l.State, string(l.Reason),
		}) // an error means that the client is gone
	}
	table.Flush()
	return nil
}

// plain keeps a name from being computed by a spreadsheet.
func plain(name string) string {
	if strings.ContainsAny(name[:min(1, len(name))], "=+-@\t\r") {
		return "'" + name
	}
	return name
}
