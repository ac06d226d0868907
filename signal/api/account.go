package api

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"fanseed/signal/ledger"
	"fanseed/signal/receipt"
	"fanseed/signal/reward"
	"fanseed/signal/ticket"
)

// maxSettle bounds the body of a settlement: MaxReceipts of the longest form.
const maxSettle = 512 << 10

type settleRequest struct {
	Account  account `json:"account"`
	Receipts []struct {
		Serial    serial    `json:"serial"`
		Amount    uint64    `json:"amount"`
		Signature signature `json:"signature"`
	} `json:"receipts"`
}

type resultAnswer struct {
	Serial serial         `json:"serial"`
	Amount uint64         `json:"amount"`
	Reason receipt.Reason `json:"reason"`
	// Promise is missing where nothing is stored.
	Promise promiseAnswer `json:"promise,omitzero"`
}

// promiseAnswer is what the public log promises; the record is made of salt and epoch, and the result's serial and amount.
type promiseAnswer struct {
	Salt      serial    `json:"salt"`
	Epoch     uint32    `json:"epoch"`
	By        uint64    `json:"by"`
	Signature signature `json:"signature"`
}

// recordAnswer is a receipt as the public log has it, or will have it.
type recordAnswer struct {
	Serial serial `json:"serial"`
	Amount uint64 `json:"amount"`
	Epoch  uint32 `json:"epoch"`
	Salt   serial `json:"salt"`
}

// settle takes receipts. It needs no signature: a receipt can credit nobody but
// its ticket's seeder.
func (a *API) settle(w http.ResponseWriter, r *http.Request) error {
	var asked settleRequest
	if err := json.UnmarshalRead(http.MaxBytesReader(w, r.Body, maxSettle), &asked); err != nil {
		if said := refusalOf(err); said != errInternal {
			return said
		}
		return malformed("the body must be {account, receipts:[{serial, amount, signature}]}")
	}
	if err := a.charge(r, len(asked.Receipts)/receiptsPerCost); err != nil {
		return err
	}
	receipts := make([]receipt.Receipt, len(asked.Receipts))
	for i, r := range asked.Receipts {
		receipts[i] = receipt.Receipt{Serial: r.Serial, Amount: r.Amount, Signature: r.Signature}
	}
	results, err := a.Ledger.Settle(r.Context(), asked.Account, receipts, time.Now())
	if err != nil {
		return a.failed("settle", err)
	}
	list := make([]resultAnswer, len(results))
	for i, r := range results {
		p := r.Promise
		list[i] = resultAnswer{r.Serial, r.Amount, r.Reason, promiseAnswer{p.Salt, p.Epoch, p.By, p.Signature}}
	}
	write(w, http.StatusOK, map[string][]resultAnswer{"results": list})
	return nil
}

type statementAnswer struct {
	Account          account         `json:"account"`
	Time             int64           `json:"time"` // of the server, Unix milliseconds
	Epoch            epochAnswer     `json:"epoch"`
	RatePerGiB       uint64          `json:"rate_per_gib"`
	BytesConfirmed   uint64          `json:"bytes_confirmed"`
	CreditsPending   uint64          `json:"credits_pending"`
	CreditsConfirmed uint64          `json:"credits_confirmed"` // held and payable
	CreditsHeld      uint64          `json:"credits_held"`
	CreditsPayable   uint64          `json:"credits_payable"`
	CreditsPromo     uint64          `json:"credits_promo"`
	Held             []heldAnswer    `json:"held"`
	Lines            []lineAnswer    `json:"lines"`
	Refused          []refusedAnswer `json:"refused"`
	Records          []recordAnswer  `json:"records"` // of the public log, newest first
	Boosts           []boostAnswer   `json:"boosts"`  // that run, the oldest first
	Pools            []poolAnswer    `json:"pools"`
	Appeals          []appealAnswer  `json:"appeals"` // newest first
}

type heldAnswer struct {
	Epoch  uint32 `json:"epoch"` // in which it was earned
	Until  int64  `json:"until"` // Unix milliseconds
	Amount uint64 `json:"amount"`
}

type lineAnswer struct {
	Kind       reward.Kind    `json:"kind"`
	Infohash   infohash       `json:"infohash,omitzero"`
	Name       string         `json:"name"`
	Source     id             `json:"source,omitzero"` // the pool or boost that pays it
	Epoch      uint32         `json:"epoch"`
	Bytes      uint64         `json:"bytes"`
	Minutes    uint64         `json:"minutes"`
	Counted    uint64         `json:"counted"` // of the bytes or minutes, what no cap took away
	Weight     uint64         `json:"weight"`  // what that counted for in the division
	Credits    uint64         `json:"credits"`
	State      string         `json:"state"` // pending or confirmed
	Reason     receipt.Reason `json:"reason"`
	ReasonText string         `json:"reason_text"`
}

type refusedAnswer struct {
	Infohash   infohash       `json:"infohash,omitzero"`
	Serial     serial         `json:"serial"`
	Amount     uint64         `json:"amount"`
	Reason     receipt.Reason `json:"reason"`
	ReasonText string         `json:"reason_text"`
	Time       uint64         `json:"time"`
}

// account shows a seeder its statement.
func (a *API) account(w http.ResponseWriter, r *http.Request) error {
	now := time.Now()
	asked, err := a.own(w, r, now)
	if err != nil {
		return err
	}
	s, err := a.Ledger.Statement(r.Context(), asked)
	if err != nil {
		return a.failed("read statement", err)
	}
	return a.tell(w, r, asked, s, now)
}

// own returns the account that a request is about, which must be its signer's.
func (a *API) own(w http.ResponseWriter, r *http.Request, now time.Time) (asked account, err error) {
	key, _, err := a.signed(w, r, 0, now)
	if err != nil {
		return asked, err
	}
	if asked.UnmarshalText([]byte(r.PathValue("account"))) != nil {
		return asked, malformed("an account is 32 hexadecimal digits")
	}
	if asked != ticket.Account(key) {
		return asked, errForeign
	}
	return asked, nil
}

// tell writes a statement.
func (a *API) tell(w http.ResponseWriter, r *http.Request, asked account, s ledger.Statement, now time.Time) error {
	rate, err := a.Ledger.Rate(r.Context())
	if err != nil {
		return a.failed("read rate", err)
	}
	boosts, pools, err := a.stakes(r, asked, now)
	if err != nil {
		return err
	}
	write(w, http.StatusOK, statementAnswer{
		asked, now.UnixMilli(), a.epoch(now), rate, s.Bytes, s.Pending, amount(s.Held + s.Payable), amount(s.Held), amount(s.Payable), amount(s.Promo),
		a.held(s), lines(s), refused(s), records(s), boosts, pools, appealsOf(s.Appeals),
	})
	return nil
}

// amount is a balance as it is told: never below zero.
func amount(balance int64) uint64 { return uint64(max(balance, 0)) }

func (a *API) held(s ledger.Statement) []heldAnswer {
	list := make([]heldAnswer, len(s.Holdings))
	for i, h := range s.Holdings {
		list[i] = heldAnswer{h.Epoch, a.Ledger.Epochs().Ends(h.Release).UnixMilli(), h.Amount}
	}
	return list
}

func lines(s ledger.Statement) []lineAnswer {
	list := make([]lineAnswer, len(s.Lines))
	for i, l := range s.Lines {
		state := "pending"
		if l.Paid {
			state = "confirmed"
		}
		list[i] = lineAnswer{
			Kind: l.Kind, Infohash: l.Work, Name: l.Name, Source: l.From, Epoch: l.Epoch, Counted: l.Counted, Weight: l.Weight,
			Credits: l.Amount, State: state, Reason: l.Reason, ReasonText: l.Text(),
		}
		switch l.Kind {
		case reward.Availability:
			list[i].Minutes = l.Basis
		case reward.Grant:
		default:
			list[i].Bytes = l.Basis
		}
	}
	return list
}

func refused(s ledger.Statement) []refusedAnswer {
	list := make([]refusedAnswer, len(s.Refused))
	for i, r := range s.Refused {
		list[i] = refusedAnswer{r.Infohash, r.Serial, r.Amount, r.Reason, r.Reason.Text(), r.Time}
	}
	return list
}

func records(s ledger.Statement) []recordAnswer {
	list := make([]recordAnswer, len(s.Records))
	for i, r := range s.Records {
		list[i] = recordAnswer{r.Serial, r.Amount, r.Epoch, r.Salt}
	}
	return list
}

// failed logs an error that is the server's own fault, and passes it on.
func (a *API) failed(doing string, err error) error {
	if said := refusalOf(err); said == errInternal || said == errStorage {
		a.Log.Error("request failed", "doing", doing, "err", err)
	}
	return err
}
