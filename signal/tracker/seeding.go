package tracker

// Seeding returns the swarms in which c's socket is a seeder by its last announce, in the order in which it joined them. A swarm that it is
// in with several peer ids comes as often.
func (t *Tracker) Seeding(c Conn) (infohashes [][20]byte) {
	conn := t.conns[c]
	if conn == nil {
		return nil
	}
	for _, p := range conn.peers {
		if p.complete {
			infohashes = append(infohashes, p.swarm.infohash)
		}
	}
	return infohashes
}

// Seeders returns the sockets of a swarm's seeders, in no meaningful, but in a repeatable order. A socket comes once for each of its peer ids.
func (t *Tracker) Seeders(infohash [20]byte) (conns []Conn) {
	s := t.swarms[infohash]
	if s == nil {
		return nil
	}
	for p := range s.seeders.all() {
		conns = append(conns, p.conn.handle)
	}
	return conns
}
