package ticket_test

import (
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"fanseed/signal/ticket"
)

var (
	ones = strings.Repeat("01:", 31) + "01"
	twos = strings.Repeat("02:", 31) + "02"
)

func sdp(fingerprints ...string) string {
	s := "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
	for _, f := range fingerprints {
		s += "a=fingerprint:" + f + "\r\n"
	}
	return s + "a=setup:actpass\r\n"
}

func TestChannel(t *testing.T) {
	want := sha256.Sum256([]byte(strings.Repeat("\x01", 32) + strings.Repeat("\x02", 32)))
	for name, offer := range map[string]string{
		"as browsers write it":    sdp("sha-256 " + ones),
		"session and medium":      sdp("sha-256 "+ones, "sha-256 "+ones),
		"upper case name":         sdp("SHA-256 " + ones),
		"beside another hash":     sdp("sha-1 "+strings.Repeat("AA:", 19)+"AA", "sha-256 "+ones),
		"lines end with LF alone": strings.ReplaceAll(sdp("sha-256 "+ones), "\r", ""),
	} {
		got, err := ticket.Channel(offer, sdp("sha-256 "+twos))
		if err != nil || got != want {
			t.Errorf("%s: got %x, %v, want %x", name, got, err, want)
		}
	}
}

func TestChannelHasADirection(t *testing.T) {
	a, b := sdp("sha-256 "+ones), sdp("sha-256 "+twos)
	ab, _ := ticket.Channel(a, b)
	ba, _ := ticket.Channel(b, a)
	if ab == ba {
		t.Error("offer and answer can be exchanged")
	}
}

func TestChannelReadsHexOfBothCases(t *testing.T) {
	upper, lower := strings.Repeat("AB:", 31)+"AB", strings.Repeat("ab:", 31)+"ab"
	a, err := ticket.Channel(sdp("sha-256 "+upper), sdp("sha-256 "+lower))
	b, _ := ticket.Channel(sdp("sha-256 "+lower), sdp("sha-256 "+upper))
	if err != nil || a != b {
		t.Errorf("got %x and %x, %v", a, b, err)
	}
}

func TestChannelRefuses(t *testing.T) {
	good := sdp("sha-256 " + ones)
	for _, c := range []struct {
		name, sdp string
		want      error
	}{
		{"nothing", "", ticket.ErrNoFingerprint},
		{"no fingerprint", sdp(), ticket.ErrNoFingerprint},
		{"only another hash", sdp("sha-512 " + ones), ticket.ErrNoFingerprint},
		{"inside another line", "a=x a=fingerprint:sha-256 " + ones, ticket.ErrNoFingerprint},
		{"two certificates", sdp("sha-256 "+ones, "sha-256 "+twos), ticket.ErrFingerprints},
		{"no value", sdp("sha-256"), ticket.ErrBadFingerprint},
		{"short", sdp("sha-256 " + ones[3:]), ticket.ErrBadFingerprint},
		{"long", sdp("sha-256 " + ones + ":01"), ticket.ErrBadFingerprint},
		{"not hex", sdp("sha-256 g" + ones[1:]), ticket.ErrBadFingerprint},
		{"not colons", sdp("sha-256 " + strings.ReplaceAll(ones, ":", "-")), ticket.ErrBadFingerprint},
		{"space at the end", sdp("sha-256 " + ones + " "), ticket.ErrBadFingerprint},
	} {
		if _, err := ticket.Channel(c.sdp, good); !errors.Is(err, c.want) {
			t.Errorf("%s as offer: got %v, want %v", c.name, err, c.want)
		}
		if _, err := ticket.Channel(good, c.sdp); !errors.Is(err, c.want) {
			t.Errorf("%s as answer: got %v, want %v", c.name, err, c.want)
		}
	}
}

func FuzzChannel(f *testing.F) {
	f.Add(sdp("sha-256 "+ones), sdp("sha-256 "+twos))
	f.Add(sdp("sha-256 "+ones, "sha-256 "+twos), "a=fingerprint:")
	f.Fuzz(func(t *testing.T, offer, answer string) {
		_, err := ticket.Channel(offer, answer)
		if err != nil {
			return
		}
		if !strings.Contains(offer, "a=fingerprint:") || !strings.Contains(answer, "a=fingerprint:") {
			t.Error("a channel out of no fingerprint")
		}
		if _, err := ticket.Channel(offer+"\na=fingerprint:sha-256 "+ones, answer+"\na=fingerprint:sha-256 "+twos); err == nil {
			both, _ := ticket.Channel(sdp("sha-256 "+ones), sdp("sha-256 "+twos))
			if got, _ := ticket.Channel(offer, answer); got != both {
				t.Error("a second certificate was not noticed")
			}
		}
	})
}
