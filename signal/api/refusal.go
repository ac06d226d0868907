package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"fanseed/signal/ledger"
)

// refusal is what a client is told instead of an answer. Its code is from the
// closed list below.
type refusal struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
	Time    int64  `json:"time,omitzero"` // the server's clock in Unix milliseconds, where that helps
}

func (r *refusal) Error() string { return r.Message }

// The refusals that need no more words.
var (
	errNoWord   = &refusal{status: 404, Code: "not_found", Message: "there is nothing under this address"}
	errNoWork   = &refusal{status: 404, Code: "not_found", Message: "no work with this infohash is published here"}
	errRemoved  = &refusal{status: 410, Code: "removed", Message: "this work was removed by the operator"}
	errFull     = &refusal{status: 507, Code: "works_full", Message: "this server keeps as many works as it may"}
	errBusy     = &refusal{status: 429, Code: "busy", Message: "too many requests; wait a few seconds"}
	errTooLarge = &refusal{status: 413, Code: "too_large", Message: "the request is larger than it may be"}
	errStorage  = &refusal{status: 503, Code: "storage", Message: "the server cannot store anything at the moment; nothing was changed, try again later"}
	errInternal = &refusal{status: 500, Code: "internal", Message: "the server failed; try again later"}
	errFunds    = &refusal{status: 402, Code: "funds", Message: "the account has not as much that it may spend"}
	errTaken    = &refusal{status: 409, Code: "taken", Message: "this id names another one already"}
	errMany     = &refusal{status: 409, Code: "too_many", Message: "this account has as many boosts and pools as it may"}
	errNoLine   = &refusal{status: 404, Code: "not_found", Message: "this account has no such line of a closed epoch, and no such refused receipt"}
	errNoAppeal = &refusal{status: 404, Code: "not_found", Message: "there is no appeal with this number"}
	errWritten  = &refusal{status: 409, Code: "taken", Message: "something else was written about this already"}
	errAppeals  = &refusal{status: 409, Code: "too_many", Message: "this account has written as many appeals as it may in one epoch"}
	errForeign  = &refusal{status: 403, Code: "forbidden", Message: "this account can be read by its own key only"}
)

func malformed(message string) *refusal {
	return &refusal{status: 400, Code: "malformed", Message: message}
}

// unsigned refuses a request without a good signature, and tells the server's
// time, so that a client whose clock is wrong can sign again.
func unsigned(code, message string, now time.Time) *refusal {
	return &refusal{status: 401, Code: code, Message: message, Time: now.UnixMilli()}
}

// refusalOf says what an error means to a client.
func refusalOf(err error) *refusal {
	var r *refusal
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &r):
		return r
	case errors.As(err, &large):
		return errTooLarge
	case errors.Is(err, ledger.ErrNoWork):
		return errNoWork
	case errors.Is(err, ledger.ErrWorkRemoved):
		return errRemoved
	case errors.Is(err, ledger.ErrWorksFull):
		return errFull
	case errors.Is(err, ledger.ErrTooMany):
		return malformed("at most 1000 receipts can be settled at once")
	case errors.Is(err, ledger.ErrKey):
		return malformed("the public key is of small order")
	case errors.Is(err, ledger.ErrStake):
		return malformed("a boost or a pool is of at least 1000 µ-credits and of 1 to 60 epochs, and a pool has a rate")
	case errors.Is(err, ledger.ErrNote):
		return malformed("a note is of 1 to 500 bytes of text without control characters")
	case errors.Is(err, ledger.ErrNoLine):
		return errNoLine
	case errors.Is(err, ledger.ErrNoAppeal):
		return errNoAppeal
	case errors.Is(err, ledger.ErrWritten):
		return errWritten
	case errors.Is(err, ledger.ErrAppeals):
		return errAppeals
	case errors.Is(err, ledger.ErrFunds):
		return errFunds
	case errors.Is(err, ledger.ErrTaken):
		return errTaken
	case errors.Is(err, ledger.ErrMany):
		return errMany
	case errors.Is(err, ledger.ErrStorage), errors.Is(err, ledger.ErrClosed):
		return errStorage
	}
	return errInternal
}

// answer is a handler that returns its refusal.
type answer func(w http.ResponseWriter, r *http.Request) error

func (a answer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := a(w, r); err != nil {
		said := refusalOf(err)
		if said == errBusy {
			w.Header().Set("Retry-After", "5")
		}
		write(w, said.status, said)
	}
}

// write sends value as JSON. An error means that the client is gone.
func write(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, value)
}
