package api

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"fanseed/signal/ledger"
	"fanseed/signal/reward"
	"fanseed/signal/ticket"
)

// What a request costs that an account makes of the ledger, and the most bytes of one to lock credits.
const (
	stakeCost = 5
	maxStake  = 1 << 10
)

// id names a boost or a pool: 32 hexadecimal digits, chosen by whoever asks.
type id = account

type boostRequest struct {
	ID       id       `json:"id"`
	Infohash infohash `json:"infohash"`
	Price    uint64   `json:"price"`
	Epochs   uint32   `json:"epochs"`
	Promo    bool     `json:"promo"`
}

type boostAnswer struct {
	ID       id       `json:"id"`
	Infohash infohash `json:"infohash"`
	Price    uint64   `json:"price"`
	Fee      uint64   `json:"fee"` // of the price
	First    uint32   `json:"first"`
	Epochs   uint32   `json:"epochs"`
	Ends     int64    `json:"ends"` // Unix milliseconds
	Promo    bool     `json:"promo"`
}

// boost locks credits of the account that signed the request on a work. The same request again is answered as the first time.
func (a *API) boost(w http.ResponseWriter, r *http.Request) error {
	var asked boostRequest
	owner, now, err := a.asks(w, r, maxStake, &asked, "the body must be {id, infohash, price, epochs, promo}")
	if err != nil {
		return err
	}
	kept, err := a.Ledger.Boost(r.Context(), ledger.Boost{
		ID: asked.ID, Work: asked.Infohash, Owner: owner, Price: asked.Price, Promo: asked.Promo, Epochs: asked.Epochs,
	}, now)
	if err != nil {
		return a.failed("boost", err)
	}
	write(w, http.StatusOK, a.boostOf(kept))
	return nil
}

func (a *API) boostOf(b ledger.Boost) boostAnswer {
	_, fee := reward.Fee(b.Price)
	return boostAnswer{b.ID, b.Work, b.Price, fee, b.First, b.Epochs, a.Ledger.Epochs().Ends(b.First + b.Epochs - 1).UnixMilli(), b.Promo}
}

type poolRequest struct {
	ID       id       `json:"id"`
	Infohash infohash `json:"infohash"`
	Amount   uint64   `json:"amount"`
	Rate     uint64   `json:"rate"` // µ-credits per GiB
	Epochs   uint32   `json:"epochs"`
}

type poolAnswer struct {
	ID       id       `json:"id"`
	Infohash infohash `json:"infohash"`
	Amount   uint64   `json:"amount"`
	Left     uint64   `json:"left"`
	Rate     uint64   `json:"rate"`
	Last     uint32   `json:"last"` // epoch
	Ends     int64    `json:"ends"` // Unix milliseconds
}

// fund locks credits of the account that signed the request in a pool for a work, as boost does.
func (a *API) fund(w http.ResponseWriter, r *http.Request) error {
	var asked poolRequest
	owner, now, err := a.asks(w, r, maxStake, &asked, "the body must be {id, infohash, amount, rate, epochs}")
	if err != nil {
		return err
	}
	kept, err := a.Ledger.Fund(r.Context(), ledger.Pool{ID: asked.ID, Work: asked.Infohash, Owner: owner, Amount: asked.Amount, Rate: asked.Rate}, asked.Epochs, now)
	if err != nil {
		return a.failed("fund a pool", err)
	}
	write(w, http.StatusOK, a.poolOf(ledger.Fund{Pool: kept, Left: kept.Amount}))
	return nil
}

func (a *API) poolOf(f ledger.Fund) poolAnswer {
	return poolAnswer{f.ID, f.Work, f.Amount, f.Left, f.Rate, f.Last, a.Ledger.Epochs().Ends(f.Last).UnixMilli()}
}

// asks reads a signed request of an account: JSON of at most limit bytes.
func (a *API) asks(w http.ResponseWriter, r *http.Request, limit int64, asked any, form string) (owner [16]byte, now time.Time, err error) {
	now = time.Now()
	if err := a.charge(r, stakeCost); err != nil {
		return owner, now, err
	}
	key, body, err := a.signed(w, r, limit, now)
	if err != nil {
		return owner, now, err
	}
	if json.Unmarshal(body, asked) != nil {
		return owner, now, malformed(form)
	}
	return ticket.Account(key), now, nil
}

// stakes tells what an account has locked.
func (a *API) stakes(r *http.Request, account [16]byte, now time.Time) (boosts []boostAnswer, pools []poolAnswer, err error) {
	list, err := a.Ledger.Stakes(r.Context(), account, now)
	if err != nil {
		return nil, nil, a.failed("read boosts and pools", err)
	}
	boosts, pools = make([]boostAnswer, len(list.Boosts)), make([]poolAnswer, len(list.Pools))
	for i, b := range list.Boosts {
		boosts[i] = a.boostOf(b)
	}
	for i, f := range list.Pools {
		pools[i] = a.poolOf(f)
	}
	return boosts, pools, nil
}
