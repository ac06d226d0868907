package socket

import "time"

// Limits is what one client, one address and the whole server may have. A zero field means its default.
type Limits struct {
	Message     int64         // bytes of one message; 64 KiB, else close code 1009
	MessageTime time.Duration // from a message's first byte to its last; 10 s
	Queue       int           // bytes that wait to be written; 256 KiB, else the socket is cut
	WriteTime   time.Duration // for one message to be written; 10 s
	Ping        time.Duration // between pings; 100 s
	Idle        time.Duration // without a whole message, a ping or a pong; 5 min
	Rate        float64       // messages a second that are read from one socket; 5
	Burst       int           // messages above the rate that are read at once; 30
	Flood       time.Duration // of more messages than the rate without a pause; 2 min, then close code 1008
	Sockets     int           // all; 50,000
	PerAddress  int           // sockets of one address, or one IPv6 /64; 50
	UpgradeRate float64       // upgrades a second of one address; 5
	UpgradeMax  int           // upgrades above the rate at once; 20
}

func (l Limits) withDefaults() Limits {
	set(&l.Message, 64<<10)
	set(&l.MessageTime, 10*time.Second)
	set(&l.Queue, 256<<10)
	set(&l.WriteTime, 10*time.Second)
	set(&l.Ping, 100*time.Second)
	set(&l.Idle, 5*time.Minute)
	set(&l.Rate, 5)
	set(&l.Burst, 30)
	set(&l.Flood, 2*time.Minute)
	set(&l.Sockets, 50_000)
	set(&l.PerAddress, 50)
	set(&l.UpgradeRate, 5)
	set(&l.UpgradeMax, 20)
	return l
}

func set[N int | int64 | float64 | time.Duration](n *N, value N) {
	if *n == 0 {
		*n = value
	}
}
