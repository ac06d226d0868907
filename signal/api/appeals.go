package api

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
	"fanseed/signal/reward"
)

// maxAppeal bounds a request to appeal: a note of MaxNote bytes in its longest form, and what it is about.
const maxAppeal = 4 << 10

// How many appeals the operator is told at once.
const appealsPerPage = 100

type appealRequest struct {
	Kind     reward.Kind `json:"kind"`
	Epoch    uint32      `json:"epoch"`
	Infohash infohash    `json:"infohash"`
	Source   id          `json:"source"`
	Serial   serial      `json:"serial"`
	Note     string      `json:"note"`
}

type appealAnswer struct {
	ID         int64          `json:"id"`
	Account    account        `json:"account"`
	Kind       reward.Kind    `json:"kind,omitzero"` // of a line; the rest of what names one follows
	Epoch      uint32         `json:"epoch,omitzero"`
	Infohash   infohash       `json:"infohash,omitzero"`
	Name       string         `json:"name,omitzero"`
	Source     id             `json:"source,omitzero"`
	Serial     serial         `json:"serial,omitzero"` // of a receipt that was refused
	Bytes      uint64         `json:"bytes"`           // this and what follows as it was when the note was written
	Minutes    uint64         `json:"minutes"`
	Credits    uint64         `json:"credits"`
	Reason     receipt.Reason `json:"reason"`
	ReasonText string         `json:"reason_text"`
	Note       string         `json:"note"`
	Time       uint64         `json:"time"`
	State      string         `json:"state"` // open or answered
	Answer     string         `json:"answer,omitzero"`
	Answered   uint64         `json:"answered,omitzero"`
}

// appeal keeps a note to the operator by the account that signed the request. The same request again is answered as the first time.
func (a *API) appeal(w http.ResponseWriter, r *http.Request) error {
	var asked appealRequest
	owner, now, err := a.asks(w, r, maxAppeal, &asked, "the body must be {note, kind, epoch, infohash, source} or {note, serial}")
	if err != nil {
		return err
	}
	about := ledger.Subject{Kind: asked.Kind, Epoch: asked.Epoch, Work: asked.Infohash, Source: asked.Source, Serial: asked.Serial}
	kept, err := a.Ledger.Appeal(r.Context(), ledger.Appeal{Account: owner, Subject: about, Note: asked.Note}, now)
	if err != nil {
		return a.failed("keep an appeal", err)
	}
	a.Log.Info("appeal", "number", kept.ID)
	write(w, http.StatusOK, appealOf(kept))
	return nil
}

func appealOf(a ledger.Appeal) appealAnswer {
	answer := appealAnswer{
		ID: a.ID, Account: a.Account, Kind: a.Kind, Epoch: a.Epoch, Infohash: a.Work, Name: a.Name, Source: a.Source, Serial: a.Serial,
		Bytes: a.Basis, Credits: a.Credits, Reason: a.Reason, ReasonText: a.Reason.Text(), Note: a.Note, Time: a.Time,
		State: "open", Answer: a.Answer, Answered: a.Answered,
	}
	if a.Kind == reward.Availability {
		answer.Bytes, answer.Minutes = 0, a.Basis
	}
	if a.Answered > 0 {
		answer.State = "answered"
	}
	return answer
}

func appealsOf(list []ledger.Appeal) []appealAnswer {
	answers := make([]appealAnswer, len(list))
	for i, a := range list {
		answers[i] = appealOf(a)
	}
	return answers
}

// Appeals is where the operator reads and answers them.
type Appeals interface {
	Appeals(ctx context.Context, q ledger.AppealQuery) ([]ledger.Appeal, error)
	Answer(ctx context.Context, id int64, text string, now time.Time) error
}

// appeals answers ?state=open|all&before=number, the newest first.
func (a Admin) appeals(w http.ResponseWriter, r *http.Request) error {
	query, asked := r.URL.Query(), ledger.AppealQuery{Open: true, Most: appealsPerPage}
	switch query.Get("state") {
	case "", "open":
	case "all":
		asked.Open = false
	default:
		return malformed("state is open or all")
	}
	if s := query.Get("before"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 1 {
			return malformed("before is the number of an appeal")
		}
		asked.Before = n
	}
	list, err := a.Appeals.Appeals(r.Context(), asked)
	if err != nil {
		return err
	}
	write(w, http.StatusOK, map[string][]appealAnswer{"appeals": appealsOf(list)})
	return nil
}

// answerAppeal keeps the body, plain text, as the answer to an appeal.
func (a Admin) answerAppeal(w http.ResponseWriter, r *http.Request) error {
	n, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil || n < 1 {
		return malformed("an appeal has a number")
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, ledger.MaxNote))
	if err != nil {
		return readError(err)
	}
	if err := a.Appeals.Answer(r.Context(), n, string(text), time.Now()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
