package ledger

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"fanseed/signal/receipt"
	"fanseed/signal/reward"
)

// Bounds of what accounts write to the operator, and the operator to them.
const (
	MaxNote     = 500 // bytes
	MaxAppeals  = 5   // of one account in one epoch
	KeepAppeals = 200 // of one account that a statement shows: the newest
)

// Errors of appeals.
var (
	ErrNote     = errors.New("a note is of 1 to 500 bytes of text")
	ErrNoLine   = errors.New("the account has no such line and no such refused receipt")
	ErrWritten  = errors.New("something else was written about this already")
	ErrNoAppeal = errors.New("there is no such appeal")
	ErrAppeals  = errors.New("the account has written as many appeals as it may in one epoch")
)

// Subject is what an appeal is about: a line of a closed epoch, or else a receipt that was refused.
type Subject struct {
	Kind   reward.Kind // of the line; empty where it is a receipt
	Epoch  uint32
	Work   [20]byte
	Source [16]byte // of the line: a pool or a boost
	Serial [16]byte // of the receipt
}

// Appeal is what an account has written about a line that it thinks is wrong, and what the operator has answered. It moves nothing.
type Appeal struct {
	ID      int64 // from 1 on, in the order in which they were written; given when it is kept
	Account [16]byte
	Subject
	Name     string         // of the work, if it has one
	Basis    uint64         // bytes or minutes, as the line or the receipt said when it was written
	Credits  uint64         // µ-credits, likewise
	Reason   receipt.Reason // likewise
	Note     string
	Written  uint32 // epoch
	Time     uint64 // Unix milliseconds
	Answer   string // empty as long as there is none
	Answered uint64 // Unix milliseconds
}

// CheckNote refuses what is no text of 1 to MaxNote bytes, and what could change how the text around it is read.
func CheckNote(text string) error {
	if len(text) > MaxNote || strings.TrimSpace(text) == "" || !utf8.ValidString(text) || strings.ContainsFunc(text, misleading) {
		return ErrNote
	}
	return nil
}

func misleading(r rune) bool {
	return unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// Appeal keeps what an account writes to the operator, and returns it as it is kept.
func (l *Ledger) Appeal(ctx context.Context, a Appeal, now time.Time) (Appeal, error) {
	a.Written, a.Time = l.epochs.At(now), uint64(now.UnixMilli())
	return l.books.Appeal(ctx, a)
}

// Appeals returns what was written to the operator, the newest first.
func (l *Ledger) Appeals(ctx context.Context, q AppealQuery) ([]Appeal, error) {
	return l.books.Appeals(ctx, q)
}

// AppealQuery says which appeals are asked for.
type AppealQuery struct {
	Account [16]byte // whose; everybody's where it is zero
	Open    bool     // only those without an answer
	Before  int64    // only those with a smaller ID, unless it is zero
	Most    int
}

// Answer keeps the operator's answer.
func (l *Ledger) Answer(ctx context.Context, id int64, text string, now time.Time) error {
	return l.books.Answer(ctx, id, text, uint64(now.UnixMilli()))
}
