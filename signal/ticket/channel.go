package ticket

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Errors of Channel.
var (
	ErrNoFingerprint  = errors.New("no sha-256 fingerprint")
	ErrFingerprints   = errors.New("several different sha-256 fingerprints")
	ErrBadFingerprint = errors.New("malformed fingerprint: not 32 bytes of hex joined by colons")
)

// Channel names the data channel that an offer and its answer make: the hash of
// both DTLS certificates' SHA-256 fingerprints (RFC 8122, section 5). A ticket
// with it is of no use on a connection between other certificates.
func Channel(offerSDP, answerSDP string) ([32]byte, error) {
	offer, err := fingerprint(offerSDP)
	if err != nil {
		return [32]byte{}, fmt.Errorf("offer: %w", err)
	}
	answer, err := fingerprint(answerSDP)
	if err != nil {
		return [32]byte{}, fmt.Errorf("answer: %w", err)
	}
	return sha256.Sum256(append(offer[:], answer[:]...)), nil
}

// fingerprint returns the one SHA-256 fingerprint of an SDP. It may be repeated,
// for the session and for each medium, but not changed.
func fingerprint(sdp string) (found [32]byte, err error) {
	seen := false
	for line := range strings.SplitSeq(sdp, "\n") {
		value, ok := strings.CutPrefix(strings.TrimSuffix(line, "\r"), "a=fingerprint:")
		if !ok {
			continue
		}
		hash, digits, ok := strings.Cut(value, " ")
		if !ok {
			return found, ErrBadFingerprint
		}
		if !strings.EqualFold(hash, "sha-256") {
			continue
		}
		f, err := parseFingerprint(digits)
		if err != nil {
			return found, err
		}
		if seen && f != found {
			return found, ErrFingerprints
		}
		found, seen = f, true
	}
	if !seen {
		return found, ErrNoFingerprint
	}
	return found, nil
}

func parseFingerprint(s string) (f [32]byte, err error) {
	if len(s) != 3*len(f)-1 {
		return f, ErrBadFingerprint
	}
	for i := range f {
		if i > 0 && s[3*i-1] != ':' {
			return f, ErrBadFingerprint
		}
		if _, err := hex.Decode(f[i:i+1], []byte(s[3*i:3*i+2])); err != nil {
			return f, ErrBadFingerprint
		}
	}
	return f, nil
}
