package node

import (
	"strconv"
	"strings"
	"time"
)

// BadAnswer is an HTTP server's answer that is of no use.
type BadAnswer struct {
	Status     int
	RetryAfter time.Duration // what the server asks for; 0 when it does not
	Reason     string
}

func (e *BadAnswer) Error() string {
	return "the webseed answered " + strconv.Itoa(e.Status) + ": " + e.Reason
}

// passing says that the server may answer better soon.
func (e *BadAnswer) passing() bool { return e.Status >= 500 || e.Status == 429 || e.Status == 408 }

// maxSkip is how many bytes are let pass by where a server ignores ranges.
const maxSkip = 1 << 20

// Answer judges a server's answer to a request for the bytes from begin on and
// before end, by its status and two headers; contentRange is empty where a
// browser does not show it (https://www.rfc-editor.org/rfc/rfc9110#name-range-requests).
// It returns how many bytes come before those that were asked for.
func Answer(status int, contentRange, retryAfter string, begin, end int64) (skip int64, err error) {
	switch {
	case status == 206 && (contentRange == "" || fits(contentRange, begin, end)):
		return 0, nil
	case status == 206:
		return 0, &BadAnswer{Status: status, Reason: "another range than was asked for"}
	case status == 200 && begin <= maxSkip:
		return begin, nil
	case status == 200:
		return 0, &BadAnswer{Status: status, Reason: "no ranges"}
	}
	seconds, err := strconv.ParseUint(strings.TrimSpace(retryAfter), 10, 31)
	if err != nil {
		seconds = 0 // a date, or nothing: the usual time will do
	}
	return 0, &BadAnswer{Status: status, RetryAfter: time.Duration(seconds) * time.Second, Reason: "not what was asked for"}
}

// fits says whether a Content-Range is the range that was asked for.
func fits(contentRange string, begin, end int64) bool {
	want := "bytes " + strconv.FormatInt(begin, 10) + "-" + strconv.FormatInt(end-1, 10) + "/"
	return len(contentRange) > len(want) && strings.EqualFold(contentRange[:len(want)], want)
}
