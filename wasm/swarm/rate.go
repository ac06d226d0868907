package swarm

import "time"

// rateOver is how long a rate remembers.
const rateOver = 10 * time.Second

// rate is a smoothed number of bytes a second.
type rate struct {
	perSecond float64
	peak      float64 // the highest it ever was
	bytes     int     // since the last sample
	age       time.Duration
}

func (r *rate) count(bytes int) { r.bytes += bytes }

// sample takes in what was counted in the last d. While the rate is young it is a plain average.
func (r *rate) sample(d time.Duration) { r.sampleOver(d, rateOver) }

// sampleOver does so for a rate that remembers for so long.
func (r *rate) sampleOver(d, memory time.Duration) {
	if d <= 0 {
		return
	}
	r.age = min(r.age+d, memory)
	weight := min(1, d.Seconds()/r.age.Seconds())
	r.perSecond += weight * (float64(r.bytes)/d.Seconds() - r.perSecond)
	r.peak = max(r.peak, r.perSecond)
	r.bytes = 0
}

func (s *Swarm) sampleRates() {
	d := s.now.Sub(s.sampled)
	s.sampled = s.now
	traded, delivered := 0, 0
	for _, p := range s.peers {
		if !p.seed {
			traded += p.downRate.bytes
		}
		if !p.webseed {
			delivered += p.downRate.bytes
		}
		p.forgetServed(d)
		p.downRate.sample(d)
		p.upRate.sample(d)
	}
	s.watchSupply(d)
	if d > 0 { // a lull ends soon, or what is missing does not come
		s.traded = max(float64(traded)/d.Seconds(), s.traded/4)
		s.delivered = max(float64(delivered)/d.Seconds(), s.delivered/4)
	}
}

// forgetServed counts what was sent since the last sample, and forgets some of what was sent long ago.
func (u *upload) forgetServed(d time.Duration) {
	u.served += float64(u.upRate.bytes) - u.served*min(1, d.Seconds()/servedFor.Seconds())
}
