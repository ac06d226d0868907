package ledgertest

import (
	"runtime"
	"testing"
)

func TestASoundFakePasses(t *testing.T) { Run(t, fakePlace("")) }

// The suite is worth something only if it notices mistakes.
func TestBrokenFakesFail(t *testing.T) {
	for d, notices := range map[defect]string{
		"overwrites settings":                        "a setting keeps its first value",
		"credits a repeated receipt":                 "a receipt is credited once",
		"judges a batch by what was there before it": "a large batch is judged as its claims are one by one",
		"counts copies by seeder":                    "a copy is paid for once",
		"half a transaction":                         "a transaction that was called off leaves nothing",
		"lets strangers push out refusals":           "nobody pushes out another's refused receipts",
		"credits closed epochs":                      "a late receipt counts in the first open epoch",
		"counts what was traded":                     "what was given is told from what was traded, and from what was too much",
		"forgets where it saw somebody first":        "an account is where it was seen first",
		"takes stays of closed epochs":               "stays add up while their epoch is open",
		"counts stays told again":                    "stays add up while their epoch is open",
		"deposits again":                             "deposits reach their total once",
		"pays an epoch twice":                        "an epoch is closed once",
		"pays what it has not":                       "a closing that fails changes nothing",
		"forgets what is held":                       "what is held becomes payable when it is due",
		"closes over stays":                          "an epoch with nothing but stays is closed too",
		"forgets reputations":                        "what one epoch leaves, the next is told",
		"keeps presences for ever":                   "what one epoch leaves, the next is told",
		"takes audits of closed epochs":              "failed audits are told while their epoch is open, and are in the log",
		"counts an audit again":                      "failed audits are told while their epoch is open, and are in the log",
		"credits again":                              "an account is credited once",
		"locks a boost again":                        "a boost is locked once, and has a part for each epoch",
		"takes an appeal again":                      "an appeal is kept once, with the line that it is about",
		"takes appeals about anything":               "an appeal is about a line or a refused receipt of one's own",
		"takes any number of appeals":                "an account writes few appeals in an epoch",
		"answers again":                              "an answer is given once",
		"shows what is locked on other works":        "a boost is locked once, and has a part for each epoch",
		"lends":                                      "nobody locks what is not there",
		"takes any number of pools":                  "a work has few pools at once",
		"never ends a pool":                          "a pool pays until it ends, and the rest goes back",
		"forgets tables":                             "an epoch's tables are kept, and the log names them",
		"lists epochs from the first on":             "closed epochs are listed with the records that the log has",
		"does not log epochs":                        "an epoch's tables are kept, and the log names them",
		"forgets when it is opened again":            "everything is there when the books are opened again",
		"logs what is logged":                        "what was settled is in the log once, in order",
		"forgets salts":                              "a receipt that is settled again is the same record",
		"lists removed works":                        "a removed work is gone for ever",
		"boosts what was removed":                    "the works that are boosted most are listed, and no removed ones",
	} {
		t.Run(string(d), func(t *testing.T) {
			for _, c := range Cases() {
				if c.Name == notices && !fails(t, c, fakePlace(d)(t)) {
					t.Errorf("%q does not notice that a backend %s", c.Name, d)
				} else if c.Name == notices {
					return
				}
			}
			t.Errorf("there is no case %q", notices)
		})
	}
}

// recorder is a test whose failure is only noted.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Error(...any)          { r.failed = true }
func (r *recorder) Errorf(string, ...any) { r.failed = true }

func (r *recorder) Fatal(...any)          { r.failed = true; runtime.Goexit() }
func (r *recorder) Fatalf(string, ...any) { r.failed = true; runtime.Goexit() }

func fails(t *testing.T, c Case, place Place) bool {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(r, place)
	}()
	<-done
	return r.failed
}
