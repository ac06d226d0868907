package tracker

import "iter"

// half is the seeders or the leechers of a swarm by their networks, in no meaningful but in a repeatable order.
type half struct {
	size     int // peers
	networks []*network
	byName   map[string]*network
}

// network is the peers of one network, see [Tracker.Place].
type network struct {
	name  string
	index int // in half.networks
	peers []*peer
}

func (h *half) add(p *peer) {
	n := h.byName[p.conn.net]
	if n == nil {
		n = &network{name: p.conn.net, index: len(h.networks)}
		if h.byName == nil {
			h.byName = map[string]*network{}
		}
		h.byName[n.name] = n
		h.networks = append(h.networks, n)
	}
	p.network, p.index = n, len(n.peers)
	n.peers = append(n.peers, p)
	h.size++
}

func (h *half) cut(p *peer) {
	n, last := p.network, len(p.network.peers)-1
	n.swap(p.index, last)
	n.peers[last] = nil
	n.peers = n.peers[:last]
	h.size--
	if last == 0 {
		end := len(h.networks) - 1
		h.swap(n.index, end)
		h.networks[end] = nil
		h.networks = h.networks[:end]
		delete(h.byName, n.name)
	}
}

func (h *half) swap(i, j int) {
	h.networks[i], h.networks[j] = h.networks[j], h.networks[i]
	h.networks[i].index, h.networks[j].index = i, j
}

func (n *network) swap(i, j int) {
	n.peers[i], n.peers[j] = n.peers[j], n.peers[i]
	n.peers[i].index, n.peers[j].index = i, j
}

// all yields the peers.
func (h *half) all() iter.Seq[*peer] {
	return func(yield func(*peer) bool) {
		for _, n := range h.networks {
			for _, p := range n.peers {
				if !yield(p) {
					return
				}
			}
		}
	}
}
