package node

import (
	"context"
	"errors"
	"time"

	"fanseed/signal/receipt"
	"fanseed/wasm/store"
	"fanseed/wasm/swarm"
)

// drain carries out what the swarm has decided. It must run after every input.
func (w *work) drain(now time.Time) {
	for {
		e, ok := w.swarm.Next()
		if !ok {
			return
		}
		w.carryOut(now, e)
	}
}

func (w *work) carryOut(now time.Time, e swarm.Effect) {
	w.stirred = true
	switch e.Kind {
	case swarm.Send:
		w.send(e)
	case swarm.Write:
		copy(w.buffer(e.Index)[e.Begin:], e.Block)
	case swarm.Discard:
		delete(w.pieces, e.Index)
	case swarm.Hash:
		w.hash(e)
	case swarm.Store:
		w.put(e.Index)
	case swarm.Load:
		w.load(e)
	case swarm.Drop:
		w.lose(e)
	case swarm.InfoReady:
		w.check(append([]byte(nil), e.Block...))
	case swarm.Sign:
		w.sign(e)
	case swarm.Check:
		w.verify(e)
	case swarm.Claim:
		w.claim(e)
	case swarm.Have:
		if w.files.holds(e.Index) {
			w.missing--
		}
		w.changed = true
		w.files.add(e.Index)
		w.arrived(e.Index)
		if w.missing == 0 || !w.begun {
			w.begun, w.node.shown = true, time.Time{} // the first piece and the last are shown at once
		}
	case swarm.Complete:
		w.changed = true
		w.completed = true
	case swarm.LoadLeaves:
		w.loadLeaves(e)
	case swarm.LayersKnown:
		w.layered()
	case swarm.Broken:
		w.node.mail.post(func() { w.fail(time.Now(), ErrTorrent) })
	}
}

// later runs a job and gives its result to the swarm, unless the work was
// removed or has another swarm meanwhile.
func (w *work) later(f func(ctx context.Context) func(now time.Time)) {
	s := w.swarm
	w.node.jobs.do(func(ctx context.Context) func() {
		result := f(ctx)
		return func() {
			if w.removed || w.swarm != s {
				return
			}
			now := time.Now()
			result(now)
			w.drain(now)
			w.flush(now)
		}
	})
}

// stubborn tries three times what may fail for a moment, as when memory is short.
func stubborn[T any](ctx context.Context, f func() (T, error)) (v T, err error) {
	for range 3 {
		if v, err = f(); err == nil || ctx.Err() != nil {
			break
		}
	}
	return v, err
}

func (w *work) put(index int) {
	piece, into := w.pieces[index], w.store
	w.later(func(ctx context.Context) func(time.Time) {
		err := ErrLost
		if into != nil {
			err = into.Put(ctx, index, piece)
		}
		return func(now time.Time) {
			delete(w.pieces, index)
			w.swarm.Stored(now, index, err)
			if err != nil {
				w.drain(now)
				w.fail(now, storeError(err))
			}
		}
	})
}

func storeError(err error) error {
	switch {
	case errors.Is(err, store.ErrFull):
		return ErrFull
	case errors.Is(err, store.ErrLost):
		return ErrLost
	}
	return err
}

// lose closes a connection that the swarm has done with.
func (w *work) lose(e swarm.Effect) {
	peer, why := e.Peer, string(e.Reason)
	w.node.mail.post(func() {
		now := time.Now()
		if l := w.link(peer); l != nil {
			l.flush(now)
			l.drop(now, why)
		} else if seed := w.webseed(peer); seed != nil {
			seed.barred = e.Reason == swarm.BadPiece || e.Reason == swarm.BadLeaf
			seed.close(now)
		}
	})
}

func (w *work) sign(e swarm.Effect) {
	peer, serial, amount := e.Peer, e.Serial, e.Amount
	w.later(func(ctx context.Context) func(time.Time) {
		signature, err := stubborn(ctx, func() ([64]byte, error) {
			return w.node.parts.Keys.Sign(ctx, receipt.Message(serial, amount))
		})
		return func(now time.Time) {
			if err == nil {
				w.swarm.Signed(now, peer, serial, amount, signature)
			}
		}
	})
}

func (w *work) verify(e swarm.Effect) {
	peer, serial, amount, signature := e.Peer, e.Serial, e.Amount, e.Signature
	payer, known := w.node.tickets.payer(serial)
	w.later(func(ctx context.Context) func(time.Time) {
		good := known && w.node.parts.Keys.Verify(ctx, payer, receipt.Message(serial, amount), signature)
		return func(now time.Time) { w.swarm.Checked(now, peer, serial, amount, good) }
	})
}

func (w *work) claim(e swarm.Effect) {
	if before := w.earned[e.Serial]; e.Amount > before {
		w.earned[e.Serial] = e.Amount
		w.earnings += e.Amount - before
	}
	w.changed = true
	w.node.claim(receipt.Receipt{Serial: e.Serial, Amount: e.Amount, Signature: e.Signature})
}
