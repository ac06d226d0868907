package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// The webseed and nginx send the same file of so many bytes to clients, each of which has an address and a connection of its own and
// takes it some times.
const (
	webseedSize   = 256 << 20
	webseedRange  = 2 << 20
	webseedTakers = 4
	webseedTimes  = 3
)

// overHTTP is what one turn gave: megabytes a second, and CPU milliseconds of the server per gigabyte.
type overHTTP struct{ first, whole, wholeCPU, ranges, rangesCPU float64 }

// webseed measures the webseed beside nginx.
func (n native) webseed(ctx context.Context) ([]*measurement, error) {
	note := fmt.Sprintf("%d MiB, %d times to each of %d clients at once, who drop it", webseedSize>>20, webseedTimes, webseedTakers)
	first := &measurement{Name: "webseed, one whole GET after a start", Unit: "MB/s", Beside: "nginx", Note: "to one client: ours hashes every piece before the first byte of it is sent"}
	whole := &measurement{Name: "webseed, whole GETs", Unit: "MB/s", Beside: "nginx", Note: note}
	wholeCPU := &measurement{Name: "webseed, whole GETs, CPU of the server", Unit: "ms/GB", Beside: "nginx", Note: note}
	ranges := &measurement{Name: "webseed, ranges of 2 MiB", Unit: "MB/s", Beside: "nginx", Note: note}
	rangesCPU := &measurement{Name: "webseed, ranges of 2 MiB, CPU of the server", Unit: "ms/GB", Beside: "nginx", Note: note}
	lines := []*measurement{first, whole, wholeCPU, ranges, rangesCPU}
	if !n.wants(lines) {
		return nil, nil
	}
	if err := n.need(ctx, onPath("nginx"), "nginx-light"); err != nil {
		return nil, err
	}
	data, err := n.filled(ctx, 1, webseedSize)
	defer os.RemoveAll(data)
	if err != nil {
		return nil, err
	}
	for round := range n.rounds {
		our, their, err := inTurn(round,
			func() (overHTTP, error) { return n.webseedTurn(ctx, data, n.serveWebseed) },
			func() (overHTTP, error) { return n.webseedTurn(ctx, data, n.serveNginx) })
		if err != nil {
			return nil, err
		}
		first.add(our.first, their.first)
		whole.add(our.whole, their.whole)
		wholeCPU.add(our.wholeCPU, their.wholeCPU)
		ranges.add(our.ranges, their.ranges)
		rangesCPU.add(our.rangesCPU, their.rangesCPU)
		fmt.Fprintf(os.Stderr, "  webseed, %d of %d: %.0f, nginx %.0f\n", round+1, n.rounds, our, their)
	}
	return lines, nil
}

func (n native) serveWebseed(ctx context.Context, data string) (*process, string, error) {
	infohash, err := onlyCopy(data)
	if err != nil {
		return nil, "", err
	}
	p, url, err := n.serve(ctx, data)
	return p, url + "/webseed/" + infohash + "/work-0", err
}

const nginxConf = `daemon off; worker_processes auto; pid %[1]s/nginx.pid; error_log stderr; %[3]s
events {}
http {
	access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	server { listen %[2]s; root %[1]s/files; }
}
`

// serveNginx starts nginx as Debian has it, with a worker for each processor.
func (n native) serveNginx(ctx context.Context, data string) (*process, string, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, "", err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // who alone may read the server's copies
	}
	conf := filepath.Join(data, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, data, address, user), 0o644); err != nil {
		return nil, "", err
	}
	p, err := startProcess(data, "nginx", "-e", "stderr", "-p", data, "-c", conf)
	if err != nil {
		return nil, "", err
	}
	err = p.until(ctx, "an answer of nginx", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return p, "http://" + address + "/work-0", err
}

// freeAddress is one that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (n native) webseedTurn(ctx context.Context, data string, serve func(context.Context, string) (*process, string, error)) (t overHTTP, err error) {
	p, url, err := serve(ctx, data)
	if p != nil {
		defer p.end()
	}
	if err != nil {
		return t, err
	}
	if t.first, _, err = take(ctx, p, url, 1, 1, webseedSize); err != nil {
		return t, err
	}
	if err := same(ctx, url, filepath.Join(data, "files", "work-0")); err != nil {
		return t, err
	}
	if t.whole, t.wholeCPU, err = take(ctx, p, url, webseedTakers, webseedTimes, webseedSize); err == nil {
		t.ranges, t.rangesCPU, err = take(ctx, p, url, webseedTakers, webseedTimes, webseedRange)
	}
	return t, err
}

// take has clients fetch a file, in ranges or whole. It gives megabytes a second, and the CPU milliseconds of the server per gigabyte.
func take(ctx context.Context, from *process, url string, takers, times int, part int64) (rate, cpu float64, err error) {
	before, begin := from.used(), time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for taker := range takers {
		group.Go(func() error {
			client, buffer := clientAt(net.IPv4(127, 0, 0, byte(2+taker))), make([]byte, 256<<10)
			defer client.CloseIdleConnections()
			for at := int64(0); at < int64(times)*webseedSize; at += part {
				if err := takePart(ctx, client, url, at%webseedSize, part, buffer); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = group.Wait()
	bytes := float64(takers * times * webseedSize)
	return bytes / 1e6 / time.Since(begin).Seconds(), 1e3 * (from.used() - before) / (bytes / 1e9), err
}

// clientAt is a client with an address of its own: the webseed bounds how often one address asks.
func clientAt(address net.IP) *http.Client {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: address}}
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, MaxConnsPerHost: 1, DisableCompression: true}}
}

func takePart(ctx context.Context, client *http.Client, url string, at, part int64, buffer []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if part < webseedSize {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", at, at+part-1))
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, answer.Body, buffer)
	if err == nil && n != part {
		err = fmt.Errorf("%s gives %d bytes and not %d: %s", url, n, part, answer.Status)
	}
	return err
}

// same holds what is at a URL against a file.
func same(ctx context.Context, url, file string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	got, err := sum(answer.Body)
	if err != nil {
		return err
	}
	want, err := sum(f)
	if err == nil && got != want {
		err = fmt.Errorf("%s gives another file", url)
	}
	return err
}

func sum(r io.Reader) (digest [sha256.Size]byte, err error) {
	hash := sha256.New()
	_, err = io.Copy(hash, r)
	return [sha256.Size]byte(hash.Sum(nil)), err
}
