//go:build !js

package store_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"fanseed/wasm/store"
)

// endless is the torrent that a process puts pieces of until it is killed.
var endless = files(256<<10, 100_000, 7, 35<<20, 1<<30)

// TestDirPut is run in a process of its own, by TestDirKilled.
func TestDirPut(t *testing.T) {
	folder, driven := os.LookupEnv("FANSEED_PUT_IN")
	if !driven {
		t.Skip("must be driven")
	}
	s := openDir(t, openDisk(t, folder, unlimited), [20]byte{1}, endless)
	settleAll(t, s, endless)
	fmt.Println("settled")
	for _, i := range rand.Perm(endless.NumPieces()) {
		if !s.Have().Has(i) {
			put(t, s, endless, i)
			fmt.Println("put", i)
		}
	}
	time.Sleep(time.Hour) // there are more pieces than all rounds put
}

// A process that is killed at any moment loses no piece that it had put, and has none that is wrong. Only pieces that it put since the
// last checkpoint are doubtful, so that no more has to be read again.
func TestDirKilled(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 5
	}
	folder, put := t.TempDir(), map[int]bool{}
	for round := range rounds {
		since := killed(t, folder, rand.IntN(200), func(i int) { put[i] = true })
		disk, err := store.OpenDisk(folder, store.NewBudget(unlimited))
		if err != nil {
			t.Fatal(err)
		}
		s := openDir(t, disk, [20]byte{1}, endless)
		const checkpoint = 128 // pieces
		if got, most := s.Doubtful().Count(), min(checkpoint, since+1); got > most {
			t.Errorf("round %d: %d pieces are doubtful after %d were put", round, got, since)
		}
		have, doubtful := s.Have(), s.Doubtful()
		for i := range endless.NumPieces() {
			there := have.Has(i) || doubtful.Has(i)
			if put[i] && !there {
				t.Errorf("round %d: piece %d was put and is not there", round, i)
			}
			if (have.Has(i) || put[i]) && there && !whole(t, s, endless, i) {
				t.Errorf("round %d: piece %d is wrong", round, i)
			}
			put[i] = put[i] || there && whole(t, s, endless, i)
		}
		kill(s, disk)
		if t.Failed() {
			return
		}
	}
	if len(put) < rounds {
		t.Errorf("only %d pieces were put in %d rounds", len(put), rounds)
	}
}

// kill ends a store that has settled nothing, as the next process must find it.
func kill(s *store.Dir, disk *store.Disk) {
	s.Close()
	disk.Close()
}

// killed runs TestDirPut and kills it once it has put so many pieces, and maybe more. It returns how many were heard of.
func killed(t *testing.T, folder string, after int, heard func(int)) (n int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestDirPut$")
	cmd.Env = append(os.Environ(), "FANSEED_PUT_IN="+folder)
	var failed bytes.Buffer
	cmd.Stderr = &failed
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "settled" {
		t.Fatalf("the process said %q\n%s", lines.Text(), failed.String())
	}
	for lines.Scan() {
		index, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "put "))
		if err != nil {
			t.Fatalf("the process said %q\n%s", lines.Text(), failed.String())
		}
		heard(index)
		if n++; n == after+1 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	return n
}
