// Package verify owns the second look at a server: it reads the whole public log,
// compares it with what it kept of the last time, and divides every epoch again.
//
// It promises to end at the first thing that does not hold, and to say what it is.
// It never says that receipts are of different people: no log can show that.
package verify

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"fanseed/signal/log"
	"fanseed/signal/log/reader"
)

// logPath is where a server has its log.
const logPath = "/v1/log/"

// What does not hold besides the errors of the reader.
var (
	ErrKey      = errors.New("the log's key is another than before")
	ErrDivision = errors.New("an epoch was not divided as its inputs say")
	ErrEpochs   = errors.New("epochs were not closed one after the other")
	ErrMissing  = errors.New("a record that was promised is not in the log")
)

// Divide computes an epoch's payout table from its input table. Both are documents, byte for byte.
type Divide func(inputs []byte) (payouts []byte, err error)

// Options are what a person says on the command line.
type Options struct {
	Server string     // origin
	Key    string     // text of the log's key; "" for the one that was kept, or, the first time, the one that the server has
	State  string     // file of what is kept for the next time; it is made if it is missing
	Leaves []log.Hash // of records that must be in the log
	Divide Divide     // nil where the rules are not known: then tables are fetched and compared with their hashes, and not divided
	Client *http.Client
	Out    io.Writer
}

// look is one look from its beginning to its end.
type look struct {
	Options
	log     *reader.Log
	kinds   map[log.Kind]int
	missing map[log.Hash]bool
	epochs  []log.Epoch
}

// Run verifies a server's log. An error is the first thing that does not hold: one of this package, of the reader, ErrState, or the
// context's.
func Run(ctx context.Context, o Options) error {
	address, err := logOf(o.Server)
	if err != nil {
		return err
	}
	l := &look{Options: o, kinds: map[log.Kind]int{}, missing: map[log.Hash]bool{}}
	for _, leaf := range o.Leaves {
		l.missing[leaf] = true
	}
	kept, err := readState(o.State)
	if err != nil {
		return err
	}
	key, err := l.choose(ctx, address, kept)
	if err != nil {
		return err
	}
	l.log = reader.New(address, key, o.Client)
	now, err := l.newest(ctx, kept)
	if err == nil {
		err = l.records(ctx, now.Tree)
	}
	if err == nil {
		err = l.divisions(ctx)
	}
	if err == nil {
		l.say("the log holds")
	}
	return err
}

func (l *look) say(format string, args ...any) { fmt.Fprintf(l.Out, format+"\n", args...) }

// logOf returns the log's address on a server.
func logOf(server string) (string, error) {
	u, err := url.Parse(strings.TrimSuffix(strings.TrimSpace(server), "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not the origin of a server, such as https://fanseed.example", server)
	}
	return u.Scheme + "://" + strings.ToLower(u.Host) + logPath, nil
}

// choose decides which key is believed: what the person says, else what was kept, else what the server says. A key that was kept never
// changes.
func (l *look) choose(ctx context.Context, address string, kept State) (k log.Key, err error) {
	switch {
	case l.Key != "":
		k, err = log.ParseKey(l.Key)
	case kept.Known():
		k = kept.Key
	default:
		k, err = reader.Key(ctx, address, l.Client)
	}
	if err == nil && kept.Known() && k.String() != kept.Key.String() {
		err = fmt.Errorf("%w: it was %s", ErrKey, kept.Key)
	}
	if err != nil {
		return k, err
	}
	l.say("log %s", k)
	if l.Key == "" && !kept.Known() {
		l.say("this is the first visit: the key is believed as the server says it, and kept")
	}
	return k, nil
}

// newest reads the newest checkpoint, proves that it contains the one that was kept, and keeps it.
func (l *look) newest(ctx context.Context, kept State) (reader.Checkpoint, error) {
	now, err := l.log.Checkpoint(ctx)
	if err != nil {
		return now, err
	}
	l.say("checkpoint of %d records, root %s", now.N, now.Hash)
	if kept.Known() {
		if err := l.log.Contains(ctx, now.Tree, kept.Tree); err != nil {
			l.evidence(err, kept.Signed, now.Signed)
			return now, err
		}
		l.say("it has all of the %d records that were there the last time", kept.Tree.N)
	}
	return now, writeState(l.State, State{l.log.Key(), now.Tree, now.Signed})
}

// evidence shows the two checkpoints that contradict each other: together they prove to anybody that the server rewrote its log.
func (l *look) evidence(err error, before, now []byte) {
	if errors.Is(err, reader.ErrRewritten) {
		l.say("both of these are signed by the log, and no log has both:\n\n%s\n%s", shown(before), shown(now))
	}
}

// shown has a mark for what a terminal would not show: beside the log's, a checkpoint may have signatures whose names the server chose.
func shown(signed []byte) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, string(signed))
}

// records reads all records.
func (l *look) records(ctx context.Context, tree log.Tree) error {
	err := l.log.Records(ctx, tree, func(e reader.Entry) error {
		if l.missing[e.Leaf] {
			delete(l.missing, e.Leaf)
			l.say("record %x is number %d", e.Leaf[:], e.N)
		}
		l.kinds[e.Record.Kind()]++
		return l.epoch(e)
	})
	if err != nil {
		return err
	}
	for _, leaf := range l.Leaves {
		if l.missing[leaf] {
			return fmt.Errorf("%w: %s", ErrMissing, hex.EncodeToString(leaf[:]))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(l.kinds)) {
		l.say("%d of the kind %s", l.kinds[kind], kind)
	}
	return nil
}
