package seed

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"fanseed/signal/ticket"
	"fanseed/wasm/metainfo"
	"fanseed/wasm/rtc"
)

// server is the Fanseed server's HTTP API, as far as it is needed here.
type server struct {
	origin string // "https://host[:port]"
	key    ed25519.PrivateKey
	ahead  time.Duration // by which its clock is ahead of ours
}

// How long a request may take, and the most bytes that an answer may have.
const (
	requestTime = 30 * time.Second
	maxAnswer   = 32 << 20
)

var errNotKnown = errors.New("the server does not know this")

// origin reads what a person says of the server.
func originOf(s string) (string, error) {
	u, err := url.Parse(strings.TrimSuffix(strings.TrimSpace(s), "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Path+u.RawQuery+u.Fragment != "" {
		return "", fmt.Errorf("%q is not the address of a server, such as https://fanseed.example", s)
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

// copies tells whether the server makes copies of what is published.
func (s *server) copies(ctx context.Context) bool {
	var said struct {
		Copies bool `json:"copies"`
	}
	text, err := s.get(ctx, "/v1/server")
	return err == nil && json.Unmarshal(text, &said) == nil && said.Copies
}

// register publishes a .torrent in the name of the account, of which the server makes a copy or not. A clock that is wrong here is put right
// once, by the time that the refusal tells.
func (s *server) register(ctx context.Context, torrent []byte, copied bool) error {
	path := "/v1/works"
	if !copied {
		path += "?copy=false"
	}
	for attempt := 0; ; attempt++ {
		status, said, err := s.post(ctx, path, torrent)
		if err != nil {
			return err
		}
		if status == http.StatusOK || status == http.StatusCreated {
			return nil
		}
		if status == http.StatusUnauthorized && attempt == 0 && s.adjust(said.Time) {
			continue
		}
		return fmt.Errorf("the server refuses the work: %s", orStatus(said.Message, status))
	}
}

// adjust takes the server's time, in milliseconds, and tells whether ours was far from it.
func (s *server) adjust(theirs int64) bool {
	if theirs == 0 {
		return false
	}
	ahead := time.Until(time.UnixMilli(theirs))
	far := (ahead - s.ahead).Abs() > time.Minute
	s.ahead = ahead
	return far
}

// refusal is what the server says when it refuses.
type refusal struct {
	Message string `json:"message"`
	Time    int64  `json:"time"`
}

func (s *server) post(ctx context.Context, path string, body []byte) (status int, said refusal, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.origin+path, bytes.NewReader(body))
	if err != nil {
		return 0, said, err
	}
	request.Header.Set("Authorization", s.authorization(http.MethodPost, path, body))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, said, fmt.Errorf("the server cannot be reached: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err == nil && answer.StatusCode >= 300 {
		_ = json.Unmarshal(text, &said) // of what is no JSON the status has to do
	}
	return answer.StatusCode, said, err
}

// authorization signs a request.
func (s *server) authorization(method, path string, body []byte) string {
	now := uint64(time.Now().Add(s.ahead).UnixMilli())
	signature := ed25519.Sign(s.key, ticket.RequestMessage(s.origin, method, path, now, sha256.Sum256(body)))
	return "Fanseed key=" + hex.EncodeToString(s.key.Public().(ed25519.PublicKey)) +
		",time=" + strconv.FormatUint(now, 10) + ",signature=" + hex.EncodeToString(signature)
}

// get reads what the server has at a path.
func (s *server) get(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.origin+path, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the server cannot be reached: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, errNotKnown
	}
	return io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
}

// iceServers asks for the STUN and TURN servers by which browsers are reached.
func (s *server) iceServers(ctx context.Context) ([]rtc.ICEServer, error) {
	var said struct {
		Servers []rtc.ICEServer `json:"ice_servers"`
	}
	text, err := s.get(ctx, "/v1/ice")
	if err == nil {
		err = json.Unmarshal(text, &said)
	}
	return said.Servers, err
}

// torrent asks the server for a work.
func (s *server) torrent(ctx context.Context, infohash [20]byte) (*metainfo.Torrent, error) {
	text, err := s.get(ctx, "/v1/works/"+hex.EncodeToString(infohash[:])+".torrent")
	if err != nil {
		return nil, err
	}
	t, err := metainfo.Parse(text)
	if err == nil && t.Infohash != infohash {
		err = errors.New("the server gave another work")
	}
	return t, err
}

// announce is the address of the server's tracker.
func (s *server) announce() string { return "ws" + strings.TrimPrefix(s.origin, "http") + "/announce" }

// page is a work's page, and webseed where its files are.
func (s *server) page(infohash [20]byte) string {
	return s.origin + "/w/" + hex.EncodeToString(infohash[:])
}

func orStatus(message string, status int) string {
	if message != "" {
		return message
	}
	return http.StatusText(status)
}
