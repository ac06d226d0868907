package api

import (
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"fanseed/signal/ledger"
	"fanseed/signal/proof"
	"fanseed/signal/ticket"
	"fanseed/wasm/merkle"
	"fanseed/wasm/metainfo"
)

// How many works a list has, and at most.
const (
	worksPerPage    = 50
	maxWorksPerPage = 100
)

type workAnswer struct {
	Infohash  infohash `json:"infohash"`
	Name      string   `json:"name"`
	Length    uint64   `json:"length"`
	Files     int      `json:"files"`
	Published uint64   `json:"published"`
	Seeders   int      `json:"seeders"`
	Leechers  int      `json:"leechers"`
}

type wholeWorkAnswer struct {
	Infohash    infohash     `json:"infohash"`
	Name        string       `json:"name"`
	Length      uint64       `json:"length"`
	PieceLength uint64       `json:"piece_length"`
	Files       []fileAnswer `json:"files"`
	Magnet      string       `json:"magnet"`
	Published   uint64       `json:"published"`
	Seeders     int          `json:"seeders"`
	Leechers    int          `json:"leechers"`
	Boosts      boostsAnswer `json:"boosts"`
	Pools       poolsAnswer  `json:"pools"`
	Attention   Attention    `json:"attention"`
	Copy        *copyAnswer  `json:"copy,omitempty"`
}

// boostsAnswer sums up all boosts of a work that run.
type boostsAnswer struct {
	Count int    `json:"count"`
	Now   uint64 `json:"now"`           // µ-credits of the epoch that is open
	Left  uint64 `json:"left"`          // of that and the epochs to come
	Ends  int64  `json:"ends,omitzero"` // the last of them, Unix milliseconds
}

// poolsAnswer sums up all pools of a work that have something left.
type poolsAnswer struct {
	Count int    `json:"count"`
	Left  uint64 `json:"left"` // µ-credits
	Rate  uint64 `json:"rate"` // µ-credits per GiB
	Ends  int64  `json:"ends,omitzero"`
}

// copyAnswer tells of the server's own copy.
type copyAnswer struct {
	State    string  `json:"state"`
	Progress float64 `json:"progress"`
}

type fileAnswer struct {
	Path   string `json:"path"`
	Length int64  `json:"length"`
}

// listWorks answers ?limit=n&after=infohash, the newest first.
func (a *API) listWorks(w http.ResponseWriter, r *http.Request) error {
	page := ledger.Page{Limit: worksPerPage}
	query := r.URL.Query()
	if s := query.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > maxWorksPerPage {
			return malformed("limit must be a number from 1 to " + strconv.Itoa(maxWorksPerPage))
		}
		page.Limit = n
	}
	if s := query.Get("after"); s != "" {
		if (*infohash)(&page.After).UnmarshalText([]byte(s)) != nil {
			return malformed("after must be an infohash of 40 hexadecimal digits")
		}
	}
	works, err := a.Works.Works(r.Context(), page)
	if err != nil {
		return a.failed("list works", err)
	}
	list := make([]workAnswer, len(works))
	for i, work := range works {
		list[i] = a.summary(work)
	}
	write(w, http.StatusOK, map[string][]workAnswer{"works": list})
	return nil
}

func (a *API) summary(w ledger.Work) workAnswer {
	seeders, leechers := a.Swarms.Counts(w.Infohash)
	return workAnswer{w.Infohash, w.Name, w.Length, w.Files, w.Published, seeders, leechers}
}

// work answers for {infohash} and for {infohash}.torrent.
func (a *API) work(w http.ResponseWriter, r *http.Request) error {
	name, asTorrent := strings.CutSuffix(r.PathValue("work"), ".torrent")
	var hash infohash
	if hash.UnmarshalText([]byte(name)) != nil {
		return malformed("an infohash is 40 hexadecimal digits")
	}
	ours := a.copyOf(hash)
	torrent, err := a.torrent(r, hash, ours)
	if err != nil {
		return err
	}
	if asTorrent {
		w.Header().Set("Content-Type", "application/x-bittorrent")
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.torrent"`)
		_, _ = w.Write(torrent.Bytes()) // an error means that the client is gone
		return nil
	}
	work, err := a.Works.Work(r.Context(), hash)
	if err != nil {
		return a.failed("read work", err)
	}
	boosts, pools, err := a.backing(r, hash)
	if err != nil {
		return err
	}
	seeders, leechers := a.Swarms.Counts(hash)
	write(w, http.StatusOK, wholeWorkAnswer{
		hash, work.Name, work.Length, work.PieceLength, files(torrent.Info), torrent.Magnet().String(), work.Published, seeders, leechers,
		boosts, pools, a.Swarms.Attention(hash), ours,
	})
	return nil
}

// backing tells what is locked on a work.
func (a *API) backing(r *http.Request, hash [20]byte) (boosts boostsAnswer, pools poolsAnswer, err error) {
	b, err := a.Ledger.Backing(r.Context(), hash, time.Now())
	if err != nil {
		return boosts, pools, a.failed("read boosts and pools", err)
	}
	epochs := a.Ledger.Epochs()
	if boosts = (boostsAnswer{Count: b.Boosts, Now: b.Boost, Left: b.BoostLeft}); b.Boosts > 0 {
		boosts.Ends = epochs.Ends(b.BoostLast).UnixMilli()
	}
	if pools = (poolsAnswer{Count: b.Pools, Left: b.PoolLeft, Rate: b.PoolRate}); b.Pools > 0 {
		pools.Ends = epochs.Ends(b.PoolLast).UnixMilli()
	}
	return boosts, pools, nil
}

// torrent returns a work's .torrent with this server first among its trackers, then the ordinary ones, and its webseed if its own copy is
// whole.
func (a *API) torrent(r *http.Request, hash [20]byte, ours *copyAnswer) (*metainfo.Torrent, error) {
	stored, err := a.Works.Torrent(r.Context(), hash)
	if errors.Is(err, ledger.ErrNoWork) {
		return nil, a.gone(r, hash)
	}
	if err != nil {
		return nil, a.failed("read torrent", err)
	}
	torrent, err := metainfo.Parse(stored)
	if err != nil {
		return nil, a.failed("parse torrent", err)
	}
	if tracker := a.tracker(r); !torrent.Announces(tracker) {
		torrent.Announce = slices.Insert(torrent.Announce, 0, []string{tracker})
	}
	if !torrent.Info.Private {
		torrent.AddTrackers(a.Trackers)
	}
	if ours != nil && ours.State == WholeCopy {
		if url := a.origin(r) + a.Webseed + hex.EncodeToString(hash[:]) + "/"; !slices.Contains(torrent.Webseeds, url) {
			torrent.Webseeds = append(torrent.Webseeds, url)
		}
	}
	return torrent, nil
}

// copyOf returns what there is to tell of the server's own copy of a work.
func (a *API) copyOf(hash [20]byte) *copyAnswer {
	if a.Copies == nil {
		return nil
	}
	state, progress := a.Copies.Copy(hash)
	if state == "" {
		return nil
	}
	return &copyAnswer{state, progress}
}

// gone tells a work that was removed from one that never was.
func (a *API) gone(r *http.Request, hash [20]byte) error {
	if w, err := a.Works.Work(r.Context(), hash); err == nil && w.Removed {
		return errRemoved
	}
	return errNoWork
}

func files(info *metainfo.Info) []fileAnswer {
	list := []fileAnswer{}
	for _, f := range info.Content() {
		list = append(list, fileAnswer{strings.Join(f.Path, "/"), f.Length})
	}
	return list
}

// leaves counts a torrent's blocks of 16 KiB, as if it had them where it is known by its pieces alone.
func leaves(info *metainfo.Info) uint64 {
	if info.HasV2() {
		return uint64(proof.NewParts(info).Len())
	}
	return uint64(merkle.Leaves(info.Size()))
}

// publish keeps a .torrent in the name of the key that signed the request. The
// server makes a copy of the work, unless the query says copy=false.
func (a *API) publish(w http.ResponseWriter, r *http.Request) error {
	if err := a.charge(r, publishCost); err != nil {
		return err
	}
	select {
	case a.publishing <- struct{}{}:
		defer func() { <-a.publishing }()
	case <-r.Context().Done():
		return r.Context().Err()
	}
	now := time.Now()
	key, body, err := a.signed(w, r, ledger.MaxTorrent, now)
	if err != nil {
		return err
	}
	torrent, err := metainfo.Parse(body)
	if err != nil {
		return &refusal{status: http.StatusBadRequest, Code: "bad_torrent", Message: "the .torrent cannot be read: " + err.Error()}
	}
	work := ledger.Work{
		Infohash: torrent.Infohash, Name: torrent.Info.Name, Length: uint64(torrent.Info.Size()),
		PieceLength: uint64(torrent.Info.PieceLength), Files: len(files(torrent.Info)),
		Leaves: leaves(torrent.Info), Weak: !torrent.Info.HasV2(), Common: true,
		Publisher: ticket.Account(key), Published: uint64(now.UnixMilli()),
	}
	if err := a.Ledger.Register(r.Context(), key, now); err != nil {
		return a.failed("register publisher", err)
	}
	switch err := a.Listing.Publish(r.Context(), work, body, a.MaxWorks); {
	case errors.Is(err, ledger.ErrWorkExists):
		return a.published(w, r, torrent, work.Publisher)
	case err != nil:
		return a.failed("publish", err)
	}
	if err := a.copy(r, torrent, work.Publisher); err != nil {
		return err
	}
	write(w, http.StatusCreated, a.summary(work))
	return nil
}

// copy has a published work copied, or not.
func (a *API) copy(r *http.Request, t *metainfo.Torrent, by [16]byte) (err error) {
	if a.Copies == nil {
		return nil
	}
	if r.URL.Query().Get("copy") == "false" {
		err = a.Copies.Decline(t.Infohash)
	} else {
		err = a.Copies.Pull(t, by)
	}
	if err != nil {
		return a.failed("copy", err)
	}
	return nil
}

// published answers for a work that was there already. Its publisher may have
// changed their mind about the copy.
func (a *API) published(w http.ResponseWriter, r *http.Request, t *metainfo.Torrent, by [16]byte) error {
	work, err := a.Works.Work(r.Context(), t.Infohash)
	if err != nil {
		return a.failed("read work", err)
	}
	if work.Publisher == by && !work.Removed {
		if err := a.copy(r, t, by); err != nil {
			return err
		}
	}
	write(w, http.StatusOK, a.summary(work))
	return nil
}
