package api

import (
	"context"
	"encoding/hex"
	"math"
	"net/http"
	"strconv"

	"fanseed/signal/ledger"
	"fanseed/signal/log"
)

// How many closed epochs a list has, and at most.
const (
	epochsPerPage    = 30
	maxEpochsPerPage = 100
)

// Closed epochs never change; which one is the newest does.
const (
	forEver = "public, max-age=31536000, immutable"
	briefly = "public, max-age=10"
)

var errNoEpoch = &refusal{status: 404, Code: "not_found", Message: "this epoch is not closed yet, or nothing was to be done in it"}

type closedAnswer struct {
	Number   uint32      `json:"number"`
	Starts   int64       `json:"starts"`
	Ends     int64       `json:"ends"`
	Closed   uint64      `json:"closed"`   // Unix milliseconds
	Bytes    uint64      `json:"bytes"`    // confirmed in it
	Paid     uint64      `json:"paid"`     // µ-credits, those of boosts and creators' pools too
	Emission uint64      `json:"emission"` // µ-credits out of the treasury
	Pools    []potAnswer `json:"pools"`
	Inputs   tableAnswer `json:"inputs"`
	Payouts  tableAnswer `json:"payouts"`
	Record   string      `json:"record"` // of the public log
	Leaf     publicKey   `json:"leaf"`   // its hash in the tree
}

// potAnswer is a common pool: what there was of it, and the sum of the weights by which it was divided, which may be above 2⁵³.
type potAnswer struct {
	Name   string `json:"name"`
	Amount uint64 `json:"amount"`
	Weight string `json:"weight"`
}

type tableAnswer struct {
	SHA256 string `json:"sha256"`
	Size   uint64 `json:"size"`
	URL    string `json:"url"` // of its text
}

// closedEpochs answers ?limit=n&before=number, the newest first.
func (a *API) closedEpochs(w http.ResponseWriter, r *http.Request) error {
	limit, last, query := epochsPerPage, uint64(math.MaxUint32), r.URL.Query()
	if s := query.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > maxEpochsPerPage {
			return malformed("limit must be a number from 1 to " + strconv.Itoa(maxEpochsPerPage))
		}
		limit = n
	}
	if s := query.Get("before"); s != "" {
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil || n == 0 {
			return malformed("before must be the number of an epoch, from 1 on")
		}
		last = n - 1
	}
	list, err := a.closed(r.Context(), uint32(last), limit)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", briefly)
	write(w, http.StatusOK, map[string][]closedAnswer{"epochs": list})
	return nil
}

// closedEpoch answers for one epoch.
func (a *API) closedEpoch(w http.ResponseWriter, r *http.Request) error {
	n, err := strconv.ParseUint(r.PathValue("epoch"), 10, 32)
	if err != nil {
		return malformed("an epoch is a number")
	}
	list, err := a.closed(r.Context(), uint32(n), 1)
	if err != nil {
		return err
	}
	if len(list) == 0 || list[0].Number != uint32(n) {
		return errNoEpoch
	}
	w.Header().Set("Cache-Control", forEver)
	write(w, http.StatusOK, list[0])
	return nil
}

func (a *API) closed(ctx context.Context, last uint32, most int) ([]closedAnswer, error) {
	list, err := a.Ledger.Closed(ctx, last, most)
	if err != nil {
		return nil, a.failed("read epochs", err)
	}
	answers := make([]closedAnswer, len(list))
	for i, c := range list {
		if answers[i], err = a.closedOf(c); err != nil {
			return nil, a.failed("read the record of an epoch", err)
		}
	}
	return answers, nil
}

func (a *API) closedOf(c ledger.Closed) (closedAnswer, error) {
	e, err := log.ParseEpoch(c.Record)
	if err != nil {
		return closedAnswer{}, err
	}
	epochs := a.Ledger.Epochs()
	answer := closedAnswer{
		Number: c.Number, Starts: epochs.Starts(c.Number).UnixMilli(), Ends: epochs.Ends(c.Number).UnixMilli(), Closed: e.Time,
		Bytes: c.Bytes, Paid: c.Paid, Emission: e.Emission, Pools: make([]potAnswer, len(e.Pools)),
		Inputs: tableOf(e.Inputs), Payouts: tableOf(e.Payouts), Record: string(c.Record.Append(nil)), Leaf: publicKey(c.Record.Leaf()),
	}
	for i, p := range e.Pools {
		answer.Pools[i] = potAnswer{p.Name, p.Amount, p.Weight.String()}
	}
	return answer, nil
}

func tableOf(t log.Table) tableAnswer {
	hash := hex.EncodeToString(t.Hash[:])
	return tableAnswer{hash, t.Size, logPath + "/table/" + hash}
}
