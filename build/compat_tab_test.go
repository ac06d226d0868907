package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"fanseed/wasm/metainfo"
)

// compatTab is a tab of a real browser with a server, both driven by web/test/compat_tab.ts.
type compatTab struct {
	server  string
	binary  string
	ask     io.Writer
	answers *bufio.Scanner
}

type tabAnswer struct {
	Server, Infohash, Error string
	Files                   map[string]string
}

// openTab builds what is missing, and starts a server with these flags, and a browser.
func openTab(t *testing.T, flags ...string) *compatTab {
	t.Helper()
	r, err := openRepo()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := buildAll(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	env, err := scriptEnv(t.Context(), r, browsers[:1], binary)
	if err != nil {
		t.Skip(err)
	}
	script := r.path(scriptDir + "/compat_tab.mjs")
	if err := bundleScript(r, r.path("web/test/compat_tab.ts"), script, false); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", append([]string{"--enable-source-maps", script}, flags...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = r.path("web"), env, os.Stderr
	ask, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = ask.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the tab ended with %v", err)
		}
	})
	tab := &compatTab{binary: binary, ask: ask, answers: bufio.NewScanner(out)}
	tab.server = tab.answer(t).Server
	return tab
}

func (c *compatTab) answer(t *testing.T) (a tabAnswer) {
	t.Helper()
	if !c.answers.Scan() {
		t.Fatalf("the tab says nothing more: %v", c.answers.Err())
	}
	if err := json.Unmarshal(c.answers.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	if a.Error != "" {
		t.Fatalf("the tab: %s", a.Error)
	}
	return a
}

func (c *compatTab) question(t *testing.T, question map[string]string) tabAnswer {
	t.Helper()
	b, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ask.Write(append(b, '\n')); err != nil {
		t.Fatal(err)
	}
	return c.answer(t)
}

// publish publishes a folder, and gives the torrent as the server has it once its copy is whole.
func (c *compatTab) publish(t *testing.T, folder, name, format string) *metainfo.Torrent {
	t.Helper()
	infohash := c.question(t, map[string]string{"publish": folder, "name": name, "format": format}).Infohash
	waitFor(t, "the server's copy", func() error {
		if work := c.get(t, infohash); !strings.Contains(work, `"state":"whole"`) {
			return errors.New(work)
		}
		return nil
	})
	torrent, err := metainfo.Parse([]byte(c.get(t, infohash+".torrent")))
	if err != nil {
		t.Fatal(err)
	}
	return torrent
}

// get asks the server for a work.
func (c *compatTab) get(t *testing.T, name string) string {
	t.Helper()
	answer, err := http.Get(c.server + "/v1/works/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fetch gives the SHA-256 of every file of a work that the tab has fetched.
func (c *compatTab) fetch(t *testing.T, infohash string) map[string]string {
	t.Helper()
	return c.question(t, map[string]string{"fetch": infohash}).Files
}
