// Package log owns the public log: what is written in it, the tree over it, what
// the server signs of it, and the addresses at which anybody reads it.
//
// The log is append-only. Its records are the leaves of a Merkle tree (RFC 6962,
// section 2.1) that is kept in tiles (C2SP tlog-tiles); a signed checkpoint (C2SP
// tlog-checkpoint) names the tree, and every later one must contain it.
//
// It promises one encoding for each record, that a tile which is full never
// changes, and that nothing is built on tiles which do not make the tree that was
// signed. It never knows a database, an account's balance or how an epoch is
// divided: a Store keeps tiles, and whoever moves credits says what to write.
package log

import (
	"errors"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a SHA-256 hash of a leaf or of two hashes below it (RFC 6962, section 2.1).
type Hash = tlog.Hash

// MaxRecords is the most that a log can have: more than there will ever be, and few enough for every number in the tree to be exact.
const MaxRecords = 1 << 48

// Tree is the number of records and the root over them.
type Tree = tlog.Tree

// Empty is the tree without records: its root is the SHA-256 of nothing (RFC 6962, section 2.1).
var Empty = Tree{Hash: Hash{
	0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
	0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
}}

// Errors that callers tell apart.
var (
	ErrRecord     = errors.New("not a record of the log")
	ErrCheckpoint = errors.New("not a checkpoint of the log")
	ErrSignature  = errors.New("not signed by the log's key")
	ErrPromise    = errors.New("not a promise of version 1")
	ErrKey        = errors.New("not a key of a log")
	ErrBundle     = errors.New("not a bundle of records")
	ErrFew        = errors.New("fewer records than there must be") // with ErrBundle
	ErrPath       = errors.New("not an address in the log")
	ErrCorrupt    = errors.New("the log's tiles do not make its tree")
	ErrNone       = errors.New("there is no such thing in the log")
)

// LeafHash is the hash by which the tree has a record.
func LeafHash(record []byte) Hash { return tlog.RecordHash(record) }
