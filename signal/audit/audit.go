// Package audit is the server's own downloaders: they join works as anybody does, take some pieces from the seeders that the server introduces,
// verify them, and tell how each seeder has served.
//
// It owns its accounts, which are made at random and used a few times each, and what is suspected of whom. It promises that an audit is a
// visit of the ordinary engine: the same client id, announces, tickets, wire messages and receipts as of a person who begins to stream a work
// somewhere and leaves. What it learns it learns by watching its own connections, and never by saying anything of its own. What it takes is
// credited like any download: its receipts are honest, and who pays for the bytes is the pool, as for every other downloader. It never hands in
// what others owe it, so it earns nothing, and it never calls a seeder's failure what an honest one may do: to be away, at its caps, full or slow.
//
// What still tells an audit from a fan: its address, which is the server's unless it runs through a relay (Config.Relay), and that its WebRTC is
// pion's and not a browser's, as that of `fanseed seed` is.
package audit

import (
	"context"
	crand "crypto/rand"
	"encoding/hex"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/rtc"
)

// Works are what is published here.
type Works interface {
	// Lengths returns the works that are listed now, and their lengths in bytes.
	Lengths() iter.Seq2[[20]byte, int64]
	Torrent(ctx context.Context, infohash [20]byte) ([]byte, error)
}

// Config is what an auditor is made of. Works and Seeders are needed.
type Config struct {
	Server  string // origin of this server, to which logins are bound
	Dial    string // address of this server's own listener; empty to dial Server
	PerHour int    // audits, on average
	Works   Works
	// Seeders returns how many seed a work, without the server's own copy: nothing is at stake with that.
	Seeders func(infohash [20]byte) int
	Results Results // nil: outcomes are only counted
	ICE     []rtc.ICEServer
	Relay   bool // only relayed candidates: seeders see the relay's address, as they do of fans behind relays, and not the server's
	Rules   Rules
	Log     *slog.Logger
}

// Auditor runs audits.
type Auditor struct {
	Config
	counts [len(outcomes)]atomic.Int64
	failed atomic.Int64
	visits sync.WaitGroup

	mu         sync.Mutex // of what follows
	rand       *rand.Rand
	identities identities
	suspicions suspicions
}

// maxVisits is how many audits run at a time, each with what it takes in memory. One that falls due while so many run is left out.
const maxVisits = 4

// New returns an auditor. Nothing happens until Run or Audit.
func New(c Config) *Auditor {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Rules = c.Rules.withDefaults()
	return &Auditor{Config: c, rand: dice(), identities: identities{uses: c.Rules.Uses}}
}

func dice() *rand.Rand {
	var seed [32]byte
	crand.Read(seed[:])
	return rand.New(rand.NewChaCha8(seed))
}

// Run audits at random moments until ctx ends, and then leaves every work that it is in. An audit that fails is no error.
func (a *Auditor) Run(ctx context.Context) error {
	defer a.visits.Wait()
	if a.PerHour <= 0 {
		return nil
	}
	running := make(chan struct{}, maxVisits)
	for {
		timer := time.NewTimer(a.pause())
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		select {
		case running <- struct{}{}:
			a.visits.Go(func() {
				defer func() { <-running }()
				if err := a.Audit(ctx); err != nil && ctx.Err() == nil {
					a.Log.Error("an audit failed", "err", err)
				}
			})
		default:
		}
	}
}

// pause is the time to the next audit. When the last one was tells nothing of it.
func (a *Auditor) pause() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Duration(a.rand.ExpFloat64() * float64(time.Hour) / float64(a.PerHour))
}

// Audit visits one work, and reports how its seeders have served. Where nothing is seeded it does nothing. Errors: the work's torrent cannot be
// had, or the results not be reported.
func (a *Auditor) Audit(ctx context.Context) error {
	infohash, ok := a.choose(time.Now())
	if !ok {
		return nil
	}
	stored, err := a.Works.Torrent(ctx, infohash)
	if err != nil {
		return fmt.Errorf("read the torrent of %s: %w", hex.EncodeToString(infohash[:]), err)
	}
	t, err := metainfo.Parse(stored)
	if err != nil {
		return fmt.Errorf("read the torrent of %s: %w", hex.EncodeToString(infohash[:]), err)
	}
	id, seed := a.begin(infohash)
	v := newVisit(a.Config, id.key, t, seed)
	defer a.end(id)
	if !v.run(ctx) {
		return nil // it was told to stop: how it was served until then says little
	}
	results := v.results()
	a.confirm(time.Now(), ticket.Account(id.public()), results)
	if a.Results == nil || len(results) == 0 {
		return nil
	}
	if err := a.Results.Audited(ctx, results); err != nil {
		return fmt.Errorf("report an audit: %w", err)
	}
	return nil
}

// begin takes an account for a visit, and dice.
func (a *Auditor) begin(infohash [20]byte) (*identity, *rand.Rand) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.identities.take(a.rand, infohash), dice()
}

func (a *Auditor) end(id *identity) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.identities.give(id)
}

// confirm counts results, and says which of them are failures.
func (a *Auditor) confirm(now time.Time, by [16]byte, results []Result) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range results {
		r := &results[i]
		r.Failed = a.suspicions.heard(now, a.Rules, by, r)
		a.counts[r.Outcome].Add(1)
		if r.Failed {
			a.failed.Add(1)
		}
	}
}

// Failed returns how many results were failures since the start.
func (a *Auditor) Failed() int64 { return a.failed.Load() }

// Count returns how many seeders' audits have ended in an outcome since the start.
func (a *Auditor) Count(o Outcome) int64 { return a.counts[o].Load() }
