package api

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"fanseed/signal/ledger"
	"fanseed/signal/ticket"
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
	Copy        *copyAnswer  `json:"copy,omitzero"` // the server's own; none where it makes none
}

// copyAnswer is what becomes of the server's copy: pulling, whole, declined, no_room or evicted.
type copyAnswer struct {
	State    string  `json:"state"`
	Progress float64 `json:"progress"` // 0 to 1
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
	torrent, err := a.torrent(r, hash)
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
	seeders, leechers := a.Swarms.Counts(hash)
	write(w, http.StatusOK, wholeWorkAnswer{
		hash, work.Name, work.Length, work.PieceLength, files(torrent.Info), torrent.Magnet().String(), work.Published, seeders, leechers, a.copy(hash),
	})
	return nil
}

// torrent returns a work's .torrent with this server among its trackers, and among its webseeds where it has a copy.
func (a *API) torrent(r *http.Request, hash [20]byte) (*metainfo.Torrent, error) {
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
	tracker := a.tracker(r)
	if !slices.ContainsFunc(torrent.Announce, func(tier []string) bool { return slices.Contains(tier, tracker) }) {
		torrent.Announce = slices.Insert(torrent.Announce, 0, []string{tracker})
	}
	webseed := a.origin(r) + WebseedPath + hex.EncodeToString(hash[:]) + "/"
	if a.Copies != nil && a.Copies.Gives(hash) && !slices.Contains(torrent.Webseeds, webseed) {
		torrent.Webseeds = append(torrent.Webseeds, webseed)
	}
	return torrent, nil
}

// copy tells what becomes of the server's copy of a work.
func (a *API) copy(hash [20]byte) *copyAnswer {
	if a.Copies == nil {
		return nil
	}
	state, progress, known := a.Copies.Copy(hash)
	if !known {
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

// publish keeps a .torrent in the name of the key that signed the request. With ?copy=false the server makes no copy of its own; whoever has
// published a work may say so later, too, or take it back with ?copy=true.
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
	wish := r.URL.Query().Get("copy")
	if wish != "" && wish != "true" && wish != "false" {
		return malformed("copy is true or false")
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
		Publisher: ticket.Account(key), Published: uint64(now.UnixMilli()),
	}
	if err := a.Ledger.Register(r.Context(), key, now); err != nil {
		return a.failed("register publisher", err)
	}
	if err := a.declineFirst(r.Context(), work.Infohash, wish); err != nil {
		return err
	}
	switch err := a.Listing.Publish(r.Context(), work, body, a.MaxWorks); {
	case errors.Is(err, ledger.ErrWorkExists):
		return a.published(w, r, work, wish)
	case err != nil:
		return a.failed("publish", err)
	}
	if a.Copies != nil {
		a.Copies.Pull(work.Infohash, int64(work.Length))
	}
	write(w, http.StatusCreated, a.summary(work))
	return nil
}

// declineFirst has a work declined before it is listed, so that nothing of it is ever copied. One that is there already is its publisher's.
func (a *API) declineFirst(ctx context.Context, hash [20]byte, wish string) error {
	if a.Copies == nil || wish != "false" {
		return nil
	}
	if _, err := a.Works.Work(ctx, hash); !errors.Is(err, ledger.ErrNoWork) {
		return nil
	}
	if err := a.Copies.Decline(hash); err != nil {
		return a.failed("decline a copy", err)
	}
	return nil
}

// published answers for a work that was there already. Its publisher may have changed their mind about the copy.
func (a *API) published(w http.ResponseWriter, r *http.Request, again ledger.Work, wish string) error {
	work, err := a.Works.Work(r.Context(), again.Infohash)
	if err != nil {
		return a.failed("read work", err)
	}
	if a.Copies != nil && work.Publisher == again.Publisher {
		switch wish {
		case "true":
			err = a.Copies.Allow(work.Infohash)
		case "false":
			err = a.Copies.Decline(work.Infohash)
		}
	}
	if err != nil {
		return a.failed("choose about a copy", err)
	}
	write(w, http.StatusOK, a.summary(work))
	return nil
}
