package receipt

// Reason says what became of a receipt or of a line of a statement. The list is
// closed: see Reasons.
type Reason string

// The reasons. Text has the sentence that people read.
const (
	Confirmed       Reason = "confirmed"
	Pending         Reason = "pending"
	Held            Reason = "held"
	TreasuryShort   Reason = "treasury_short"
	CappedCopy      Reason = "capped_copy"
	CappedPair      Reason = "capped_pair"
	CappedNet       Reason = "capped_net"
	LowDemand       Reason = "low_demand"
	Traded          Reason = "traded"
	NotCommon       Reason = "not_common"
	NoProof         Reason = "no_proof"
	ProofFailed     Reason = "proof_failed"
	PoolShort       Reason = "pool_short"
	Lower           Reason = "lower_amount"
	OverLimit       Reason = "over_limit"
	ImplausibleRate Reason = "implausible_rate"
	Expired         Reason = "expired"
	UnknownTicket   Reason = "unknown_ticket"
	BadSignature    Reason = "bad_signature"
)

// reasons keeps the order in which they are documented.
var reasons = []struct {
	reason Reason
	text   string
}{
	{Confirmed, "The downloader's signed receipt was accepted and all its bytes are counted."},
	{Pending, "The bytes are confirmed; their credits are paid when the epoch closes."},
	{Held, "The credits are earned and are held until they can be paid out."},
	{TreasuryShort, "The treasury held less than the epoch earned, so everybody was paid the same share."},
	{CappedCopy, "The downloader has already paid for a whole copy of this work, so the bytes beyond it are not counted."},
	{CappedPair, "You have already earned the most that one downloader can bring you in one epoch."},
	{CappedNet, "You have already earned the most that one network can bring in one epoch."},
	{LowDemand, "The downloader's network uses few of the tickets that it is given, so what it signs counts for less."},
	{Traded, "You were still downloading this work yourself: what you gave meanwhile is paid by what you were given."},
	{NotCommon, "The common pool does not pay for this work; boosts and its creator's pool do."},
	{NoProof, "No storage proof was passed in this epoch, so the time is not paid."},
	{ProofFailed, "Some storage proofs failed, so the time counts for less."},
	{PoolShort, "The creator's pool held less than was earned, so everybody was paid the same share of it."},
	{Lower, "A receipt for more bytes of the same ticket is already counted; the higher one stays."},
	{OverLimit, "The receipt says more bytes than its ticket allows."},
	{ImplausibleRate, "The receipt says more bytes than can have been sent in the time since its ticket was issued."},
	{Expired, "The receipt came after the last moment at which its ticket could be settled."},
	{UnknownTicket, "The server has issued no ticket with this serial to your account."},
	{BadSignature, "The receipt is not signed by the downloader that its ticket names."},
}

// Reasons returns the closed list, in the order in which it is documented.
func Reasons() []Reason {
	list := make([]Reason, len(reasons))
	for i, r := range reasons {
		list[i] = r.reason
	}
	return list
}

// Text returns one plain English sentence, or "" for what is not on the list.
func (r Reason) Text() string {
	for _, known := range reasons {
		if known.reason == r {
			return known.text
		}
	}
	return ""
}

// Accepted reports whether a receipt answered with r is settled: its seeder need
// not send it again.
func (r Reason) Accepted() bool {
	return r == Confirmed || r == CappedCopy || r == CappedPair || r == CappedNet
}

// Final reports whether the same receipt will never be answered otherwise, so
// that its seeder may forget it.
func (r Reason) Final() bool { return r != ImplausibleRate }
