package seedbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"fanseed/wasm/store"
)

// stall is how long a client may take nothing of what it is sent.
const stall = time.Minute

// answer is what http.ServeContent writes to. It turns an answer of bytes that are not here into a 503, waits for tokens, and sends from
// the file itself, so that the system can copy the bytes to the socket (sendfile).
type answer struct {
	http.ResponseWriter
	request *http.Request
	content *reader
	tokens  tokens
	begun   bool // with bytes of the file; when no more can be had the connection is closed, as Content-Length says more
	refused bool // with a 503
}

var errRefused = errors.New("the answer is another one")

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if status != http.StatusOK && status != http.StatusPartialContent {
		a.ResponseWriter.WriteHeader(status)
		return
	}
	begin, end := a.extent(status)
	if err := a.content.here(begin, end); err != nil {
		a.refused = true
		unavailable(a.ResponseWriter, "these bytes are not here yet")
		return
	}
	a.begun = true
	a.ResponseWriter.WriteHeader(status)
}

// extent is the range that is going to be sent: that of Content-Range, or of several ranges and of none the whole file.
func (a *answer) extent(status int) (begin, end int64) {
	if status == http.StatusPartialContent {
		var last int64
		if n, _ := fmt.Sscanf(a.Header().Get("Content-Range"), "bytes %d-%d/", &begin, &last); n == 2 {
			return begin, last + 1
		}
	}
	return 0, a.content.length()
}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (n int, err error) {
	if !a.begun {
		return a.refusal(b)
	}
	for len(b) > 0 && err == nil {
		some := b[:min(int64(len(b)), a.tokens.part())]
		if err = a.ready(int64(len(some))); err == nil {
			var written int
			written, err = a.ResponseWriter.Write(some)
			n, b = n+written, b[written:]
			a.content.work.copy.sent.Add(int64(written))
		}
	}
	return n, err
}

// refusal writes what ServeContent says of a request that it refuses itself.
func (a *answer) refusal(b []byte) (int, error) {
	if a.refused {
		return 0, errRefused
	}
	return a.ResponseWriter.Write(b)
}

// ReadFrom implements io.ReaderFrom: it sends what ServeContent would copy from the content, which is what the content's place says.
func (a *answer) ReadFrom(from io.Reader) (n int64, err error) {
	limited, is := from.(*io.LimitedReader)
	if !is || limited.R != io.Reader(a.content) || !a.begun {
		return io.Copy(struct{ io.Writer }{a}, from)
	}
	for limited.N > 0 && err == nil {
		var sent int64
		sent, err = a.send(min(limited.N, a.tokens.part()))
		n, limited.N = n+sent, limited.N-sent
		a.content.at += sent
	}
	return n, err
}

// send sends the next bytes, at most so many.
func (a *answer) send(n int64) (int64, error) {
	f, err := a.content.verified(n)
	if err != nil {
		return 0, err
	}
	if err := a.ready(n); err != nil {
		return 0, err
	}
	sent, err := io.Copy(a.ResponseWriter, io.LimitReader(f, n))
	a.content.work.copy.sent.Add(sent)
	if err == nil && sent < n {
		err = io.ErrUnexpectedEOF
	}
	return sent, err
}

// ready waits until so many bytes may be sent, and gives the client time to take them.
func (a *answer) ready(n int64) error {
	if err := a.tokens.wait(a.request.Context(), n); err != nil {
		return err
	}
	err := http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(stall))
	if errors.Is(err, http.ErrNotSupported) {
		return nil // then the server's own deadline is the only one
	}
	return err
}

// reader reads a file of a copy. It gives out verified bytes alone.
type reader struct {
	ctx  context.Context
	work *work
	file int // number in info.Files
	at   int64

	data  *os.File // nil until it is needed
	begin int64    // of the file in data
}

func (r *reader) length() int64 { return r.work.info.Files[r.file].Length }

// Seek implements io.Seeker.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.length()
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning of a file")
	}
	r.at = offset
	return offset, nil
}

// Read implements io.Reader.
func (r *reader) Read(b []byte) (int, error) {
	left := r.length() - r.at
	if left <= 0 {
		return 0, io.EOF
	}
	offset := r.work.info.Files[r.file].Offset + r.at
	index, begin := offset/r.work.info.PieceLength, offset%r.work.info.PieceLength
	n := min(int64(len(b)), left, r.work.info.PieceLength-begin)
	if err := r.work.read(r.ctx, int(index), int(begin), b[:n]); err != nil {
		return 0, err
	}
	r.at += n
	return int(n), nil
}

// pieces are the first piece of a range of the file, and the one behind its last.
func (r *reader) pieces(begin, end int64) (first, behind int) {
	offset, length := r.work.info.Files[r.file].Offset, r.work.info.PieceLength
	if begin == end {
		return 0, 0
	}
	return int((offset + begin) / length), int((offset+end-1)/length) + 1
}

// here tells whether a range of the file is there, and right where it begins.
func (r *reader) here(begin, end int64) error {
	first, behind := r.pieces(begin, end)
	have := r.work.dir.Have()
	for i := first; i < behind; i++ {
		if !have.Has(i) {
			return store.ErrMissing
		}
	}
	if first == behind {
		return nil
	}
	_, err := r.work.verified(r.ctx, first)
	return err
}

// verified returns the data file, at the place of the reader, after the next n bytes were verified.
func (r *reader) verified(n int64) (*os.File, error) {
	for range patience {
		before, err := r.open()
		if err != nil {
			return nil, err
		}
		first, behind := r.pieces(r.at, r.at+n)
		for i := first; i < behind; i++ {
			if _, err := r.work.verified(r.ctx, i); err != nil {
				return nil, err
			}
		}
		if after, same, err := r.work.dir.Look(r.file, r.data); err != nil || same && after == before {
			return r.data, err
		}
	}
	return nil, errChanging
}

// open opens the data file if it is not open, or not that file any more, and goes to the place of the reader.
func (r *reader) open() (changes uint64, err error) {
	if r.data != nil {
		changes, same, err := r.work.dir.Look(r.file, r.data)
		if err != nil || same {
			return changes, err
		}
		r.close()
	}
	if r.data, r.begin, err = r.work.dir.Section(r.file); err != nil {
		return 0, err
	}
	if _, err := r.data.Seek(r.begin+r.at, io.SeekStart); err != nil {
		return 0, err
	}
	changes, _, err = r.work.dir.Look(r.file, r.data)
	return changes, err
}

func (r *reader) close() {
	if r.data != nil {
		_ = r.data.Close()
		r.data = nil
	}
}
