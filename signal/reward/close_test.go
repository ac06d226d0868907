package reward_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fanseed/signal/receipt"
	"fanseed/signal/reward"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the payouts in testdata")

// TestTables computes every epoch in testdata: lines of explanation that begin with #, the table of inputs, and the table of payouts.
func TestTables(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no tables", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { compute(t, path) })
	}
}

func compute(t *testing.T, path string) {
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	start := bytes.Index(file, []byte("fanseed inputs"))
	end := bytes.Index(file, []byte("fanseed payouts"))
	if end < 0 {
		end = len(file)
	}
	payouts, err := reward.Recompute(file[start:end])
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		if err := os.WriteFile(path, append(file[:end:end], payouts...), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got, want := string(payouts), string(file[end:]); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// random is an epoch in which a few of everything meet, with amounts of every size.
func random(seed uint64) *reward.Input {
	r := rand.New(rand.NewPCG(seed, 2))
	amount := func(most int) uint64 { return r.Uint64() >> (64 - r.IntN(most+1)) }
	tag := func(kind byte, i int) (t reward.Tag) { t[0], t[7] = kind, byte(i); return t }
	in := &reward.Input{Number: uint32(seed), Minutes: 1440, Treasury: amount(50), Most: amount(45)}
	for i := range 1 + r.IntN(5) {
		in.Works = append(in.Works, reward.Work{
			Infohash: [20]byte{0: 'w', 19: byte(i)}, Leaves: amount(30), Nets: amount(12), Weak: r.IntN(4) == 0, Common: r.IntN(4) > 0,
		})
	}
	for i := range 1 + r.IntN(12) {
		in.Seeders = append(in.Seeders, reward.Seeder{
			Account: [16]byte{0: 's', 15: byte(i)}, Net: tag('n', r.IntN(8)), Reputation: r.Uint64N(reward.FullReputation + 1),
			New: r.IntN(3) == 0, Failed: r.Uint64N(20) / 18,
		})
		for w := range in.Works {
			if asked := r.Uint64N(200); r.IntN(2) == 0 {
				in.Stays = append(in.Stays, reward.Stay{Seeder: i, Work: w, Minutes: r.Uint64N(1441), Asked: asked, Passed: r.Uint64N(asked + 1)})
			}
		}
	}
	for i := range 1 + r.IntN(12) {
		tickets := r.Uint64N(20)
		in.Leechers = append(in.Leechers, reward.Leecher{Tag: tag('l', i), Net: tag('n', r.IntN(12)), Tickets: tickets, Used: r.Uint64N(tickets + 1)})
	}
	for s := range in.Seeders {
		for l := range in.Leechers {
			for w := range in.Works {
				if r.IntN(4) == 0 {
					in.Transfers = append(in.Transfers, reward.Transfer{Seeder: s, Leecher: l, Work: w, Bytes: amount(36), Traded: amount(30), Capped: r.IntN(9) == 0})
				}
			}
		}
	}
	for i := range r.IntN(3) {
		in.Pools = append(in.Pools, reward.Pool{ID: [16]byte{0: 'p', 15: byte(i)}, Work: r.IntN(len(in.Works)), Rate: amount(30), Left: amount(40)})
	}
	for i := range r.IntN(3) {
		in.Boosts = append(in.Boosts, reward.Boost{ID: [16]byte{0: 'b', 15: byte(i)}, Work: r.IntN(len(in.Works)), Amount: amount(40)})
	}
	return in
}

func TestNothingIsMinted(t *testing.T) {
	for seed := range uint64(500) {
		in := random(seed)
		out, err := reward.Standard.Close(in)
		if err != nil {
			t.Fatal(err)
		}
		paid := map[reward.Kind]uint64{}
		from := map[[16]byte]uint64{}
		for _, l := range out.Lines {
			paid[l.Kind] += l.Amount
			from[l.From] += l.Amount
			if l.Counted > l.Basis || l.Kind != reward.Availability && l.Kind != reward.Grant && l.Weight > l.Counted || l.Reason.Text() == "" {
				t.Errorf("seed %d: line %+v", seed, l)
			}
		}
		for kind, pot := range map[reward.Kind]reward.Pot{
			reward.Bandwidth: out.Bandwidth, reward.Availability: out.Availability, reward.Grant: out.Grants,
		} {
			if paid[kind] != pot.Paid || pot.Paid > pot.Pool {
				t.Errorf("seed %d: %s pays %d by its lines, %+v", seed, kind, paid[kind], pot)
			}
		}
		if all := out.Bandwidth.Pool + out.Availability.Pool + out.Grants.Pool; all > in.Treasury/400 || all > in.Most {
			t.Errorf("seed %d: %d of a treasury of %d", seed, all, in.Treasury)
		}
		for _, p := range in.Pools {
			if from[p.ID] > p.Left {
				t.Errorf("seed %d: a pool of %d pays %d", seed, p.Left, from[p.ID])
			}
		}
		for _, r := range out.Refunds {
			from[r.ID] += r.Amount
		}
		locked := uint64(0)
		for _, b := range in.Boosts {
			if back := from[b.ID]; back != 0 && back != b.Amount {
				t.Errorf("seed %d: a boost of %d gives back %d", seed, b.Amount, back)
			}
			locked += b.Amount - from[b.ID]
		}
		if paid[reward.FromBoost] != locked {
			t.Errorf("seed %d: boosts of %d pay %d", seed, locked, paid[reward.FromBoost])
		}
	}
}

// TestCaps checks every cap by its definition.
func TestCaps(t *testing.T) {
	for seed := range uint64(500) {
		in := random(seed)
		rules := reward.Standard
		rules.PairCap, rules.NetCap = 1<<28, 1<<30
		out, err := rules.Close(in)
		if err != nil {
			t.Fatal(err)
		}
		nets, counted, possible := map[reward.Tag]uint64{}, uint64(0), uint64(0)
		perNet := map[reward.Tag]uint64{}
		for _, l := range out.Lines {
			if l.Kind == reward.Bandwidth {
				i := slices.IndexFunc(in.Seeders, func(s reward.Seeder) bool { return s.Account == l.Account })
				nets[in.Seeders[i].Net] += l.Amount
				counted += l.Counted
			}
		}
		pairs := map[[2]int]uint64{}
		for _, tr := range in.Transfers {
			pairs[[2]int{tr.Seeder, tr.Leecher}] += tr.Bytes
		}
		for pair, bytes := range pairs {
			perNet[in.Leechers[pair[1]].Net] += min(bytes, rules.PairCap)
		}
		for _, bytes := range perNet {
			possible += min(bytes, rules.NetCap)
		}
		if counted > possible {
			t.Errorf("seed %d: %d bytes count, of %d at the most", seed, counted, possible)
		}
		paying := uint64(0)
		for _, amount := range nets {
			if amount > 0 {
				paying++
			}
		}
		for net, amount := range nets {
			if pool := out.Bandwidth.Pool; paying > 0 && amount > max(pool/100, 3*pool/paying) {
				t.Errorf("seed %d: network %x gets %d of %d, of %d networks", seed, net, amount, pool, paying)
			}
		}
	}
}

// TestTableIsOneForm reads every table that is written, and refuses it with anything changed that is not another epoch.
func TestTableIsOneForm(t *testing.T) {
	for seed := range uint64(100) {
		text := random(seed).Append(nil)
		in, err := reward.ParseInput(text)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if again := in.Append(nil); !bytes.Equal(again, text) {
			t.Fatalf("seed %d: read as another table", seed)
		}
	}
	good := string(random(1).Append(nil))
	for name, change := range map[string]func(string) string{
		"empty":             func(string) string { return "" },
		"another form":      func(s string) string { return strings.Replace(s, "v1", "v2", 1) },
		"two spaces":        func(s string) string { return strings.Replace(s, "work ", "work  ", 1) },
		"no last newline":   func(s string) string { return s[:len(s)-1] },
		"an unknown line":   func(s string) string { return s + "gift 1\n" },
		"a word too many":   func(s string) string { return strings.Replace(s, "\n", " 1\n", 2) },
		"a number too long": func(s string) string { return strings.Replace(s, "epoch 1 1440", "epoch 01 1440", 1) },
		"upper case":        func(s string) string { return strings.Replace(s, "work 77", "work 7A", 1) },
		"twice":             func(s string) string { return s + s[strings.LastIndex(s[:len(s)-1], "\n")+1:] },
		"no such row": func(s string) string {
			return s + "stay 250 0 1 1 1\n"
		},
		"more passed than asked": func(s string) string {
			i := strings.Index(s, "stay ")
			return s[:i] + "stay 0 0 1 1 2\n"
		},
		"above its bound": func(s string) string { return strings.Replace(s, "epoch 1 1440", "epoch 1 1440000", 1) },
	} {
		text := change(good)
		if text == good {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := reward.Recompute([]byte(text)); !errors.Is(err, reward.ErrTable) && !errors.Is(err, reward.ErrInput) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzTable(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(random(seed).Append(nil))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		in, err := reward.ParseInput(text)
		if err != nil {
			return
		}
		if !bytes.Equal(in.Append(nil), text) {
			t.Fatal("a table of two forms")
		}
		out, err := reward.Standard.Close(in)
		if err != nil {
			t.Fatal(err)
		}
		if out.Bandwidth.Paid > out.Bandwidth.Pool || out.Availability.Paid > out.Availability.Pool || out.Grants.Paid > out.Grants.Pool {
			t.Fatalf("%+v", out)
		}
	})
}

// one is an epoch of one work, with all that its seeders were given by downloaders on networks of their own.
func one(pool uint64, gave ...uint64) *reward.Input {
	in := &reward.Input{
		Number: 1, Minutes: 1440, Treasury: pool * 800, Most: reward.MaxAmount, // half of it is for bandwidth
		Works: []reward.Work{{Infohash: [20]byte{1}, Leaves: 1 << 16, Common: true}},
	}
	for i, bytes := range gave {
		in.Seeders = append(in.Seeders, reward.Seeder{Account: [16]byte{byte(i)}, Net: tag(i), Reputation: reward.FullReputation})
		in.Leechers = append(in.Leechers, reward.Leecher{Tag: tag(i), Net: tag(100 + i), Tickets: 1, Used: 1})
		in.Transfers = append(in.Transfers, reward.Transfer{Seeder: i, Leecher: i, Bytes: bytes})
	}
	return in
}

func tag(n int) (t reward.Tag) {
	binary.BigEndian.PutUint64(t[:], uint64(n))
	return t
}

func paid(t *testing.T, in *reward.Input, kind reward.Kind) (amounts []uint64, reasons []receipt.Reason) {
	t.Helper()
	out, err := reward.Standard.Close(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range out.Lines {
		if l.Kind == kind {
			amounts, reasons = append(amounts, l.Amount), append(reasons, l.Reason)
		}
	}
	return amounts, reasons
}

func TestRulesOneByOne(t *testing.T) {
	const gib = 1 << 30
	same := func(want ...receipt.Reason) []receipt.Reason { return want }
	ok := receipt.Confirmed
	for name, c := range map[string]struct {
		change  func(in *reward.Input)
		gave    []uint64
		want    []uint64
		reasons []receipt.Reason
	}{
		"by bytes":        {nil, []uint64{gib, gib, 2 * gib}, []uint64{250, 250, 500}, same(ok, ok, ok)},
		"by reputation":   {func(in *reward.Input) { in.Seeders[0].Reputation = 250 }, []uint64{gib, gib, gib}, []uint64{111, 445, 444}, same(ok, ok, ok)},
		"one pair's most": {nil, []uint64{6 * gib, 2 * gib, 2 * gib}, []uint64{334, 333, 333}, same(receipt.CappedPair, ok, ok)},
		"one network's most": {func(in *reward.Input) {
			for i := range 6 { // 12 GiB to six on one network
				in.Leechers[i].Net = tag(200)
			}
		}, []uint64{2 * gib, 2 * gib, 2 * gib, 2 * gib, 2 * gib, 2 * gib, 2 * gib}, []uint64{134, 134, 133, 133, 133, 133, 200},
			same(receipt.CappedNet, receipt.CappedNet, receipt.CappedNet, receipt.CappedNet, receipt.CappedNet, receipt.CappedNet, ok)},
		"two seeders of one network": {func(in *reward.Input) { in.Seeders[1].Net = in.Seeders[0].Net }, []uint64{gib, gib, gib}, []uint64{293, 293, 414}, same(ok, ok, ok)},
		"tickets that nobody uses": {func(in *reward.Input) { in.Leechers[0].Tickets = 32 }, []uint64{gib, gib, gib}, []uint64{59, 471, 470},
			same(receipt.LowDemand, ok, ok)},
		"not of the common pool": {func(in *reward.Input) { in.Works[0].Common = false }, []uint64{gib}, []uint64{0}, same(receipt.NotCommon)},
		"traded":                 {func(in *reward.Input) { in.Transfers[0].Bytes, in.Transfers[0].Traded = 0, gib }, []uint64{gib, gib}, []uint64{0, 1000}, same(receipt.Traded, ok)},
		"a copy that was whole":  {func(in *reward.Input) { in.Transfers[0].Capped = true }, []uint64{gib, gib}, []uint64{500, 500}, same(receipt.CappedCopy, ok)},
		"nobody served":          {nil, []uint64{0, 0}, []uint64{0, 0}, same(ok, ok)},
	} {
		in := one(1000, c.gave...)
		if c.change != nil {
			c.change(in)
		}
		if got, reasons := paid(t, in, reward.Bandwidth); !slices.Equal(got, c.want) || !slices.Equal(reasons, c.reasons) {
			t.Errorf("%s: got %v %v, want %v %v", name, got, reasons, c.want, c.reasons)
		}
	}
}

// TestMostForOneNetwork has one seeder on its own network and 300 others: it gets one part in a hundred, and the rest stays.
func TestMostForOneNetwork(t *testing.T) {
	gave := make([]uint64, 400)
	for i := range gave {
		gave[i] = 1 << 20
	}
	in := one(1_000_000, gave[:200]...)
	for i := range in.Leechers[:100] {
		in.Transfers[i].Seeder = 0
		in.Transfers[i].Bytes = 1 << 30
	}
	got, reasons := paid(t, in, reward.Bandwidth)
	if got[0] != 3*1_000_000/101 || reasons[0] != receipt.CappedNet || got[1] == 0 {
		t.Errorf("the first gets %d, %s, the second %d", got[0], reasons[0], got[1])
	}
}

func TestAvailability(t *testing.T) {
	stays := func(minutes, asked, passed uint64) *reward.Input {
		in := one(1000, 0, 0, 0, 0)
		in.Treasury = 400 * 10_000 // 3,000 for being there
		for i := range in.Seeders {
			in.Stays = append(in.Stays, reward.Stay{Seeder: i, Minutes: 1440, Asked: 32, Passed: 32})
		}
		in.Stays[0].Minutes, in.Stays[0].Asked, in.Stays[0].Passed = minutes, asked, passed
		return in
	}
	for name, c := range map[string]struct {
		in     *reward.Input
		first  uint64
		reason receipt.Reason
	}{
		"all day, all proofs":    {stays(1440, 32, 32), 750, receipt.Confirmed},
		"half of the day":        {stays(720, 32, 32), 429, receipt.Confirmed},
		"half of the proofs":     {stays(1440, 32, 16), 429, receipt.ProofFailed},
		"no proof was passed":    {stays(1440, 32, 0), 0, receipt.NoProof},
		"no proof was asked for": {stays(1440, 0, 0), 0, receipt.NoProof},
		"away":                   {stays(0, 32, 32), 0, receipt.Confirmed},
	} {
		if got, reasons := paid(t, c.in, reward.Availability); got[0] != c.first || reasons[0] != c.reason {
			t.Errorf("%s: got %d %s of %v, want %d %s", name, got[0], reasons[0], got, c.first, c.reason)
		}
	}
}

// TestCopiesShareWhatAWorkIsWorth: four times as many who keep one work get no more of the pool together.
func TestCopiesShareWhatAWorkIsWorth(t *testing.T) {
	of := func(copies int) uint64 {
		in := one(1000, make([]uint64, copies+10)...)
		in.Works = append(in.Works, reward.Work{Infohash: [20]byte{2}, Leaves: 1 << 16, Common: true})
		for i := range in.Seeders {
			work := 0
			if i >= copies {
				work = 1
			}
			in.Stays = append(in.Stays, reward.Stay{Seeder: i, Work: work, Minutes: 1440, Asked: 32, Passed: 32})
		}
		sum, amounts := uint64(0), []uint64(nil)
		amounts, _ = paid(t, in, reward.Availability)
		for _, amount := range amounts[:copies] {
			sum += amount
		}
		return sum
	}
	if few, many := of(10), of(40); few != many {
		t.Errorf("ten copies get %d, forty %d", few, many)
	}
}

func TestGrants(t *testing.T) {
	in := one(1000, 0, 0, 0, 0)
	in.Treasury = 400 * 10_000 // 2,000 for new accounts
	for i := range 3 {
		in.Seeders[i].New = true
	}
	in.Seeders[1].Net = in.Seeders[0].Net
	out, err := reward.Standard.Close(in)
	if err != nil {
		t.Fatal(err)
	}
	var got [][16]byte
	for _, l := range out.Lines {
		if l.Kind == reward.Grant {
			got = append(got, l.Account)
			if l.Amount != 1000 {
				t.Errorf("a grant of %d", l.Amount)
			}
		}
	}
	if want := [][16]byte{in.Seeders[0].Account, in.Seeders[2].Account}; !slices.Equal(got, want) {
		t.Errorf("grants to %v, want one for each network: %v", got, want)
	}
	in.Treasury = reward.MaxAmount
	if out, err = reward.Standard.Close(in); err != nil || out.Grants.Paid != 2*reward.Standard.MostGrant {
		t.Errorf("of a full treasury %d, %v", out.Grants.Paid, err)
	}
}

// TestSelfBoost: who boosts a work and alone seeds it and downloads it gets back what was locked, and so has lost the fee.
func TestSelfBoost(t *testing.T) {
	in := one(0, 1<<30)
	locked, fee := reward.Fee(1_000_000)
	in.Boosts = []reward.Boost{{ID: [16]byte{1}, Amount: locked}}
	got, _ := paid(t, in, reward.FromBoost)
	if len(got) != 1 || got[0] != locked || fee != 20_000 || locked != 980_000 {
		t.Errorf("locked %d, fee %d, got %v", locked, fee, got)
	}
}

func TestBoostThatNobodyServed(t *testing.T) {
	in := one(0, 0)
	in.Boosts = []reward.Boost{{ID: [16]byte{1}, Amount: 5}}
	out, err := reward.Standard.Close(in)
	if err != nil || len(out.Refunds) != 1 || out.Refunds[0] != (reward.Refund{ID: [16]byte{1}, Amount: 5}) {
		t.Errorf("%+v, %v", out.Refunds, err)
	}
}

func TestPools(t *testing.T) {
	in := one(0, 1<<30, 1<<29)
	in.Pools = []reward.Pool{{ID: [16]byte{1}, Rate: 1000, Left: 5000}, {ID: [16]byte{2}, Rate: 1000, Left: 900}}
	got, reasons := paid(t, in, reward.FromPool)
	if want := []uint64{1000, 500, 600, 300}; !slices.Equal(got, want) || reasons[0] != receipt.Confirmed || reasons[3] != receipt.PoolShort {
		t.Errorf("got %v %v, want %v", got, reasons, want)
	}
}

func TestReputation(t *testing.T) {
	in := one(0, 1, 1, 1, 1, 1)
	for i := range in.Seeders {
		in.Seeders[i].Reputation = 500
	}
	in.Seeders[4].Reputation = reward.FullReputation
	in.Transfers = nil
	for s := range in.Seeders {
		for l := range 3 {
			in.Transfers = append(in.Transfers, reward.Transfer{Seeder: s, Leecher: l, Bytes: 1})
		}
	}
	in.Transfers = in.Transfers[1:] // the first served two networks
	in.Seeders[2].Failed, in.Seeders[3].Failed = 1, 3
	out, err := reward.Standard.Close(in)
	if want := []uint64{500, 525, 250, 62, 1000}; err != nil || !slices.Equal(out.Reputations, want) {
		t.Errorf("got %v, %v, want %v", out.Reputations, err, want)
	}
}

func TestHold(t *testing.T) {
	for _, c := range []struct {
		first, epoch uint32
		amount       uint64
		want         []reward.Release
	}{
		{0, 100, 9, []reward.Release{{107, 9}}},
		{70, 100, 9, []reward.Release{{107, 9}}},
		{71, 100, 9, []reward.Release{{107, 5}, {131, 4}}},
		{100, 100, 1, []reward.Release{{107, 1}}},
		{100, 90, 8, []reward.Release{{97, 4}, {160, 4}}},
		{1<<32 - 1, 1<<32 - 1, 8, []reward.Release{{1<<32 - 1, 4}, {1<<32 - 1, 4}}},
	} {
		if got := reward.Hold(c.first, c.epoch, c.amount); !slices.Equal(got, c.want) {
			t.Errorf("Hold(%d, %d, %d) = %v, want %v", c.first, c.epoch, c.amount, got, c.want)
		}
	}
}

func TestEveryLineHasASentence(t *testing.T) {
	for _, kind := range []reward.Kind{reward.Bandwidth, reward.Availability, reward.Grant, reward.FromPool, reward.FromBoost} {
		for _, reason := range receipt.Reasons() {
			if (reward.Line{Kind: kind, Reason: reason}).Text() == "" {
				t.Errorf("%s, %s: no sentence", kind, reason)
			}
		}
	}
	if text := (reward.Line{Kind: reward.Availability, Reason: receipt.Confirmed}).Text(); text == receipt.Confirmed.Text() {
		t.Errorf("time is told of as bytes are: %s", text)
	}
}
