package ticket_test

import (
	"crypto/ed25519"
	"math/big"
	"slices"
	"testing"

	"fanseed/signal/ticket"
)

func TestMessagesOfDifferentMeaningNeverMeet(t *testing.T) {
	tk := ticket.Ticket{}
	for name, m := range map[string][]byte{
		"login":   ticket.LoginMessage("http://localhost:8080", [32]byte{}),
		"request": ticket.RequestMessage("http://localhost:8080", "GET", "/v1/accounts/00", 1, [32]byte{}),
		"ticket":  tk.Message(),
	} {
		if string(m[:len("fanseed "+name+" v1\n")]) != "fanseed "+name+" v1\n" {
			t.Errorf("%s begins with %q", name, m[:20])
		}
	}
}

func TestRequestMessage(t *testing.T) {
	got := string(ticket.RequestMessage("https://a.example", "POST", "/v1/works?x=1", 1700000000000, [32]byte{0xab}))
	want := "fanseed request v1\nhttps://a.example\nPOST\n/v1/works?x=1\n1700000000000\n" +
		"ab00000000000000000000000000000000000000000000000000000000000000"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnOrdinaryKeyIsNotOfSmallOrder(t *testing.T) {
	public := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
	if ticket.SmallOrder([32]byte(public)) {
		t.Error("the key of the zero seed counts as of small order")
	}
}

// The points of the curve (RFC 8032, section 5.1) are computed here from its
// equation: those with 8·P = 0 must be refused in all their encodings.
func TestSmallOrder(t *testing.T) {
	found := 0
	for _, y := range torsion(t) {
		for _, sign := range []byte{0, 0x80} {
			key := encode(y)
			key[31] |= sign
			found++
			if !ticket.SmallOrder(key) {
				t.Errorf("%x is of small order", key)
			}
		}
	}
	if found != 14 {
		t.Errorf("computed %d encodings, want 14", found)
	}
}

var (
	p = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	d = mod(new(big.Int).Mul(big.NewInt(-121665), new(big.Int).ModInverse(big.NewInt(121666), p)))
)

func mod(x *big.Int) *big.Int { return x.Mod(x, p) }

// torsion returns every y, also in its form that is not canonical (y + p), of a
// point whose order divides 8. Doubling a point of order 8 gives one with y = 0,
// which happens exactly where x² = −y², and so where d·y⁴ + 2y² − 1 = 0.
func torsion(t *testing.T) []*big.Int {
	one := big.NewInt(1)
	ys := []*big.Int{big.NewInt(0), big.NewInt(1), new(big.Int).Sub(p, one)}
	root := new(big.Int).ModSqrt(mod(new(big.Int).Add(one, d)), p)
	if root == nil {
		t.Fatal("1 + d is not a square")
	}
	for _, sign := range []int64{1, -1} {
		square := new(big.Int).Sub(new(big.Int).Mul(big.NewInt(sign), root), one)
		square = mod(square.Mul(square, new(big.Int).ModInverse(d, p)))
		if y := new(big.Int).ModSqrt(square, p); y != nil {
			ys = append(ys, y, new(big.Int).Sub(p, y))
		}
	}
	limit := new(big.Int).Lsh(one, 255)
	for _, y := range slices.Clone(ys) {
		if high := new(big.Int).Add(y, p); high.Cmp(limit) < 0 {
			ys = append(ys, high)
		}
	}
	return ys
}

func encode(y *big.Int) (key [32]byte) {
	y.FillBytes(key[:])
	slices.Reverse(key[:])
	return key
}
