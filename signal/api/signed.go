package api

import (
	"crypto/ed25519"
	"crypto/sha256"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"fanseed/signal/ticket"
)

// maxSkew is how far a signed request's clock may be from ours.
const maxSkew = 5 * time.Minute

// authorization is what the header of that name says:
// Fanseed key=<hex 32>,time=<unix ms>,signature=<hex 64>
type authorization struct {
	key       publicKey
	time      uint64
	signature signature
}

func parseAuthorization(header string) (a authorization, ok bool) {
	fields, ok := strings.CutPrefix(header, "Fanseed ")
	if !ok {
		return a, false
	}
	parts := strings.Split(fields, ",")
	if len(parts) != 3 {
		return a, false
	}
	key, keyOK := strings.CutPrefix(strings.TrimSpace(parts[0]), "key=")
	clock, clockOK := strings.CutPrefix(strings.TrimSpace(parts[1]), "time=")
	sig, sigOK := strings.CutPrefix(strings.TrimSpace(parts[2]), "signature=")
	if !keyOK || !clockOK || !sigOK || a.key.UnmarshalText([]byte(key)) != nil || a.signature.UnmarshalText([]byte(sig)) != nil {
		return a, false
	}
	var err error
	a.time, err = strconv.ParseUint(clock, 10, 63)
	return a, err == nil
}

// signed returns the body, of at most limit bytes, and the key of a request that
// is signed by it.
func (a *API) signed(w http.ResponseWriter, r *http.Request, limit int64, now time.Time) (publicKey, []byte, error) {
	auth, ok := parseAuthorization(r.Header.Get("Authorization"))
	if !ok {
		return publicKey{}, nil, unsigned("unsigned", "this request must be signed: Authorization: Fanseed key=…,time=…,signature=…", now)
	}
	if skew := time.UnixMilli(int64(auth.time)).Sub(now); skew.Abs() > maxSkew {
		return publicKey{}, nil, unsigned("wrong_time", "the request's time is more than 5 minutes from the server's", now)
	}
	if ticket.SmallOrder(auth.key) {
		return publicKey{}, nil, unsigned("bad_signature", "the public key is of small order", now)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		return publicKey{}, nil, readError(err)
	}
	if !a.verify(auth, r, sha256.Sum256(body)) {
		return publicKey{}, nil, unsigned("bad_signature", "the signature does not fit this request, key and server", now)
	}
	return auth.key, body, nil
}

// verify tries each name under which this server can be dialled.
func (a *API) verify(auth authorization, r *http.Request, body [32]byte) bool {
	for _, origin := range a.Origins {
		m := ticket.RequestMessage(origin, r.Method, r.RequestURI, auth.time, body)
		if ed25519.Verify(auth.key[:], m, auth.signature[:]) {
			return true
		}
	}
	return false
}

// readError says why a body could not be read.
func readError(err error) error {
	if said := refusalOf(err); said != errInternal {
		return said
	}
	return malformed("the request's body ended early")
}
