package main

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
)

// settle measures how many receipts a second are settled: what the books do for them on either database, every batch committed to the
// disk, and the signatures, which Settle verifies on all cores before.
func (n native) settle(ctx context.Context) ([]*measurement, error) {
	const batches = "batches of 1,000, each receipt of another leecher's copy; signatures not counted; "
	lines := []*measurement{
		{Name: "receipts settled, SQLite", Unit: "receipts/s", Beside: "bare inserts", Note: batches + "synchronous=FULL, as the bare table that has no key"},
		{Name: "receipts settled, PostgreSQL", Unit: "receipts/s", Beside: "bare inserts", Note: batches + "fsync on, as the bare table that has no key; over a Unix socket"},
		{Name: "signatures of receipts verified", Unit: "receipts/s", Beside: "one core", Note: "batches of 1,000, ed25519 on all cores"},
	}
	benchmarks := [][2]string{{"Apply/sqlite", "Bare/sqlite"}, {"Apply/postgres", "Bare/postgres"}, {"Verify/settle", "Verify/core"}}
	if !n.wants(lines) {
		return lines, nil
	}
	program := n.cache("ledger.test")
	if err := execute(ctx, n.dir, nil, "go", "test", "-c", "-o", program, "./signal/ledger"); err != nil {
		return nil, err
	}
	for i, m := range lines {
		for round := 0; round < n.rounds && n.wants(lines[i:i+1]); round++ {
			our, their, err := inTurn(round,
				func() (float64, error) { return n.receipts(ctx, program, benchmarks[i][0]) },
				func() (float64, error) { return n.receipts(ctx, program, benchmarks[i][1]) })
			if err != nil {
				return nil, err
			}
			m.add(our, their)
		}
	}
	return lines, nil
}

var receiptsASecond = regexp.MustCompile(`([\d.]+) receipts/s`)

// receipts runs one Go benchmark of package ledger.
func (n native) receipts(ctx context.Context, program, benchmark string) (float64, error) {
	kind, which := filepath.Split(benchmark)
	out, err := output(ctx, n.dir, nil, program, "-test.run=^$", "-test.bench=^Benchmark"+kind[:len(kind)-1]+"$/^"+which+"$", "-test.benchtime=100x")
	if err != nil {
		return 0, err
	}
	found := receiptsASecond.FindStringSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("benchmark %s says no receipts/s: %s", benchmark, out)
	}
	return strconv.ParseFloat(found[1], 64)
}
