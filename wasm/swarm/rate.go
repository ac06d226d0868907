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
func (r *rate) sample(d time.Duration) {
	if d <= 0 {
		return
	}
	r.age = min(r.age+d, rateOver)
	weight := min(1, d.Seconds()/r.age.Seconds())
	r.perSecond += weight * (float64(r.bytes)/d.Seconds() - r.perSecond)
	r.peak = max(r.peak, r.perSecond)
	r.bytes = 0
}

func (s *Swarm) sampleRates() {
	d := s.now.Sub(s.sampled)
	s.sampled = s.now
	traded := 0
	for _, p := range s.peers {
		if !p.seed {
			traded += p.downRate.bytes
		}
		p.downRate.sample(d)
		p.upRate.sample(d)
	}
	if d > 0 {
		s.traded = max(float64(traded)/d.Seconds(), s.traded/4) // a lull ends soon, or what is missing does not come
	}
}
