package swarm

import "time"

// BlockSize is the number of bytes that we ask for in one request; the last block of a piece may be shorter
// (https://www.bittorrent.org/beps/bep_0003.html).
const BlockSize = 16 << 10

// Limits bound what a swarm gives and holds. Zero means the default.
type Limits struct {
	UploadSlots int   // peers that are unchoked at a time: 8
	Reqq        int   // requests that a peer may have waiting with us, and we with it: 512
	HighWater   int   // bytes for one peer that are being loaded or wait in its channel: 1 MiB
	Buffers     int64 // bytes of the pieces that are being fetched, hashed and stored: 64 MiB, but never fewer than two pieces
}

func (l Limits) orDefault() Limits {
	set(&l.UploadSlots, 8)
	set(&l.Reqq, 512)
	set(&l.HighWater, 1<<20)
	set(&l.Buffers, 64<<20)
	return l
}

func set[N int | int64](n *N, standard N) {
	if *n == 0 {
		*n = standard
	}
}

// How often things are looked at.
const (
	tickEvery       = time.Second
	rechokeEvery    = 10 * time.Second // BEP 3
	optimisticEvery = 30 * time.Second // BEP 3
	keepAliveAfter  = 100 * time.Second
	silentAfter     = 4 * time.Minute // two keep-alives missed (BEP 3)
)

// Downloading.
const (
	firstPipeline   = 16                     // blocks asked for ahead of a peer that is new, or was snubbed
	minPipeline     = 4                      // the same, at least
	growBelow       = 150 * time.Millisecond // a request that waits less behind others deepens the pipeline
	shrinkAbove     = 300 * time.Millisecond // one that waits longer makes it shallower
	forgetFastest   = 512                    // blocks after which the fastest of them is mostly forgotten
	theirReqq       = 500                    // requests that a peer takes when it does not say (BEP 10)
	slowAfter       = 10 * time.Second       // without a block: others may help with its pieces
	snubAfter       = 30 * time.Second       // without a block: snubbed, its requests go to others
	overdueAfter    = time.Minute            // a request passed over for so long goes to others
	lateAfter       = 200 * time.Millisecond // what an answer may be later than expected
	idleFor         = 50 * time.Millisecond  // a peer that can help with nothing is left alone
	endgamePipeline = 32                     // blocks asked of one peer that others were asked for too
	endgameCopies   = 4                      // peers that are asked for one block
	tradeWithin     = 5 * time.Second        // a seeder is spared what others bring so soon
	randomFirst     = 4                      // pieces picked at random before the rarest come first
	refusedFor      = 30 * time.Second       // a piece whose requests were rejected is not asked of that peer
	maxRejects      = 64                     // rejects in a row while unchoked: snubbed
	seizeAfter      = time.Minute            // a piece that one peer must fetch alone may go to another
	maxPieces       = 4096                   // in memory, however small
	maxAdvice       = 64                     // suggested and allowed-fast pieces that are remembered (BEP 6)
)

// What is forgiven, and what is kept before the metadata is known.
const (
	maxUnasked   = 16      // blocks that were never asked for
	maxEarlyBits = 1 << 20 // pieces that a peer may say it has
)

// Uploading.
const (
	maxRequest   = 128 << 10              // bytes of one request
	queueFactor  = 4                      // a queue holds so many times what Reqq announces
	turnLasts    = 30 * time.Second       // of a slot of a seeder's
	servedFor    = time.Minute            // what a seeder gave counts
	loadAhead    = 250 * time.Millisecond // of what a peer takes is loaded at a time
	minLoading   = 16                     // blocks that are loaded for one peer, at least
	freeShare    = 4                      // a peer that only takes has this part of what is loaded for one that waits and does not
	maxLoading   = 64                     // blocks that are being loaded for one peer
	allowedFast  = 5                      // pieces that a new peer may have while choked (BEP 6)
	newFor       = time.Minute
	suggestAhead = 2 * time.Second // of what a peer takes is suggested to it ahead
	minSuggested = 2048 << 10      // bytes, at least
	newWeight    = 3               // a new peer is so many times as likely to be the optimistic one (BEP 3)
	triedWeight  = 4               // one that was not tried with triedWith    = 1 << 20
	triedWith    = 1 << 20
)

// Keeping peers.
const (
	settleIn     = time.Minute // a peer is not judged before
	replaceEvery = 10 * time.Second
	worthKeeping = 1 << 10 // bytes a second
	takerGives   = 16      // a leecher that gives less than this part of what it takes only takes
)

// Webseeds.
const (
	webseedPipeline = 64              // blocks asked for ahead, at least: ranges of HTTP are not to be small
	webseedGrace    = 2 * time.Second // after it was opened, for other peers to come
	webseedHope     = 5 * time.Second // after one of those was opened, for it to deliver
	goodRate        = 256 << 10       // bytes a second of all others: enough for the webseed to yield
)

// A seeder that yields.
const (
	yieldGrace    = 2 * time.Second  // after a peer was opened, for others to serve it …
	maxYieldGrace = 8 * time.Second  // … and where pieces are large
	supplyOver    = 30 * time.Second // what others give counts, at most
)

// Metadata (https://www.bittorrent.org/beps/bep_0009.html).
const (
	maxMetadata      = 8 << 20
	metadataPipeline = 8               // pieces asked of one peer ahead
	metadataFetches  = 3               // peers that are asked side by side
	metadataNext     = 3 * time.Second // the next peer is asked when the others take longer
	metadataSlow     = 15 * time.Second
	metadataRetry    = 30 * time.Second // a peer that rejected or stalled is asked again
)

// Hashes (https://www.bittorrent.org/beps/bep_0052.html).
const (
	maxQueries   = 16               // asked of one peer ahead
	hashesWithin = 5 * time.Second  // others are asked when the answer takes longer
	auditWithin  = 15 * time.Second // then a bad piece is judged without leaves
	maxRanges    = 32               // that a peer may have waiting with us; further ones are rejected
)

// Credit.
const (
	creditVersion = 1
	receiptEvery  = 1 << 20         // verified bytes
	receiptAfter  = 5 * time.Second // with anything new
	minWindow     = 256 << 10       // unpaid bytes
	maxWindow     = 8 << 20
	defaultAfter  = 10 * time.Second // nothing paid at the window's end
	leaveWithin   = 3 * time.Second  // for the last receipt
	byeLingers    = time.Second      // so that it arrives before the connection closes
	maxTickets    = 4                // of one direction that are remembered for a peer
	maxEarly      = 256              // tickets that came before their peer
)
