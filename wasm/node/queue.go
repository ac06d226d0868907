package node

import (
	"slices"

	"fanseed/wasm/swarm"
)

// queue holds blocks until a limit lets them go: of each work in turn, and of
// each of its peers in turn, so that a flood holds up nobody but itself.
type queue struct {
	works []*workQueue // the next first
}

type workQueue struct {
	work  *work
	peers []*peerQueue // the next first; never empty
}

type peerQueue struct {
	peer   swarm.Peer
	blocks []held // never empty
	turns  uint32 // that the first of them has waited for
}

// turn is how many bytes a peer may have before it is the next one's turn: a
// longer block waits for several.
const turn = 16 << 10

// held is a block that waits. Its turn comes with release, or with an error that
// says why it will not come.
type held struct {
	index, begin, length uint32
	release              func(err error)
}

func (q *queue) empty() bool { return len(q.works) == 0 }

func (q *queue) of(w *work) *workQueue {
	for _, found := range q.works {
		if found.work == w {
			return found
		}
	}
	return nil
}

func (w *workQueue) of(p swarm.Peer) *peerQueue {
	for _, found := range w.peers {
		if found.peer == p {
			return found
		}
	}
	return nil
}

func (q *queue) add(w *work, p swarm.Peer, b held) {
	blocks := q.of(w)
	if blocks == nil {
		blocks = &workQueue{work: w}
		q.works = append(q.works, blocks)
	}
	line := blocks.of(p)
	if line == nil {
		line = &peerQueue{peer: p}
		blocks.peers = append(blocks.peers, line)
	}
	line.blocks = append(line.blocks, b)
}

// next takes the block whose turn it is from a queue that is not empty.
func (q *queue) next() held {
	for {
		w := q.works[0]
		b, ok := w.next()
		q.works = q.works[1:]
		if len(w.peers) > 0 {
			q.works = append(q.works, w)
		}
		if ok {
			return b
		}
	}
}

// next takes the first block of the peer whose turn it is, if it has waited for
// as many turns as it is long.
func (w *workQueue) next() (b held, ok bool) {
	p := w.peers[0]
	p.turns++
	if ok = p.turns*turn >= p.blocks[0].length; ok {
		b, p.blocks, p.turns = p.blocks[0], p.blocks[1:], 0
	}
	w.peers = w.peers[1:]
	if len(p.blocks) > 0 {
		w.peers = append(w.peers, p)
	}
	return b, ok
}

// cancel takes a peer's block back; false when it does not wait here.
func (q *queue) cancel(w *work, p swarm.Peer, index, begin, length uint32) bool {
	found := false
	q.drop(w, p, func(b held) bool {
		same := b.index == index && b.begin == begin && b.length == length
		found = found || same
		return same
	})
	return found
}

// waits says whether a peer's block waits here.
func (q *queue) waits(w *work, p swarm.Peer, index, begin, length uint32) bool {
	blocks := q.of(w)
	if blocks == nil {
		return false
	}
	line := blocks.of(p)
	return line != nil && slices.ContainsFunc(line.blocks, func(b held) bool {
		return b.index == index && b.begin == begin && b.length == length
	})
}

// forget drops all that waits for a peer that has gone.
func (q *queue) forget(w *work, p swarm.Peer) {
	q.drop(w, p, func(held) bool { return true })
}

func (q *queue) drop(w *work, p swarm.Peer, which func(held) bool) {
	blocks := q.of(w)
	if blocks == nil {
		return
	}
	line := blocks.of(p)
	if line == nil {
		return
	}
	line.blocks = slices.DeleteFunc(line.blocks, which)
	if len(line.blocks) == 0 {
		blocks.peers = slices.DeleteFunc(blocks.peers, func(other *peerQueue) bool { return other == line })
	}
	if len(blocks.peers) == 0 {
		q.works = slices.DeleteFunc(q.works, func(other *workQueue) bool { return other == blocks })
	}
}
