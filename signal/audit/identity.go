package audit

import (
	"crypto/ed25519"
	"math/rand/v2"
	"slices"
)

// identity is an account for a few visits. Its key is nowhere but in memory.
type identity struct {
	key     ed25519.PrivateKey
	left    int // visits
	visited [][20]byte
}

func (id *identity) public() [32]byte { return [32]byte(id.key.Public().(ed25519.PublicKey)) }

// identities are the accounts that may come again.
type identities struct {
	uses int
	free []*identity
}

// take returns an account that has never visited the work, about every second time a new one: who comes to a swarm is mostly unknown to it.
func (ids *identities) take(r *rand.Rand, infohash [20]byte) *identity {
	at := slices.IndexFunc(ids.free, func(id *identity) bool { return !slices.Contains(id.visited, infohash) })
	var id *identity
	if at >= 0 && r.IntN(2) == 0 {
		id = ids.free[at]
		ids.free = slices.Delete(ids.free, at, at+1)
	} else {
		_, key, _ := ed25519.GenerateKey(nil)
		id = &identity{key: key, left: 1 + r.IntN(max(1, ids.uses))}
	}
	id.left--
	id.visited = append(id.visited, infohash)
	return id
}

// maxFree is how many accounts wait for another visit: where there is little to visit they would become more and more. The oldest goes.
const maxFree = 64

// give takes back an account that may visit something else.
func (ids *identities) give(id *identity) {
	if id.left > 0 {
		ids.free = append(ids.free[max(0, len(ids.free)+1-maxFree):], id)
	}
}
