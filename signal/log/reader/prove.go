package reader

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"fanseed/signal/log"
)

// Contains proves that a tree has all that an older one had, in the same places (RFC 6962, section 2.1.2). Otherwise it is ErrRewritten.
func (l *Log) Contains(ctx context.Context, tree, older log.Tree) error {
	switch {
	case tree.N < older.N:
		return fmt.Errorf("%w: it had %d records and now has %d", ErrRewritten, older.N, tree.N)
	case tree.N == older.N && tree.Hash != older.Hash:
		return fmt.Errorf("%w: there are two roots over %d records", ErrRewritten, tree.N)
	case tree.N == older.N || older.N == 0:
		return nil
	}
	hash, err := tlog.TreeHash(older.N, l.hashes(ctx, tree))
	if err == nil && hash != older.Hash {
		err = fmt.Errorf("%w: the first %d records are not what they were", ErrRewritten, older.N)
	}
	return err
}

// Inclusion is the proof that a tree has a record (RFC 6962, section 2.1.1).
type Inclusion struct {
	N    int64 // the record's number, counted from 0
	Path tlog.RecordProof
}

// Find asks the server where a record is, and proves that it is there. The server is not believed: without a proof it is ErrDropped, or what
// is wrong with the tiles.
func (l *Log) Find(ctx context.Context, tree log.Tree, leaf log.Hash) (Inclusion, error) {
	answer, err := l.get(ctx, "find/"+hex.EncodeToString(leaf[:]), 32)
	if err != nil {
		return Inclusion{}, err
	}
	text := strings.TrimSuffix(string(answer), "\n")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
		return Inclusion{}, fmt.Errorf("%w: %q is no record's number", ErrMalformed, text)
	}
	return l.Prove(ctx, tree, leaf, n)
}

// Prove proves that a tree has a record in its place n. It is ErrDropped when there is another, or the tree ends before it.
func (l *Log) Prove(ctx context.Context, tree log.Tree, leaf log.Hash, n int64) (Inclusion, error) {
	if n < 0 || n >= tree.N {
		return Inclusion{}, fmt.Errorf("%w: the checkpoint has %d records, and none is number %d", ErrDropped, tree.N, n)
	}
	hashes := l.hashes(ctx, tree)
	found, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
	if err != nil {
		return Inclusion{}, err
	}
	if found[0] != leaf {
		return Inclusion{}, fmt.Errorf("%w: its record %d is not this one", ErrDropped, n)
	}
	path, err := tlog.ProveRecord(tree.N, n, hashes)
	if err == nil {
		err = Check(tree, leaf, Inclusion{n, path})
	}
	if err != nil {
		return Inclusion{}, err
	}
	return Inclusion{n, path}, nil
}

// Check verifies a proof that somebody brings. It is ErrChanged when it does not hold.
func Check(tree log.Tree, leaf log.Hash, p Inclusion) error {
	if err := tlog.CheckRecord(p.Path, tree.N, tree.Hash, p.N, leaf); err != nil {
		return errors.Join(ErrChanged, err)
	}
	return nil
}
