package api

import (
	"net/http"
	"time"
)

type serverAnswer struct {
	Name       string      `json:"name"`
	ServerKey  publicKey   `json:"server_key"`
	LogKey     string      `json:"log_key"` // of the public log, as text: name+id+key (C2SP signed-note)
	Time       int64       `json:"time"`
	RatePerGiB uint64      `json:"rate_per_gib"` // see ledger.Rate
	Epoch      epochAnswer `json:"epoch"`
	Copies     bool        `json:"copies"` // of what is published, unless the publisher declines
}

type epochAnswer struct {
	Number uint32 `json:"number"`
	Starts int64  `json:"starts"`
	Ends   int64  `json:"ends"`
}

// server tells what everybody may know.
func (a *API) server(w http.ResponseWriter, r *http.Request) error {
	now := time.Now()
	rate, err := a.Ledger.Rate(r.Context())
	if err != nil {
		return a.failed("read rate", err)
	}
	write(w, http.StatusOK, serverAnswer{a.Name, a.ServerKey, a.LogKey, now.UnixMilli(), rate, a.epoch(now), a.Copies != nil})
	return nil
}

func (a *API) epoch(now time.Time) epochAnswer {
	epochs := a.Ledger.Epochs()
	n := epochs.At(now)
	return epochAnswer{n, epochs.Starts(n).UnixMilli(), epochs.Ends(n).UnixMilli()}
}

// ice tells the ICE servers that the operator offers.
func (a *API) ice(w http.ResponseWriter, _ *http.Request) error {
	write(w, http.StatusOK, map[string][]ICEServer{"ice_servers": a.ICE})
	return nil
}
