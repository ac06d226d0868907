package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// stockClient is a BitTorrent client as Debian packages it.
type stockClient struct {
	name    string
	version func(*testing.T) string
	formats map[string]string // by format that it does not take: why
	run     func(*testing.T, job)
}

// job is what a client is to do until the test ends: have the work of a torrent in a folder. What is there already is seeded.
type job struct {
	torrent string // a .torrent file
	folder  string
	port    int
}

// stockClients are all of them, with what they cannot do of themselves.
func (i interop) stockClients() []stockClient {
	v1Only := map[string]string{"v2": "knows version 1 only"}
	noHybrids := map[string]string{"v2": "knows version 1 only", "hybrid": "reads another infohash from hybrids, whoever made them"}
	return []stockClient{
		{"Transmission", versionOf(`\d+\.\d+\S*`, "transmission-daemon", "--version"),
			map[string]string{"v2": "knows version 1 only", "hybrid": "refuses hybrids, whoever made them"}, runTransmission},
		{"aria2", versionOf(`\d+\.\d+\.\d+`, "aria2c", "--version"), noHybrids, runAria2},
		{"qBittorrent", versionOf(`\d+\.\d+\.\d+`, "qbittorrent-nox", "--version"), nil, runQBittorrent},
		{"rTorrent", versionOf(`\d+\.\d+\.\d+`, "rtorrent", "-h"), v1Only, runRTorrent},
		{"libtorrent", versionOf(`\d+\.\d+\.\d+`, i.python, "-c", "import libtorrent; print(libtorrent.version)"), nil, i.runLibtorrent},
	}
}

var compatPackages = []string{"transmission-daemon", "transmission-cli", "aria2", "qbittorrent-nox", "rtorrent", "python3-libtorrent"}

func versionOf(pattern string, command ...string) func(*testing.T) string {
	return func(t *testing.T) string {
		out, _ := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
		found := regexp.MustCompile(pattern).Find(out)
		if found == nil {
			t.Fatalf("%s tells no version: %s", command[0], out)
		}
		return string(found)
	}
}

// freePort is a port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// daemon runs a client until the test ends. What it printed is shown when the test fails.
func daemon(t *testing.T, home, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env, cmd.Dir = &printed, &printed, append(os.Environ(), "HOME="+home, "TERM=dumb"), home
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended := make(chan error, 1)
		_ = cmd.Process.Signal(syscall.SIGTERM)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-ended:
		case <-time.After(3 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		if t.Failed() {
			t.Logf("%s printed:\n%s", name, lastOf(printed.String()))
		}
	})
}

func lastOf(s string) string { return s[max(0, len(s)-3000):] }

func runAria2(t *testing.T, j job) {
	daemon(t, t.TempDir(), "aria2c", "--no-conf", "--dir="+j.folder, fmt.Sprintf("--listen-port=%d", j.port), "--seed-ratio=0", "--check-integrity=true",
		"--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--disable-ipv6=true", "--interface=127.0.0.1", "--allow-overwrite=true",
		"--bt-tracker-interval=3", "--follow-torrent=mem", "--summary-interval=0", "--file-allocation=none", j.torrent)
}

func (i interop) runLibtorrent(t *testing.T, j job) {
	script, err := filepath.Abs("testdata/compat.py")
	if err != nil {
		t.Fatal(err)
	}
	daemon(t, t.TempDir(), i.python, script, fmt.Sprint(j.port), j.folder, j.torrent)
}

func runRTorrent(t *testing.T, j job) {
	home := t.TempDir()
	rc := filepath.Join(home, "rtorrent.rc")
	lines := []string{
		"system.daemon.set = true", "network.bind_address.set = 127.0.0.1", fmt.Sprintf("network.port_range.set = %d-%d", j.port, j.port),
		"network.port_random.set = no", "dht.mode.set = disable", "protocol.pex.set = no", "directory.default.set = " + j.folder,
		"session.path.set = " + home, "load.start = " + j.torrent, "",
	}
	setUp(t, rc, strings.Join(lines, "\n"))
	daemon(t, home, "rtorrent", "-n", "-o", "import="+rc)
}

func runTransmission(t *testing.T, j job) {
	home, rpc := t.TempDir(), freePort(t)
	settings, _ := json.Marshal(map[string]any{
		"rpc-port": rpc, "rpc-bind-address": "127.0.0.1", "rpc-whitelist-enabled": false, "bind-address-ipv4": "127.0.0.1", "peer-port": j.port,
		"dht-enabled": false, "lpd-enabled": false, "pex-enabled": false, "port-forwarding-enabled": false, "download-dir": j.folder,
	})
	setUp(t, filepath.Join(home, "settings.json"), string(settings))
	daemon(t, home, "transmission-daemon", "-f", "-g", home)
	url := fmt.Sprintf("http://127.0.0.1:%d/transmission/rpc", rpc)
	body, _ := json.Marshal(map[string]any{"method": "torrent-add", "arguments": map[string]any{
		"metainfo": base64.StdEncoding.EncodeToString(readFile(t, j.torrent)), "download-dir": j.folder,
	}})
	session := ""
	asks(t, "Transmission", func() (*http.Request, error) {
		request, err := http.NewRequest("POST", url, bytes.NewReader(body))
		if err == nil {
			request.Header.Set("X-Transmission-Session-Id", session)
		}
		return request, err
	}, func(answer *http.Response, said []byte) bool {
		session = answer.Header.Get("X-Transmission-Session-Id")
		if answer.StatusCode == http.StatusOK && !bytes.Contains(said, []byte(`"result":"success"`)) {
			t.Fatalf("Transmission says %s", said)
		}
		return answer.StatusCode == http.StatusOK
	})
}

func runQBittorrent(t *testing.T, j job) {
	home, web := t.TempDir(), freePort(t)
	conf := filepath.Join(home, "qBittorrent/config/qBittorrent.conf")
	setUp(t, conf, fmt.Sprintf(`[LegalNotice]
Accepted=true
[BitTorrent]
Session\Port=%d
Session\InterfaceAddress=127.0.0.1
Session\DHTEnabled=false
Session\PeXEnabled=false
Session\LSDEnabled=false
Session\MultiConnectionsPerIp=true
Session\QueueingSystemEnabled=false
[Preferences]
WebUI\Address=127.0.0.1
WebUI\LocalHostAuth=false
WebUI\Port=%d
`, j.port, web))
	daemon(t, home, "qbittorrent-nox", "--profile="+home, fmt.Sprintf("--webui-port=%d", web))
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("torrents", "work.torrent")
	_, _ = part.Write(readFile(t, j.torrent))
	_ = form.WriteField("savepath", j.folder)
	_ = form.Close()
	asks(t, "qBittorrent", func() (*http.Request, error) {
		request, err := http.NewRequest("POST", fmt.Sprintf("http://127.0.0.1:%d/api/v2/torrents/add", web), bytes.NewReader(body.Bytes()))
		if err == nil {
			request.Header.Set("Content-Type", form.FormDataContentType())
		}
		return request, err
	}, func(answer *http.Response, said []byte) bool {
		if answer.StatusCode == http.StatusOK && string(said) != "Ok." {
			t.Fatalf("qBittorrent says %s", said)
		}
		return answer.StatusCode == http.StatusOK
	})
}

// asks sends a request until the client has started and done accepts its answer.
func asks(t *testing.T, name string, request func() (*http.Request, error), done func(*http.Response, []byte) bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		r, err := request()
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			continue
		}
		said, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if done(answer, said) {
			return
		}
	}
	t.Fatalf("%s does not answer", name)
}

func setUp(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
